"""Work on many rows, in which a row that cannot be processed stops no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import DataError, IntegrityError, transaction
from django.db.utils import Error, InterfaceError, OperationalError

Item = TypeVar("Item")
Result = TypeVar("Result")

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
            with transaction.atomic():
                results.append(work(part))
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
