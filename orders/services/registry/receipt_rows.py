"""Rows of one receipt: a registry may write a row for each firearm, all with the number of the receipt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from orders.matching.serials import distinct, exact_key
from orders.models import Order, Receipt, ReceiptKind, Statement
from orders.rules.court_time import local_date
from orders.rules.facts import Facts
from orders.services.firearms.receipts import recipient_refusal
from orders.services.registry.cells import Rejected
from orders.services.registry.parsing import ReceiptRow


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedReceipt:
    """A receipt or statement that is stored, or is stored by this import."""

    row: ReceiptRow
    receipt: Receipt | None = None
    statement: Statement | None = None

    @property
    def is_stored(self) -> bool:
        """True if an earlier import or a person recorded it, not a row of this import."""
        fact = self.receipt or self.statement
        return fact is not None and fact.pk is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class JoinedRows:
    """The rows of one receipt as one row: all firearms, and the time of the last. `line` is the first."""

    row: ReceiptRow
    line: int
    digests: tuple[str, ...]


def is_same_receipt(one: ReceiptRow, two: ReceiptRow, zone: ZoneInfo) -> bool:
    """True for rows of the same place and court day. Their number must be the same too."""
    return _place_and_day(one, zone) == _place_and_day(two, zone)


def join_rows(
    rows: Iterable[tuple[int, ReceiptRow]], zone: ZoneInfo
) -> tuple[list[JoinedRows], list[tuple[int, ReceiptRow]]]:
    """Join the rows of one number, each with its line, by place and day.

    Also returns those that name the same firearms at another time of the day.
    """
    joined: dict[object, JoinedRows] = {}
    conflicts: list[tuple[int, ReceiptRow]] = []
    for line, row in rows:
        key = _place_and_day(row, zone)
        first = joined.get(key)
        if first is None:
            joined[key] = JoinedRows(row=row, line=line, digests=(row.digest,))
            continue
        if not serials_beyond(row.serials, first.row) and row.at != first.row.at:
            conflicts.append((line, row))
            continue
        together = replace(
            first.row, serials=distinct([*first.row.serials, *row.serials]), at=max(first.row.at, row.at)
        )
        joined[key] = JoinedRows(row=together, line=first.line, digests=(*first.digests, row.digest))
    return list(joined.values()), conflicts


def serials_beyond(serials: Iterable[str], row: ReceiptRow) -> list[str]:
    """Return those of the serial numbers that the row does not name, and all that identify no firearm."""
    named = {exact_key(one) for one in row.serials} - {""}
    return [one for one in serials if exact_key(one) not in named]


def other_content(number: str) -> Rejected:
    """Return the reason to reject a row that contradicts the receipt or statement with its number."""
    return Rejected(
        "duplicate_receipt_number",
        f"receipt_number: {number} is recorded for this order with other content. The first one "
        "is kept. Withdraw it on the order's page if this row is right.",
    )


def _place_and_day(row: ReceiptRow, zone: ZoneInfo) -> object:
    return row.taker, row.agency_id, row.dealer_license, local_date(row.at, zone)


def refusal_of(order: Order, taker: ReceiptKind) -> str:
    """Return why the law of the order does not allow this recipient; empty if it does."""
    return _refusal(order.jurisdiction, order.kind, order.issued_on, taker)


@lru_cache(maxsize=4096)
def _refusal(jurisdiction: str, kind: str, issued_on: date, taker: ReceiptKind) -> str:
    return recipient_refusal(Facts(jurisdiction=jurisdiction, kind=kind, issued_on=issued_on), taker)
