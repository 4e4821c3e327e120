"""Statements over many rows, in which a row that cannot be processed stops no other.

If a statement fails because of a row, it is tried again on halves of its rows until the row is alone. That
row is parked: left out for a while, then tried again. Administrators are notified at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from string import Template
from typing import Any, TypeVar

from django.db import transaction
from django.db.models.functions import Now
from django.db.utils import Error

from accounts.isolation import checked, halved, is_about_row, reason_of
from notifications.models import ParkedRow
from notifications.services.sql import rows_of
from notifications.services.watch.findings import Violation, report

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Seconds before a parked row is tried again; doubled with each try, up to the second number.
RETRY, LONGEST_RETRY = 60, 3600

_PARK = """
INSERT INTO notifications_parkedrow AS p (kind, "row", reason, parked_at, retry_at)
VALUES (%(kind)s, %(row)s, %(reason)s, statement_timestamp(),
        statement_timestamp() + make_interval(secs => %(retry)s))
ON CONFLICT (kind, "row") DO UPDATE
SET tries = p.tries + 1, reason = excluded.reason,
    retry_at = statement_timestamp()
               + make_interval(secs => least(%(retry)s * 2 ^ least(p.tries, 10), %(longest)s))
RETURNING id
"""

_NOT_PARKED = Template("""NOT EXISTS (
      SELECT FROM notifications_parkedrow parked
      WHERE parked.kind = '$kind' AND parked.row = $row AND parked.retry_at > statement_timestamp())""")


def not_parked_sql(kind: str, row: str) -> str:
    """Return the SQL condition that the row is not parked. Pass only constants."""
    return _NOT_PARKED.substitute(kind=kind, row=row)


def only_sql(row: str) -> str:
    """Return the SQL condition that the row is one of `%(only)s`, if that is given. Pass only constants."""
    return f"(%(only)s::bigint[] IS NULL OR {row} = ANY (%(only)s::bigint[]))"


def rows_isolating(
    kind: str, statement: str, parameters: Mapping[str, Any], *, claim: str
) -> list[tuple[Any, ...]]:
    """Return all rows of the statement's result; park the rows at which it fails.

    The statement contains `only_sql` and `not_parked_sql`. `claim` selects and locks the ids of the rows that
    the statement would take, with the same parameters.
    """
    try:
        with checked():
            return rows_of(statement, {**parameters, "only": None})
    except Error as error:
        if not is_about_row(error):
            raise
    with transaction.atomic():
        ids = [id_ for (id_, *_) in rows_of(claim, {**parameters, "only": None})]
        results, failed = halved(ids, lambda some: rows_of(statement, {**parameters, "only": list(some)}))
        _park_all(kind, parked := {id_: reason_of(error) for id_, error in failed})
    _notify(kind, parked)
    return [row for rows in results for row in rows]


def each_isolated(
    kind: str,
    items: Sequence[Item],
    work: Callable[[Sequence[Item]], Result],
    *,
    key: Callable[[Item], int],
) -> list[Result]:
    """Call `work` on all items, or on parts of them; park the rows of items at which it fails.

    `key` returns the id of an item's row. Each call of `work` is a transaction or a savepoint.
    """
    if not items:
        return []
    try:
        with checked():
            return [work(items)]
    except Error as error:
        if not is_about_row(error):
            raise
    with transaction.atomic():
        results, failed = halved(items, work)
        _park_all(kind, parked := {key(item): reason_of(error) for item, error in failed})
    _notify(kind, parked)
    return results


def park(kind: str, row: int, error: BaseException) -> None:
    """Park one row, and notify administrators at once."""
    parked = {row: reason_of(error)}
    _park_all(kind, parked)
    _notify(kind, parked)


@contextmanager
def parking(kind: str, row: int, failure: str) -> Iterator[None]:
    """Take one row in a savepoint: if it fails, undo it, log `failure`, and park the row.

    It is tried again later, delays no other row, and is a finding at once. Raises what concerns the
    connection or the server, such as a lock that is not free: then the row is not to blame.
    """
    try:
        with checked():
            yield
    except Exception as error:
        if isinstance(error, Error) and not is_about_row(error):
            raise
        logger.exception(failure)
        park(kind, row, error)


def park_unprocessable(*, kind: str, row: int, error: BaseException, **_: object) -> None:
    """Park a row that `orders` or `accounts` could not process."""
    park(kind, row, error)


def parked_rows(kind: str) -> list[int]:
    """Return the rows of the kind that are left out now, for querysets."""
    return list(ParkedRow.objects.filter(kind=kind, retry_at__gt=Now()).values_list("row", flat=True))


def _park_all(kind: str, parked: Mapping[int, str]) -> None:
    for row, reason in parked.items():
        logger.error("%s %d is left out: %s", kind, row, reason)
        rows_of(
            _PARK,
            {"kind": kind, "row": row, "reason": reason[:200], "retry": RETRY, "longest": LONGEST_RETRY},
        )


def _notify(kind: str, parked: Mapping[int, str]) -> None:
    if not parked:
        return
    row, reason = next(iter(parked.items()))
    detail = (
        f"{len(parked)} rows of the kind {kind} cannot be processed and are left out for now; "
        f"the first is {row}: {reason}."
    )
    try:
        report(Violation(code="parked", subject=kind, count=len(parked), detail=detail))
    except Error as error:
        # The audit finds it again.
        logger.error("a finding could not be written: %s", type(error).__name__)
