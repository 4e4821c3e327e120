"""Thousands of orders, copied in the database from a few that the services entered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import connection, models

#: Tables that grow with orders, referenced tables first.
GROWING = (
    "orders.person",
    "orders.respondent",
    "orders.case",
    "orders.order",
    "orders.protectedperson",
    "orders.orderagency",
    "orders.serviceattempt",
    "orders.hearing",
    "orders.caseevent",
    "orders.noticesent",
    "orders.confidentialityrelease",
    "orders.ordercondition",
    "orders.firearm",
    "orders.permit",
    "orders.statement",
    "orders.receipt",
    "orders.receiptitem",
    "orders.firearmreturn",
    "orders.deadline",
    "orders.checkpoint",
    "orders.orderurgency",
    "orders.followup",
    "orders.attempt",
    "orders.transfer",
    "orders.referral",
    "orders.historyentry",
    "notifications.alert",
)

#: Columns with unique values.
_ONCE = {"docket_number", "por_number", "number_key", "idem_key"}

#: Added to a key for each copy: more than the highest key of any table before copying.
_STRIDE = 10_000_000


#: Minutes by which a copy is earlier than its original: spread over up to thirty days.
_EARLIER = "(g * 7919 % 43200)"


def multiply(copies: int, *, is_bare: bool = False) -> None:
    """Copy every order with its rows a number of times. The copies refer to each other.

    With `is_bare`, for a database that is thrown away, what is copied is not checked, and what guards the
    tables is gone afterwards.
    """
    for name in GROWING:
        model = apps.get_model(name)
        if is_bare:
            with _bare(model._meta.db_table):
                _copy(model, copies)
        else:
            _copy(model, copies)


def _copy(model: type[models.Model], copies: int) -> None:
    grown = {apps.get_model(name) for name in GROWING}
    columns, values = [], []
    for field in model._meta.concrete_fields:
        columns.append(f'"{field.column}"')
        column = f't."{field.column}"'
        if field.primary_key or (field.is_relation and field.related_model in grown):
            values.append(f"{column} + g::bigint * {_STRIDE}")
        elif field.name == "public_id":
            values.append("gen_random_uuid()")
        elif isinstance(field, models.DateTimeField):
            values.append(f"{column} - make_interval(mins => {_EARLIER})")
        elif isinstance(field, models.DateField):
            values.append(f"{column} - ({_EARLIER} / 1440)")
        elif field.name in _ONCE:
            values.append(f"CASE WHEN {column} = '' THEN '' ELSE {column} || '-' || g END")
        else:
            values.append(column)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
            f" FROM {table} t, generate_series(1, {copies}) g"
        )
        cursor.execute(f"ANALYZE {table}")


@contextmanager
def _bare(table: str) -> Iterator[None]:
    """A block in which the table has no triggers, no foreign keys, and only its unique indexes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'", [table]
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(
            "SELECT pg_get_indexdef(indexrelid), indexrelid::regclass::text FROM pg_index"
            " WHERE indrelid = %s::regclass AND NOT indisunique",
            [table],
        )
        indexes = cursor.fetchall()
        for _definition, name in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for definition, _name in indexes:
            cursor.execute(definition)
