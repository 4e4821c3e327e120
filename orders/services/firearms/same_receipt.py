"""A receipt that may be recorded already: by another clerk, in another tab, by a system."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from accounts.dates import format_instant
from orders.models import Firearm, Receipt
from orders.services.court_days import zone_of
from orders.services.said_before import ask_if_recorded

#: What two receipts have in common that may be one paper. The number is not: one that the officer does not
#: enter is made when the receipt is saved.
_TOLD = ("received_at", "kind", "agency_id", "dealer_license", "taker_name")


def ask_if_receipt_recorded(
    receipt: Receipt, firearms: Sequence[Firearm], *, confirm: str, found: Iterable[Firearm] = ()
) -> None:
    """Raise `DoubtfulFact` if a receipt of this time and taker names one of the firearms.

    What was `found` on this receipt and has no number is known by its description. A firearm of the list is
    not: two of one description are two.
    """
    keys, described = {one.pk for one in firearms}, {str(one) for one in found if not one.serial_key}

    def names_one(other: Receipt) -> bool:
        rows = other.firearms.all()
        return not keys or any(one.pk in keys or str(one) in described for one in rows)

    ask_if_recorded(
        receipt,
        _TOLD,
        words=lambda one: f"a receipt of {format_instant(one.received_at, zone_of(receipt.order))}",
        confirm=confirm,
        among=names_one,
    )
