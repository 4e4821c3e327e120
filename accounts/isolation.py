"""Work on many rows, in which a row that cannot be processed stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.db.utils import Error, InterfaceError, OperationalError
from django.dispatch import Signal

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Sent with `kind`, `row` (a key) and `error` for a row at which work on many rows failed. It becomes a
#: finding.
unprocessable = Signal()

#: Classes of SQLSTATE codes that concern a row: its values, constraints, triggers, or damaged storage. All
#: others concern the statement, the connection or the server, and leaving out a row would not help.
_OF_A_ROW = frozenset({"21", "22", "23", "2F", "38", "39", "44", "54", "P0", "XX"})
#: The class of SQLSTATE codes about the transaction, such as one that is read-only.
_OF_A_TRANSACTION = "25"
#: So many rows that fail before any other succeeds mean that the statement is wrong, not the rows.
MOST_FAILURES = 20


def is_about_row(error: BaseException) -> bool:
    """Return True if a row caused the error, and not the statement, the connection or the server."""
    state = getattr(error.__cause__, "sqlstate", None)
    if state is None:
        # Raised by the driver, for a value that it cannot read.
        return isinstance(error, (DataError, IntegrityError))
    return str(state)[:2] in _OF_A_ROW


def may_pass(error: BaseException) -> bool:
    """Return True if the same statement may succeed soon: the connection or the server has a trouble.

    Also of a server that was demoted to a replica and takes no writes.
    """
    state = str(getattr(error.__cause__, "sqlstate", None) or "")
    return isinstance(error, (OperationalError, InterfaceError)) or state.startswith(_OF_A_TRANSACTION)


def is_about_item(error: BaseException) -> bool:
    """Return True also for an error of our own code, which need not concern the other rows."""
    return is_about_row(error) if isinstance(error, Error) else not isinstance(error, _OF_CONNECTION)


_OF_CONNECTION = (OperationalError, InterfaceError, OSError, MemoryError)


@contextmanager
def checked() -> Iterator[None]:
    """A transaction, or a savepoint at whose end deferred constraints are checked.

    Else a foreign key that leads nowhere would show at the end of the whole transaction, where no one knows
    whose it is.
    """
    is_nested = connection.in_atomic_block
    with transaction.atomic():
        yield
        if is_nested:
            connection.check_constraints()


def halved(
    items: Sequence[Item],
    work: Callable[[Sequence[Item]], Result],
    *,
    concerns_one: Callable[[BaseException], bool] = is_about_row,
) -> tuple[list[Result], list[tuple[Item, Exception]]]:
    """Call `work` on all items; if that fails because of one, on halves, until that one is alone.

    Return the results of all parts that succeed, and each item that fails alone, with its error. Each call is
    a transaction or a savepoint. Errors that do not concern one item are raised.
    """
    results: list[Result] = []
    failed: list[tuple[Item, Exception]] = []
    parts = [items] if items else []
    while parts:
        part = parts.pop()
        try:
            with checked():
                result = work(part)
            results.append(result)
        except Exception as error:
            if not concerns_one(error):
                raise
            if len(part) > 1:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
                continue
            failed.append((part[0], error))
            if len(failed) >= MOST_FAILURES and not results:
                raise
    return results, failed


def reason_of(error: BaseException) -> str:
    """Return the error's class, code and constraint. Its text may contain personal data."""
    # The driver's error, which Django's own contains.
    cause = error if hasattr(error, "diag") else error.__cause__
    diagnosis = getattr(cause, "diag", None)
    named = getattr(diagnosis, "constraint_name", None) or getattr(diagnosis, "table_name", None) or ""
    return " ".join(filter(None, [type(cause or error).__name__, getattr(cause, "sqlstate", None), named]))


def isolated(kind: str, rows: Sequence[Any], work: Callable[[Sequence[Any]], Result]) -> list[Result]:
    """Call `work` on the rows (by key), or on parts of them, so that one that fails stops no other.

    Send `unprocessable` for each one that fails. Each call of `work` is a transaction or a savepoint.
    """
    results, failed = halved(rows, work, concerns_one=is_about_item)
    for row, error in failed:
        _report(kind, row, error)
    return results


def each_alone(kind: str, rows: Iterable[Item], work: Callable[[Item], Result]) -> list[Result]:
    """Call `work` on each row (a key, or an object with one); one that fails stops no other.

    Send `unprocessable` for each one that fails. `work` has its own transactions. Raises what concerns the
    connection or the server.
    """
    results = []
    for row in rows:
        try:
            results.append(work(row))
        except Exception as error:
            if not is_about_item(error):
                raise
            _report(kind, getattr(row, "pk", row), error)
    return results


def delete_isolated(kind: str, rows: QuerySet[Any]) -> int:
    """Delete the rows; one that cannot be deleted stops no other. Return how many were deleted."""
    try:
        with checked():
            return rows.delete()[0]
    except Error as error:
        if not is_about_row(error):
            raise
    keys = list(rows.values_list("pk", flat=True))
    return sum(isolated(kind, keys, lambda some: rows.filter(pk__in=some).delete()[0]))


def run_parts(*parts: Callable[[], object]) -> None:
    """Run each part. One that fails stops no other; the first error is raised at the end."""
    errors = []
    for part in parts:
        try:
            part()
        except Exception as error:
            logger.exception("a part failed")
            errors.append(error)
    if errors:
        raise errors[0]


def _report(kind: str, row: object, error: Exception) -> None:
    # Some keys are texts, such as that of a session, on which nothing depends.
    key = row if isinstance(row, int) else 0
    logger.error("%s %d failed: %s", kind, key, reason_of(error))
    unprocessable.send(isolated, kind=kind, row=key, error=error)
