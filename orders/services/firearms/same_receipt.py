"""A receipt without a number that may be recorded already: by another clerk, in another tab, by a system."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.dates import format_instant
from orders.models import Firearm, Receipt
from orders.services.court_days import zone_of
from orders.services.said_before import ask_if_recorded

#: What two receipts have in common that may be one paper. Two with numbers are two.
_TOLD = ("received_at", "kind", "agency_id", "dealer_license", "taker_name", "receipt_number")


def ask_if_receipt_recorded(receipt: Receipt, firearms: Iterable[Firearm], confirm: str) -> None:
    """Raise `DoubtfulFact` if a receipt of this time and taker names one of the firearms."""
    # A firearm without a number is known by its description.
    named = {str(one) for one in firearms}
    ask_if_recorded(
        receipt,
        _TOLD,
        words=lambda one: f"a receipt of {format_instant(one.received_at, zone_of(receipt.order))}",
        confirm=confirm,
        among=lambda one: not named or bool(named & {str(other) for other in one.firearms.all()}),
    )
