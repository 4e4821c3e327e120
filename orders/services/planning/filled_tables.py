"""Find out in one query which tables have rows of some orders, so that empty tables are not read.

Most orders have rows in few of the tables that hold facts, and a plan reads all of them.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from django.db import connection, models
from psycopg import sql

Tables = frozenset[type[models.Model]]


def filled_tables(orders: Collection[int], *tables: type[models.Model]) -> Tables:
    """Return those of the tables that have a row of one of these orders (by key)."""
    if not orders:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(_statement(tables), {"orders": list(orders)})
        found = cursor.fetchone() or ()
    return frozenset(table for table, is_filled in zip(tables, found, strict=True) if is_filled)


@cache
def _statement(tables: tuple[type[models.Model], ...]) -> str:
    exists = sql.SQL("EXISTS (SELECT FROM {} WHERE order_id = ANY(%(orders)s))")
    asked = [exists.format(sql.Identifier(table._meta.db_table)) for table in tables]
    return sql.SQL("SELECT {}").format(sql.SQL(", ").join(asked)).as_string(None)
