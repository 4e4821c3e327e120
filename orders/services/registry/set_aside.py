"""What waits for a person: the items of an import, not stored yet, each with what is to decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from accounts.dates import format_instant
from accounts.text import show_invisible
from orders.errors import DoubtfulFact
from orders.models import Firearm, Order, Receipt, ReviewItem, ReviewKind
from orders.services.registry import files
from orders.services.registry.known import Known
from orders.services.registry.new_proof import DESCRIPTION
from orders.services.registry.parsing import FirearmRow, ReceiptRow
from orders.services.registry.receipt_rows import RecordedReceipt

#: A receipt with the number of another one of the order. Once confirmed, it is a receipt of its own.
NUMBER_USED = "receipt_number_used"
#: A receipt or statement of the time of one without a number. Once confirmed, it is one of its own.
ALREADY_RECORDED = "already_recorded"
#: A row with another time of the same day. Once confirmed, the stored receipt or statement is corrected.
OTHER_TIME = "other_time"
#: A row of a listed number with another description. Once confirmed, it is a firearm of its own.
SAME_SERIAL = "same_serial"
#: A row of a number that may be a listed one, written another way. Both count until a person decides.
NEAR_SERIAL = "near_serial"
#: Codes that ask whether two firearms of the list are one.
ONE_OR_TWO = frozenset({SAME_SERIAL, NEAR_SERIAL})
#: A later row with a firearm that the stored receipt does not name.
NOT_ON_RECEIPT = "not_on_receipt"
#: A firearm of the stored receipt that the rows in its place do not name.
NO_LONGER_NAMED = "no_longer_named"


def doubtful(order: Order, doubt: DoubtfulFact, row: ReceiptRow, line: int, *, now: datetime) -> ReviewItem:
    """Return an item for a receipt or statement that may be true."""
    return _item(
        order, doubt.code, str(doubt), line, kind=ReviewKind.DOUBTFUL, payload=row.as_payload(), now=now
    )


def number_used(order: Order, row: ReceiptRow, line: int, *, now: datetime) -> ReviewItem:
    """Return an item: the number belongs to a receipt of another place or day."""
    what, other = "receipt", "another day or another recipient"
    if row.taker is None:
        what, other = "statement", "another day"
    detail = (
        f"receipt_number: {row.number} is recorded for this order with {other}. Confirm this row if it is a "
        f"{what} of its own. If the recorded one is wrong, correct that on the order's page and reject this "
        "row."
    )
    return _item(
        order, NUMBER_USED, detail, line, kind=ReviewKind.DOUBTFUL, payload=row.as_payload(), now=now
    )


def recorded_without_number(order: Order, row: ReceiptRow, line: int, *, now: datetime) -> ReviewItem:
    """Return an item: a receipt or statement of this time is recorded without a number."""
    what = "statement" if row.taker is None else "receipt"
    detail = (
        f"receipt_number: a {what} of this time is recorded for this order without a number, and may be "
        f"{row.number}. Confirm this row if it is a {what} of its own. If it is the same, correct the number "
        "of the recorded one on the order's page and reject this row."
    )
    return _item(
        order, ALREADY_RECORDED, detail, line, kind=ReviewKind.DOUBTFUL, payload=row.as_payload(), now=now
    )


def other_time(
    order: Order, recorded: RecordedReceipt, row: ReceiptRow, line: int, *, zone: ZoneInfo, now: datetime
) -> ReviewItem:
    """Return an item: the row has another time of the day than the stored receipt or statement."""
    stored = recorded.receipt or recorded.statement
    first, second = (format_instant(one.at, zone) for one in (recorded.row, row))
    detail = (
        f"at: {row.number} is recorded for this order at {first}, and the row has {second}. Confirm this row "
        "to correct the recorded time. Reject it if the recorded time is right."
    )
    payload = row.as_payload() | {"corrects": str(stored.public_id) if stored else ""}
    return _item(order, OTHER_TIME, detail, line, kind=ReviewKind.DOUBTFUL, payload=payload, now=now)


def same_serial(
    order: Order, stored: Firearm, row: FirearmRow, other: Firearm | None, line: int, *, now: datetime
) -> ReviewItem:
    """Return an item: the row has the number of a listed firearm and describes another one.

    `other` is the firearm of the row, if it counts until the decision.
    """
    counts = "Until then both count." if other else "Until then only the listed one counts."
    detail = (
        f"serial: {show_invisible(row.serial)[:40]} is on the list with another description. Decide whether "
        f"these are two firearms with one number, or one firearm described twice. {counts}"
    )
    return _one_or_two(order, SAME_SERIAL, detail, row, line, stored=[stored], other=other, now=now)


def near_serial(
    order: Order, likely: Sequence[Firearm], row: FirearmRow, other: Firearm, line: int, *, now: datetime
) -> ReviewItem:
    """Return an item: the number of the row, listed as `other`, may be one of the list written otherwise."""
    detail = (
        f"serial: {show_invisible(row.serial)[:40]} may be {', '.join(one.serial for one in likely)} of the "
        "list, written another way. Decide whether it is the same firearm. Until then both count."
    )
    return _one_or_two(order, NEAR_SERIAL, detail, row, line, stored=likely, other=other, now=now)


def _one_or_two(
    order: Order,
    code: str,
    detail: str,
    row: FirearmRow,
    line: int,
    *,
    stored: Iterable[Firearm],
    other: Firearm | None,
    now: datetime,
) -> ReviewItem:
    payload = {
        "firearms": [str(one.public_id) for one in stored],
        "counts": str(other.public_id) if other else "",
        "row": {name: getattr(row, name) for name in ("serial", *DESCRIPTION)},
    }
    return _item(
        order,
        code,
        detail,
        line,
        kind=ReviewKind.DOUBTFUL,
        payload=payload,
        now=now,
        file=files.FIREARMS,
    )


def serial_to_match(
    known: Known, order: Order, receipt: Receipt, serial: str, line: int, *, now: datetime
) -> ReviewItem:
    """Return an item: a serial number that may be a listed firearm's, is no number, or is in one cell with
    others.
    """
    likely, is_rest = known.likely(order, serial), known.is_rest(order, serial)
    what = f"serials: {show_invisible(serial)[:40]}"
    detail = (
        f"{what} may be {', '.join(one.serial for one in likely)} of the list. Decide whether it is the "
        "same firearm."
        if likely
        else f"{what} is in one cell with firearms of the list, but is not listed. Decide which firearm it "
        "is, if it is one."
        if is_rest
        else f"{what} does not identify a firearm. Decide which firearm of the list it is, if it is one."
    )
    code = "near_match" if likely else "no_serial"
    return _item(
        order,
        code,
        detail,
        line,
        kind=ReviewKind.NEAR_MATCH,
        payload=_of_receipt(receipt, serial, likely),
        now=now,
    )


def not_on_receipt(
    order: Order, receipt: Receipt, serial: str, line: int, *, likely: Sequence[Firearm], now: datetime
) -> ReviewItem:
    """Return an item: a row names a firearm that the stored receipt does not name."""
    detail = (
        f"serials: {show_invisible(serial)[:40]} is not on the recorded receipt {receipt.receipt_number}. "
        "Decide whether the receipt names this firearm too. If the row replaces the receipt, correct that on "
        "the order's page and reject this row."
    )
    return _item(
        order,
        NOT_ON_RECEIPT,
        detail,
        line,
        kind=ReviewKind.NEAR_MATCH,
        payload=_of_receipt(receipt, serial, likely),
        now=now,
    )


def no_longer_named(
    order: Order, receipt: Receipt, firearm: Firearm, line: int, *, counts: bool, now: datetime
) -> ReviewItem:
    """Return an item: the stored receipt names a firearm that the rows in its place do not name."""
    what = f"serials: {firearm.serial} is on the recorded receipt {receipt.receipt_number}, but the row with"
    then = (
        "It still counts, because a person recorded it here. If the receipt does not name it, correct the "
        "receipt on the order's page. Then reject this row."
        if counts
        else "It does not count as surrendered until you decide. If the receipt names it, choose it. If not, "
        "reject this row."
    )
    return _item(
        order,
        NO_LONGER_NAMED,
        f"{what} this number does not name it. {then}",
        line,
        kind=ReviewKind.NEAR_MATCH,
        payload=_of_receipt(receipt, firearm.serial, [firearm]),
        now=now,
    )


def _of_receipt(receipt: Receipt, serial: str, likely: Iterable[Firearm]) -> dict[str, Any]:
    return {
        "receipt": str(receipt.public_id),
        "serial": serial,
        "firearms": [str(one.public_id) for one in likely],
    }


def _item(
    order: Order,
    code: str,
    detail: str,
    line: int,
    *,
    kind: ReviewKind,
    payload: dict[str, Any],
    now: datetime,
    file: str = files.RECEIPTS,
) -> ReviewItem:
    return ReviewItem(
        order=order,
        kind=kind,
        code=code,
        file=file,
        line=line,
        detail=detail,
        payload=payload,
        created_at=now,
    )
