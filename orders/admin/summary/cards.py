"""The firearms of an order as cards, each with its state and what proves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from accounts.dates import format_day, format_instant
from orders.admin.summary.duty import SurrenderDuty
from orders.models import Firearm, FirearmSource, FirearmStatus, ItemKind, ProofStatus, Receipt
from orders.services.firearms.found import is_named
from orders.services.orders.record import OrderRecord

#: The badge of an item that is not accounted for, by the tone of the duty.
_OPEN_BADGES = {"late": "Not accounted for", "sworn": "Sworn, not verified", "runs": "Time runs"}


@dataclass(frozen=True, kw_only=True)
class FirearmCard:
    """One item: what it is, its state in words and color, and what proves it."""

    firearm: Firearm
    title: str
    serial: str
    badge: str
    tone: str
    proof: str
    place: str


def firearm_cards(record: OrderRecord, duty: SurrenderDuty, zone: ZoneInfo) -> list[FirearmCard]:
    """Return the cards, those that are not accounted for first."""
    still_open = {one.pk for one in record.account.open_items}
    items = {one.pk: one for one in [*record.firearms, *record.account.elsewhere]}
    rows = sorted(items.values(), key=lambda one: one.pk not in still_open)
    return [_card(one, record, duty, zone, is_open=one.pk in still_open) for one in rows]


def _card(
    firearm: Firearm, record: OrderRecord, duty: SurrenderDuty, zone: ZoneInfo, *, is_open: bool
) -> FirearmCard:
    badge, tone = _state(firearm, duty, is_open=is_open)
    return FirearmCard(
        firearm=firearm,
        title=_title(firearm),
        serial=firearm.serial,
        badge=badge,
        tone=tone,
        proof="; ".join(_proof(firearm, record, zone)) or f"Source: {firearm.get_source_display().lower()}",
        place=_place(firearm),
    )


def _state(firearm: Firearm, duty: SurrenderDuty, *, is_open: bool) -> tuple[str, str]:
    if is_open:
        tone = duty.tone if duty.tone != "proven" else "waits"
        if duty.state is ProofStatus.CONTRADICTED:
            return "Not in the statement that was checked", tone
        return _OPEN_BADGES.get(duty.tone, "Not accounted for yet"), tone
    if firearm.status == FirearmStatus.FOUND:
        return "Found by the court", "found"
    if firearm.source == FirearmSource.RECEIPT and not is_named(firearm):
        return "Words on a receipt", "waits"
    if firearm.status in (FirearmStatus.SURRENDERED, FirearmStatus.SOLD):
        return "Proven", "proven"
    return str(firearm.get_status_display()), "waits"


def _title(firearm: Firearm) -> str:
    if firearm.item_kind != ItemKind.FIREARM:
        return str(firearm)
    words = [firearm.make, firearm.model, firearm.caliber, firearm.firearm_type]
    return " ".join(filter(None, words)) or "Firearm"


def _proof(firearm: Firearm, record: OrderRecord, zone: ZoneInfo) -> Iterator[str]:
    receipts = [one for one in record.receipts if firearm in one.firearms.all()]
    yield from (_receipt_words(one, zone) for one in receipts)
    for hearing in record.hearings:
        if hearing.held_on is None:
            continue
        found = (one.get_finding_display() for one in hearing.findings.all() if one.firearm_id == firearm.pk)
        yield from (f"{words}: hearing of {format_day(hearing.held_on)}" for words in found)
    gone = [(one.firearm_id, "Returned", one.returned_at) for one in record.returns]
    gone += [(one.firearm_id, str(one.get_kind_display()), one.disposed_at) for one in record.disposals]
    yield from (f"{words} {format_instant(at, zone)}" for pk, words, at in gone if pk == firearm.pk)


def _receipt_words(receipt: Receipt, zone: ZoneInfo) -> str:
    if receipt.agency:
        taker = str(receipt.agency)
    else:
        taker = f"Dealer {receipt.dealer_license}" if receipt.dealer_license else receipt.taker_name
    number = f" receipt {receipt.receipt_number}" if receipt.receipt_number else " receipt without a number"
    return f"{taker}{number}, {format_instant(receipt.received_at, zone)}"


def _place(firearm: Firearm) -> str:
    if not firearm.believed_place:
        return ""
    source = f", according to {firearm.believed_source}" if firearm.believed_source else ""
    return f"Believed to be {firearm.believed_place}{source}"
