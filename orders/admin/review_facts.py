"""What a clerk needs to decide a row of an import: the row in words, and what is on record beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from accounts.dates import format_birth_date, format_day, format_instant
from accounts.models import Agency
from orders.models import Firearm, Order, Receipt, ReceiptKind, Respondent, ReviewItem, ReviewKind
from orders.models.registry import NO_END
from orders.services.court_days import zone_of
from orders.services.near_numbers import NEAR_ON_OTHER_DOCKET
from orders.services.registry.set_aside import ONE_OR_TWO, OTHER_TIME
from orders.services.registry.small_children import BORN
from orders.services.registry.times import recorded_time

#: A label and its words.
Fact = tuple[str, str]


def facts_of(item: ReviewItem) -> list[Fact]:
    """Return the row in words and what it is compared with, one line for each fact."""
    return [
        *_row(item),
        *_recorded(item),
        _source(item),
    ]


def _source(item: ReviewItem) -> Fact:
    """Return where the question comes from: a row of a file, or a comparison of two dockets."""
    when = format_instant(item.created_at)
    if item.file:
        return "From", f"{item.file}, line {item.line}, imported {when}"
    return "Found", f"{when}, when the lists of the person were compared"


def _row(item: ReviewItem) -> Iterator[Fact]:
    given = item.payload
    if item.code == NEAR_ON_OTHER_DOCKET:
        yield from _of_dockets(item)
    elif item.kind == ReviewKind.OTHER_RESPONDENT:
        yield "This order", _respondent(item.order.case.respondent, item.order)
        other = Respondent.objects.filter(public_id=given["respondent"]).select_related("town").first()
        if other is not None:
            yield "The docket is also of", _respondent(other, item.order)
    elif item.kind == ReviewKind.NEAR_MATCH or item.code in ONE_OR_TWO:
        yield from _of_firearms(item)
    elif item.code == NO_END:
        yield "Order issued", format_day(item.order.issued_on)
        yield "Hearing and last day", "Not in the row"
    elif BORN in given:
        yield "Date of birth in the row", format_birth_date(date.fromisoformat(given[BORN]))
        yield "Order issued", format_day(item.order.issued_on)
    else:
        at = datetime.fromisoformat(given["at"])
        agency = Agency.objects.filter(pk=given["agency"]).first() if given["agency"] else None
        taker = str(agency) if agency else given["dealer_license"]
        yield from _receipt(item.order, given["receipt_number"], given["kind"], at, taker)
        if given["kind"]:
            yield "Serial numbers", ", ".join(given["serials"]) or "None"


def _of_firearms(item: ReviewItem) -> Iterator[Fact]:
    """Yield the firearm of the row with those of its number, or the number on a receipt with the receipt."""
    given = item.payload
    if item.code in ONE_OR_TWO:
        yield "Firearm of the row", _firearm(Firearm(**given["row"]))
        for listed in Firearm.objects.filter(public_id__in=given["firearms"]):
            yield "On the list", _firearm(listed)
        return
    yield "Serial number on the receipt", given["serial"] or "None"
    receipt = Receipt.objects.filter(public_id=given["receipt"]).select_related("agency").first()
    if receipt is None:
        yield "Receipt", "It was withdrawn"
    else:
        taker = str(receipt.agency) if receipt.agency else receipt.dealer_license
        yield from _receipt(item.order, receipt.receipt_number, receipt.kind, receipt.received_at, taker)


def _of_dockets(item: ReviewItem) -> Iterator[Fact]:
    """Yield both firearms, each with its docket."""
    both = [item.payload["counts"], *item.payload["firearms"]]
    for one in Firearm.objects.filter(public_id__in=both).select_related("order__case").order_by("-id"):
        yield f"On docket {one.order.case.docket_number}", _firearm(one)


def _recorded(item: ReviewItem) -> Iterator[Fact]:
    if item.code == OTHER_TIME and (stored := recorded_time(item)):
        yield "Recorded time", format_instant(stored, zone_of(item.order))


def _receipt(order: Order, number: str, kind: str, at: datetime, taker: str) -> Iterator[Fact]:
    """Yield the lines of a receipt, or without `kind` of a sworn statement."""
    when = format_instant(at, zone_of(order))
    if kind:
        yield "Receipt", number or "Without a number"
        yield "Handed over", when
        yield "To", ": ".join(filter(None, [str(ReceiptKind(kind).label), taker]))
    else:
        yield "Sworn statement of no firearms", number or "Without a number"
        yield "Sworn", when


def _firearm(one: Firearm) -> str:
    """Return the number and the description, and who reported it."""
    words = (one.serial, one.make, one.model, one.caliber, one.firearm_type, one.get_source_display())
    return ", ".join(filter(None, words))


def _respondent(one: Respondent, order: Order) -> str:
    """Return name, date of birth, town, and the dockets at the court of the order."""
    dockets = one.cases.filter(court=order.case.court_id).order_by("docket_number")
    born = f"born {format_birth_date(one.date_of_birth)}" if one.date_of_birth else "date of birth not known"
    return f"{one.name}; {born}; {one.town}; {', '.join(dockets.values_list('docket_number', flat=True))}"
