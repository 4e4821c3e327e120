"""Items that a receipt names and the list does not have: they are listed, with the receipt as source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from accounts.text import clean
from orders.errors import DoubtfulFact, InvalidFact
from orders.matching.firearm_words import names_firearm
from orders.matching.serials import exact_key
from orders.models import Firearm, FirearmSource, ItemKind, Order
from orders.services.firearms.inventory import check_firearm, is_other_firearm, unlist
from orders.services.one_round import at_once, doubt


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundItem:
    """One line of a receipt that was not chosen from the list."""

    item_kind: str = ItemKind.FIREARM
    serial: str = ""
    make: str = ""
    model: str = ""
    caliber: str = ""
    firearm_type: str = ""
    quantity: int | None = None
    description: str = ""


def is_named(item: FoundItem | Firearm) -> bool:
    """True if the line names an item: ammunition, or a firearm with a number, a make, a type or a caliber."""
    if item.item_kind != ItemKind.FIREARM or exact_key(item.serial) or item.caliber or item.firearm_type:
        return True
    return names_firearm(f"{item.make} {item.model}")


def list_found(order: Order, found: Sequence[FoundItem], *, now: datetime, confirm: str) -> list[Firearm]:
    """Return the listed firearm of each line with its serial number, and list the others.

    Call it inside `changing`. Raises `InvalidFact`, and `DoubtfulFact` for a serial number that may be one of
    the list and for a line that names no item, unless `confirm` gives the reason.
    """
    unnamed = [clean(f"{one.make} {one.model}") for one in found if not is_named(one)]
    if any(unnamed) and not confirm:
        words = next(filter(None, unnamed))
        doubt(
            "found",
            "names_no_item",
            f"“{words}” names no firearm. Enter its make, type or serial number, or leave the line out and "
            "attach the list as a file. If the receipt has no more of it, give the reason to continue.",
        )
    return [_listed(order, one, now=now, confirm=confirm) for one in found]


def _listed(order: Order, item: FoundItem, *, now: datetime, confirm: str) -> Firearm:
    if key := exact_key(item.serial):
        same = Firearm.objects.of_case(order.case_id).filter(serial_key=key).first()
        if same is not None and not is_other_firearm(same, item):
            return same
    firearm = Firearm(
        order=order,
        source=FirearmSource.RECEIPT,
        **{one.name: getattr(item, one.name) for one in fields(item)},
    )
    try:
        with at_once():
            check_firearm(firearm, now=now, confirm=confirm)
    except DoubtfulFact as found:
        doubt("found", found.code, found.message)
    except InvalidFact as refusal:
        raise InvalidFact("found", refusal.code, refusal.message) from refusal
    firearm.save()
    return firearm


def drop_unproven(firearms: Sequence[Firearm]) -> None:
    """Remove from the list what only a withdrawn receipt had brought there."""
    for one in firearms:
        facts = (one.receipts, one.returns, one.disposals, one.findings, one.verifications, one.statements)
        named = (*facts, one.custody_requests)
        if one.source == FirearmSource.RECEIPT and not any(rows.exists() for rows in named):
            unlist(one)
