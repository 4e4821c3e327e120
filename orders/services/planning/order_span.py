"""Whether something happened before an order was issued, or after its end, by the court's days."""

from __future__ import annotations

from datetime import date, datetime

from orders.models import Order
from orders.models.fields import as_given
from orders.rules.court_time import local_date
from orders.rules.facts import Event, Facts
from orders.rules.plan import in_force
from orders.services.planning.rulebooks import bundled, zone_at


def has_ended_by(order: Order, day: date) -> bool:
    """True if the order is known to have ended before that day."""
    if order.vacated_at is not None:
        return local_date(order.vacated_at, zone_at(order.jurisdiction, order.area)) < day
    return order.expires_on is not None and order.expires_on < day


def is_by_issue(order: Order, at: datetime) -> bool:
    """True if `at` is not after the issue of the order; by day if the time of issue is not known."""
    if order.issued_at is not None:
        return at <= order.issued_at
    return local_date(at, zone_at(order.jurisdiction, order.area)) <= order.issued_on


def is_in_force(order: Order, at: datetime) -> bool:
    """True if the order was issued and had not ended at `at`, by its own facts.

    An order without a printed last day ends as the law has it. Hearings do not count here.
    """
    if is_by_issue(order, at):
        return False
    events = []
    if served_at := order.served_as_given:
        events.append(Event(kind="served", at=served_at, in_custody=order.served_in_custody))
    if order.vacated_at is not None and order.vacated_offset is not None:
        events.append(Event(kind="vacated", at=as_given(order.vacated_at, order.vacated_offset)))
    facts = Facts(
        jurisdiction=order.jurisdiction,
        kind=order.kind,
        issued_on=order.issued_on,
        issued_at=order.issued_as_given,
        expires_on=order.expires_on,
        firearms_indicated=order.firearms_indicated,
        permit_indicated=order.permit_indicated,
        financial_support=order.financial_support,
        area=order.area,
        events=tuple(events),
    )
    return in_force(facts, bundled(), at)


def day_at(order: Order, at: datetime) -> date:
    """The day of an instant at the order's court."""
    return local_date(at, zone_at(order.jurisdiction, order.area))


def is_served_by(order: Order, day: date) -> bool:
    """True if the order was served on that day or before it."""
    if order.served_at is None:
        return False
    return local_date(order.served_at, zone_at(order.jurisdiction, order.area)) <= day
