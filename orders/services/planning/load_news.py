"""Events that start no deadline and that people are notified about, in one query, however many orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db.models import CharField, DateField, DateTimeField, F, Model, QuerySet, Value
from django.db.models.functions import Cast

from orders.models import (
    Capacity,
    ComingService,
    Extension,
    LicensingReport,
    Modification,
    Order,
    OrderAgency,
    Permit,
    Referral,
    ReviewItem,
)
from orders.rules.facts import Event
from orders.services.planning.filled_tables import Tables

_NO_DAY = Cast(Value(None), DateField())
_NO_INSTANT = Cast(Value(None), DateTimeField())

#: What is news with the order itself, if no later instant is known.
_WITH_THE_ORDER = frozenset({"given_to_serve", "permit_known", "school_named"})


def load_news(orders: Sequence[Order], filled: Tables) -> Iterator[tuple[int, Event]]:
    """Yield the events, each with the order's primary key. `filled` are the tables that have rows of them."""
    by_key = {order.pk: order for order in orders}
    parts = [part for table, read in _PARTS.items() if table in filled for part in read(list(by_key))]
    found = parts[0].union(*parts[1:], all=True) if parts else ()
    for order in orders:
        if order.permit_indicated:
            at, known_at = order.issued_as_given, order.permit_indicated_at or order.entered_at
            day = None if at else order.issued_on
            yield order.pk, Event(kind="permit_known", at=at, on=day, known_at=known_at)
    for order_id, kind, at, on, key in found:
        order = by_key[order_id]
        is_with_the_order = at is None and kind in _WITH_THE_ORDER
        instant = order.issued_as_given if is_with_the_order else at
        entered_at = order.entered_at if is_with_the_order else None
        day = on if instant is None else None
        yield order_id, Event(kind=kind, at=instant, on=day, key=key.replace("-", ""), known_at=entered_at)


def _rows(
    rows: QuerySet[Any], kind: str | F, key: str, *, at: Any = _NO_INSTANT, on: Any = _NO_DAY
) -> QuerySet[Any, Any]:
    """The rows as events: order, kind, instant, day and key."""
    named = kind if isinstance(kind, F) else Value(kind, output_field=CharField())
    return rows.order_by().values_list("order_id", named, at, on, Cast(key, CharField()))


def _referrals(ids: Sequence[int]) -> Iterator[QuerySet[Any, Any]]:
    rows = Referral.objects.filter(order__in=ids)
    yield _rows(rows, "referred", "public_id", at=F("referred_at"))
    yield _rows(rows.exclude(outcome=""), "referral_decided", "public_id", on=F("decided_on"))


def _extensions(ids: Sequence[int]) -> Iterator[QuerySet[Any, Any]]:
    yield _rows(Extension.objects.filter(order__in=ids), "extended", "pk", on=F("expires_on"))


def _modifications(ids: Sequence[int]) -> Iterator[QuerySet[Any, Any]]:
    rows = Modification.objects.filter(order__in=ids)
    yield _rows(rows, "modified", "public_id", at=F("modified_at"), on=F("modified_on"))


def _agencies(ids: Sequence[int]) -> Iterator[QuerySet[Any, Any]]:
    named = OrderAgency.objects.filter(order__in=ids)
    for capacity, kind in ((Capacity.MARSHAL, "given_to_serve"), (Capacity.SCHOOL, "school_named")):
        rows = named.filter(capacity=capacity)
        yield _rows(rows, kind, "agency_id", at=F("named_at"), on=F("order__issued_on"))
    picked_up = named.filter(capacity=Capacity.MARSHAL, picked_up_at__isnull=False)
    yield _rows(picked_up, "papers_picked_up", "agency_id", at=F("picked_up_at"))


def _coming_services(ids: Sequence[int]) -> Iterator[QuerySet[Any, Any]]:
    yield _rows(
        ComingService.objects.filter(order__in=ids), "service_planned", "public_id", at=F("planned_at")
    )


def _permits(ids: Sequence[int]) -> Iterator[QuerySet[Any, Any]]:
    rows = Permit.objects.filter(order__in=ids)
    yield _rows(rows, "permit_known", "public_id", at=F("recorded_at"), on=F("order__issued_on"))


def _licensing_reports(ids: Sequence[int]) -> Iterator[QuerySet[Any, Any]]:
    rows = LicensingReport.objects.filter(order__in=ids)
    yield _rows(rows, F("kind"), "public_id", at=F("occurred_at"), on=F("occurred_on"))


def _doubtful_facts(ids: Sequence[int]) -> Iterator[QuerySet[Any, Any]]:
    rows = ReviewItem.objects.filter(order__in=ids).waiting()
    yield _rows(rows, "fact_doubtful", "public_id", at=F("created_at"))


#: The parts of the query, by table.
_PARTS: dict[type[Model], Callable[[Sequence[int]], Iterator[QuerySet[Any, Any]]]] = {
    Referral: _referrals,
    Extension: _extensions,
    Modification: _modifications,
    OrderAgency: _agencies,
    ComingService: _coming_services,
    Permit: _permits,
    LicensingReport: _licensing_reports,
    ReviewItem: _doubtful_facts,
}

#: The tables of these events.
NEWS = tuple(_PARTS)
