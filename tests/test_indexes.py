"""No index of the product is the beginning of another one: the longer index serves the same queries."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django.db import connection

APPS = ("accounts", "guidance", "notifications", "orders")

#: Indexes that begin another one and are kept, with the reason.
KEPT = {
    "orders_statement_firearms_statement_id_a4c3dc9c": "Django makes it with the table of firearms",
    "orders_statementverificati_statementverification_id_c8dd5474": "Django makes it, too",
    "orders_custodyrequest_firearms_custodyrequest_id_7591ab90": "Django makes it, too",
}

_INDEXES = """
SELECT t.relname, c.relname, i.indisunique, coalesce(pg_get_expr(i.indpred, i.indrelid), ''), am.amname,
       array(SELECT pg_get_indexdef(i.indexrelid, k, false) || ' ' || i.indclass[k - 1] || ' '
                    || i.indcollation[k - 1]
             FROM generate_series(1, i.indnkeyatts) k ORDER BY k),
       array(SELECT i.indoption[k - 1]::int FROM generate_series(1, i.indnkeyatts) k ORDER BY k)
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_am am ON am.oid = c.relam
WHERE t.relname = ANY(%s)
"""

#: In `indoption`: DESC and NULLS FIRST. A scan backwards turns both round.
_BACKWARDS = 3


class Index(NamedTuple):
    """One index or unique constraint. `keys` are its columns with operator class and collation."""

    table: str
    name: str
    is_unique: bool
    predicate: str
    method: str
    keys: list[str]
    options: list[int]


def begins(short: Index, long: Index) -> bool:
    """True if `long` serves every query that `short` does."""
    size = len(short.keys)
    orders = ([one ^ turned for one in short.options] for turned in (0, _BACKWARDS))
    return (
        short.name != long.name
        and not short.is_unique
        and (short.table, short.predicate, short.method) == (long.table, long.predicate, long.method)
        and short.keys == long.keys[:size]
        and long.options[:size] in list(orders)
    )


def redundant(indexes: list[Index]) -> set[str]:
    """The indexes that begin another one; of two that are alike, one is enough."""
    by_table: dict[str, list[Index]] = defaultdict(list)
    for one in indexes:
        by_table[one.table].append(one)
    return {
        f"{short.name} begins {long.name}"
        for of_table in by_table.values()
        for short in of_table
        for long in of_table
        if begins(short, long)
    }


def stored() -> list[Index]:
    tables = [
        model._meta.db_table
        for app in APPS
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES, [tables])
        return [Index(*row) for row in cursor.fetchall()]


@pytest.mark.django_db
def test_no_index_begins_another() -> None:
    indexes = stored()

    assert len(indexes) > 100
    found = {one for one in redundant(indexes) if one.partition(" ")[0] not in KEPT}
    assert not found, "Drop these, or name them in KEPT with a reason."
    assert {one.name for one in indexes} >= KEPT.keys()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("definition", "is_redundant"),
    [
        ("(actor_id)", True),
        ("(actor_id, at DESC)", True),
        # The same order, read backwards.
        ("(actor_id DESC, at)", True),
        ("(actor_id, at)", False),
        ("(at, actor_id)", False),
        ("(actor_id) WHERE succeeded", False),
        ("USING hash (actor_id)", False),
    ],
)
def test_the_beginning_of_an_index_is_found(*, definition: str, is_redundant: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"CREATE INDEX surplus ON accounts_auditentry {definition}")

    found: Any = {one for one in redundant(stored()) if one.startswith("surplus ")}
    assert bool(found) is is_redundant
