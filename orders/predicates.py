"""Conditions that Django queries and raw SQL share. Each one is defined here once, in both forms.

The SQL functions take the alias of the table and return a condition in parentheses. Pass only constants to
them: the text becomes part of a statement.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from django.apps import apps
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Now

#: The start of the current statement by the database's clock. Django's `Now()` compiles to the same.
STATEMENT_TIME = "statement_timestamp()"


def release_not_ended(at: datetime | Now | None = None, *, prefix: str = "") -> Q:
    """Releases that are in force at `at` or begin later; now, by the database's clock, unless given."""
    at = Now() if at is None else at
    is_revoked_later = Q((f"{prefix}revoked_at", None)) | Q((f"{prefix}revoked_at__gt", at))
    return Q((f"{prefix}ends_at__gt", at)) & is_revoked_later


def release_in_force(at: datetime | Now | None = None, *, prefix: str = "") -> Q:
    """Releases from `begins_at` until before `ends_at`, unless revoked earlier."""
    at = Now() if at is None else at
    return Q((f"{prefix}begins_at__lte", at)) & release_not_ended(at, prefix=prefix)


def release_in_force_sql(release: str, *, at: str = STATEMENT_TIME) -> str:
    """`release_in_force` for the alias of `orders_confidentialityrelease`; `at` is an SQL expression."""
    return (
        f"({release}.begins_at <= {at} AND {release}.ends_at > {at}"
        f" AND ({release}.revoked_at IS NULL OR {release}.revoked_at > {at}))"
    )


def release_covers_all(*, prefix: str = "") -> Q:
    """Releases that leave out none of the four answers about an order."""
    return Q(*((f"{prefix}{column}", True) for column in _COVERS))


def release_covers_all_sql(release: str) -> str:
    """`release_covers_all` for the alias of `orders_confidentialityrelease`."""
    return f"({' AND '.join(f'{release}.{column}' for column in _COVERS)})"


_COVERS = ("covers_service", "covers_firearms", "covers_hearings", "covers_ending")


def not_in_error(order: str) -> Q:
    """True unless the order, named by the path to its key, was entered in error.

    These orders are few, so one look at the index `order_withdrawn` answers.
    """
    orders: QuerySet[Model] = QuerySet(apps.get_model("orders", "Order"))
    return ~Q(Exists(orders.filter(pk=OuterRef(order), withdrawn_at__isnull=False)))


def not_in_error_sql(order: str) -> str:
    """`not_in_error` for an SQL expression with the key of an order."""
    return (
        f"(NOT EXISTS (SELECT FROM orders_order in_error WHERE in_error.id = {order}"
        " AND in_error.withdrawn_at IS NOT NULL))"
    )


def transfer_is_open(*, prefix: str = "") -> Q:
    """Transfers that were neither answered nor withdrawn."""
    return Q((f"{prefix}answered_at", None), (f"{prefix}withdrawn_at", None))


def transfer_is_open_sql(transfer: str) -> str:
    """`transfer_is_open` for the alias of `orders_transfer`."""
    return f"({transfer}.answered_at IS NULL AND {transfer}.withdrawn_at IS NULL)"


def values_sql(*values: Enum) -> str:
    """The database values of choices as an SQL list, such as `('open', 'overdue')` or `(0, 8)`.

    Raises `ValueError` for a text that would need quoting.
    """
    return f"({', '.join(_literal(one.value) for one in values)})"


def _literal(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.replace("_", "").isalnum():
        return f"'{value}'"
    raise ValueError(f"{value!r} is not a plain value of a choice.")
