"""Rows of one receipt: a registry may write a row for each firearm, all with the number of the receipt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from orders.matching.serials import distinct, exact_key
from orders.models import Receipt
from orders.rules.court_time import local_date
from orders.services.registry.cells import Rejected
from orders.services.registry.parsing import ReceiptRow


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedReceipt:
    """A receipt or statement that is stored, or is stored by this import. A statement has no `receipt`."""

    row: ReceiptRow
    receipt: Receipt | None = None


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
) -> tuple[list[JoinedRows], list[tuple[int, Rejected]]]:
    """Join the rows of one number, each with its line, by place and day.

    Also returns those that name the same firearms at another time of the day, each with the reason.
    """
    joined: dict[object, JoinedRows] = {}
    conflicts: list[tuple[int, Rejected]] = []
    for line, row in rows:
        key = _place_and_day(row, zone)
        first = joined.get(key)
        if first is None:
            joined[key] = JoinedRows(row=row, line=line, digests=(row.digest,))
            continue
        if not serials_beyond(row.serials, first.row) and row.at != first.row.at:
            conflicts.append((line, other_content(row.number)))
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
