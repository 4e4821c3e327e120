"""Events that start no deadline and that people are notified about, in one query, however many orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import CharField, DateField, DateTimeField, F, QuerySet, Value
from django.db.models.functions import Cast

from orders.models import (
    Capacity,
    Extension,
    LicensingReport,
    Order,
    OrderAgency,
    Permit,
    Referral,
    ReviewItem,
)
from orders.rules.facts import Event

_NO_DAY = Cast(Value(None), DateField())
_NO_INSTANT = Cast(Value(None), DateTimeField())

#: What is news with the order itself, if no later instant is known.
_WITH_THE_ORDER = frozenset({"given_to_serve", "permit_known", "school_named"})


def load_news(orders: Sequence[Order]) -> Iterator[tuple[int, Event]]:
    """Yield the events, each with the order's primary key."""
    by_key = {order.pk: order for order in orders}
    ids = list(by_key)
    named = OrderAgency.objects.filter(order__in=ids)
    issued_on = F("order__issued_on")
    referrals = Referral.objects.filter(order__in=ids)
    found = _rows(referrals, "referred", "public_id", at=F("referred_at")).union(
        _rows(referrals.exclude(outcome=""), "referral_decided", "public_id", on=F("decided_on")),
        _rows(Extension.objects.filter(order__in=ids), "extended", "pk", on=F("expires_on")),
        _rows(
            named.filter(capacity=Capacity.MARSHAL),
            "given_to_serve",
            "agency_id",
            at=F("named_at"),
            on=issued_on,
        ),
        _rows(
            named.filter(capacity=Capacity.SCHOOL),
            "school_named",
            "agency_id",
            at=F("named_at"),
            on=issued_on,
        ),
        _rows(
            Permit.objects.filter(order__in=ids),
            "permit_known",
            "public_id",
            at=F("recorded_at"),
            on=issued_on,
        ),
        _rows(
            LicensingReport.objects.filter(order__in=ids),
            F("kind"),
            "public_id",
            at=F("occurred_at"),
            on=F("occurred_on"),
        ),
        _rows(
            ReviewItem.objects.filter(order__in=ids, resolved_at=None),
            "fact_doubtful",
            "public_id",
            at=F("created_at"),
        ),
        all=True,
    )
    for order in orders:
        if order.permit_indicated:
            at = order.issued_as_given
            yield order.pk, Event(kind="permit_known", at=at, on=None if at else order.issued_on)
    for order_id, kind, at, on, key in found:
        instant = at or (by_key[order_id].issued_as_given if kind in _WITH_THE_ORDER else None)
        day = on if instant is None else None
        yield order_id, Event(kind=kind, at=instant, on=day, key=key.replace("-", ""))


def _rows(
    rows: QuerySet[Any], kind: str | F, key: str, *, at: Any = _NO_INSTANT, on: Any = _NO_DAY
) -> QuerySet[Any, Any]:
    """The rows as events: order, kind, instant, day and key."""
    named = kind if isinstance(kind, F) else Value(kind, output_field=CharField())
    return rows.order_by().values_list("order_id", named, at, on, Cast(key, CharField()))
