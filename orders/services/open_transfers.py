"""End open offers of a follow-up, and the access to the order that came with them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from orders.models import Capacity, OrderAgency, Transfer
from orders.predicates import transfer_is_open


def withdraw_offers(offers: QuerySet[Transfer], *, now: datetime) -> None:
    """Withdraw those of the offers that are open. Call it with their cases locked."""
    ended = dict(offers.filter(transfer_is_open()).values_list("pk", "order_id"))
    if ended:
        Transfer.objects.filter(pk__in=ended).update(withdrawn_at=now)
        end_access(ended.values())


def end_access(orders: Iterable[int]) -> None:
    """Remove assisting police from these orders (by key) unless they accepted, or have an open offer."""
    kept = Transfer.objects.filter(transfer_is_open() | Q(accepted=True), order=OuterRef("order"))
    OrderAgency.objects.filter(
        ~Exists(kept.filter(to_agency=OuterRef("agency"))),
        order__in=set(orders),
        capacity=Capacity.ASSISTING_POLICE,
    ).delete()
