"""A whole order that was entered in error: withdrawn from every list and plan, and restored."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from orders.errors import InvalidFact
from orders.models import Firearm, Order
from orders.services.change import RESTORED, Change, changing
from orders.services.firearms.disposals import DISPOSAL
from orders.services.firearms.receipts import RECEIPT
from orders.services.firearms.returns import RETURN
from orders.services.firearms.statements import VERIFICATION
from orders.services.firearms.status import refresh_status
from orders.services.person_cases import groups_of
from orders.services.validation import need_reason


def withdraw_order(order: Order, *, by: User | None, now: datetime, reason: str) -> Order:
    """Withdraw an order that was entered in error. It plans nothing and is in no list anymore.

    Its deadlines and follow-ups end, its firearms and receipts no longer count for the other orders of the
    case. Nothing is deleted: `restore_order` brings it back. Raises `InvalidFact`.
    """
    with changing(order, "order_withdrawn", by=by, now=now, reason=need_reason(reason)) as change:
        _note_items(change)
        change.order.withdrawn_at = now
        change.touched.add("withdrawn_at")
        _refresh_firearms(change.order)
    return change.order


def restore_order(order: Order, *, by: User | None, now: datetime, reason: str) -> Order:
    """Bring back an order that was withdrawn as entered in error. Raises `InvalidFact`."""
    with changing(order, RESTORED, by=by, now=now, reason=need_reason(reason)) as change:
        if change.order.withdrawn_at is None:
            raise InvalidFact("order", "not_withdrawn", "The order is not withdrawn.")
        _note_items(change)
        change.order.withdrawn_at = None
        change.touched.add("withdrawn_at")
        _refresh_firearms(change.order)
    return change.order


def _note_items(change: Change) -> None:
    """Name in the history what counts, with the order, for the other orders of the person too."""
    if items := named_items(change.order):
        change.data["items"] = items


def named_items(order: Order) -> list[str]:
    """Return the firearms and the proof that were recorded for an order, in words."""
    found = [str(one) for one in Firearm.objects.filter(order=order).order_by("id")]
    for fact in (RECEIPT, VERIFICATION, RETURN, DISPOSAL):
        rows = fact.model._default_manager.filter(order=order).order_by("pk")
        found += [fact.words(one) for one in rows.select_related("order")]
    return found


def _refresh_firearms(order: Order) -> None:
    """Store the order, and the status of each firearm that its facts may have changed."""
    order.save(update_fields=["withdrawn_at"])
    cases = groups_of({order.case_id})
    refresh_status([*Firearm.objects.filter(order__case__in=cases).values_list("pk", flat=True)])
