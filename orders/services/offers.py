"""Offers of a follow-up to another agency that end unanswered, and the sight of the order that ends with
them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from orders.models import Capacity, Concern, HandOver

#: An offer that waits for its answer.
OPEN = Q(answered_at=None, withdrawn_at=None)


def withdraw_offers(offers: QuerySet[HandOver], *, now: datetime) -> None:
    """Those of them that are open are withdrawn. To be called with their cases locked."""
    ended = dict(offers.filter(OPEN).values_list("pk", "order_id"))
    if ended:
        HandOver.objects.filter(pk__in=ended).update(withdrawn_at=now)
        end_sight(ended.values())


def end_sight(orders: Iterable[int]) -> None:
    """Police who were asked to help with these orders (by key) see no more of them, but where they accepted
    once, or are asked still."""
    standing = HandOver.objects.filter(OPEN | Q(accepted=True), order=OuterRef("order"))
    Concern.objects.filter(
        ~Exists(standing.filter(to_agency=OuterRef("agency"))),
        order__in=set(orders),
        capacity=Capacity.ASSISTING_POLICE,
    ).delete()
