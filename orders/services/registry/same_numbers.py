"""A row of an import with the number of a listed firearm: a clerk decides whether it is another one."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from orders.models import Firearm, Order, ReviewItem, ReviewResolution
from orders.services.corrections import withdraw
from orders.services.firearms.inventory import list_firearm


def list_row(item: ReviewItem, order: Order, *, by: User, now: datetime, reason: str) -> str:
    """List the firearm of the row beside the one with its number, and return its id."""
    firearm = list_firearm(order, **item.payload["row"], confirm=reason, by=by, now=now)
    return str(firearm.public_id)


def take_off_list(public_id: str, order: Order, *, by: User, now: datetime, reason: str) -> None:
    """Withdraw the firearm of the row, if it is listed. Raises `InvalidFact` if a receipt names it."""
    if not public_id:
        return
    if firearm := Firearm.objects.of_case(order.case_id).filter(public_id=public_id).first():
        withdraw(firearm, by=by, now=now, reason=reason)


def restore_rows(item: ReviewItem, order: Order, *, by: User, now: datetime, reason: str) -> None:
    """Take back a decision: the list is again as the import left it."""
    is_rejected = item.resolution == ReviewResolution.REJECTED
    if item.payload["counts"] and is_rejected:
        item.payload["counts"] = list_row(item, order, by=by, now=now, reason=reason)
    elif not item.payload["counts"] and not is_rejected:
        take_off_list(item.payload["recorded"], order, by=by, now=now, reason=reason)
