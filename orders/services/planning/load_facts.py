"""Load the facts of orders for the rules in a fixed number of queries, however many orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

from django.db.models import Exists, Model, OuterRef

from orders import models
from orders.models.fields import as_given
from orders.rules.facts import Event, Facts
from orders.services.planning.filled_tables import Tables, filled_tables
from orders.services.planning.inventory import Inventory, is_alleged
from orders.services.planning.lasting import limited_ids
from orders.services.planning.load_inventories import load_inventories
from orders.services.planning.load_news import NEWS, load_news
from orders.services.planning.load_requests import request_events


def load_facts(
    orders: Sequence[models.Order], inventories: Mapping[int, Inventory] | None = None
) -> dict[int, Facts]:
    """The facts of each order, by its primary key.

    `inventories` are those of the orders' cases if they are loaded already.
    """
    ids = [order.pk for order in orders]
    events: defaultdict[int, list[Event]] = defaultdict(list)
    for order in orders:
        events[order.pk].extend(_on_the_order(order))
    filled = filled_tables(ids, *_READERS, *NEWS)
    for order_id, event in chain(_from_tables(ids, filled), load_news(orders, filled)):
        events[order_id].append(event)
    if inventories is None:
        inventories = load_inventories({order.case_id for order in orders})
    permits: set[int] = set()
    if models.Permit in filled:
        permits.update(models.Permit.objects.filter(order__in=ids).values_list("order_id", flat=True))
    limited: set[int] = set()
    if models.OrderCondition in filled:
        ended = models.OrderCondition.objects.filter(order__in=ids, condition__in=limited_ids())
        limited.update(ended.values_list("order_id", flat=True))
    found: dict[int, Facts] = {}
    for order in orders:
        inventory = inventories[order.case_id]
        events[order.pk].extend(inventory.events_for(order))
        found[order.pk] = Facts(
            jurisdiction=order.jurisdiction,
            kind=order.kind,
            issued_on=order.issued_on,
            issued_at=order.issued_as_given,
            expires_on=order.expires_on,
            firearms_indicated=order.firearms_indicated or order.pk in inventory.stated,
            permit_indicated=order.permit_indicated,
            permit_known=order.pk in permits,
            firearms_listed=bool(inventory.joined(order).listed)
            or is_alleged(order)
            or inventory.is_reported,
            financial_support=order.financial_support or order.pk in limited,
            area=order.area,
            events=tuple(events[order.pk]),
        )
    return found


def _on_the_order(order: models.Order) -> Iterable[Event]:
    if served_at := order.served_as_given:
        yield Event(
            kind="served",
            at=served_at,
            in_custody=order.served_in_custody,
            way=order.service_method,
            source="the return of service",
        )
    if order.vacated_at is not None and order.vacated_offset is not None:
        yield Event(kind="vacated", at=as_given(order.vacated_at, order.vacated_offset))


#: The events from one table, each with the order's primary key.
_Events = Iterable[tuple[int, Event]]


def _from_tables(ids: Sequence[int], filled: Tables) -> _Events:
    return chain.from_iterable(read(ids) for table, read in _READERS.items() if table in filled)


def _attempts(ids: Sequence[int]) -> _Events:
    for attempt in models.ServiceAttempt.objects.filter(order__in=ids):
        at = as_given(attempt.attempted_at, attempt.attempted_offset)
        yield attempt.order_id, Event(kind="service_failed", at=at)


#: The event of an outcome that prosecutor and police act on.
_FOUND: dict[str, str] = {
    models.HearingOutcome.CONTEMPT: "contempt_found",
    models.HearingOutcome.WARRANT: "warrant_issued",
}


def _hearings(ids: Sequence[int]) -> _Events:
    for hearing in models.Hearing.objects.filter(order__in=ids):
        key, purpose = hearing.public_id.hex, hearing.purpose
        if hearing.outcome not in (models.HearingOutcome.CONTINUED, models.HearingOutcome.VACATED):
            yield (
                hearing.order_id,
                Event(
                    kind="hearing_scheduled",
                    on=hearing.scheduled_on,
                    key=key,
                    purpose=purpose,
                    source="the court's calendar",
                ),
            )
        if hearing.outcome == models.HearingOutcome.CONTINUED:
            continued = Event(kind="hearing_continued", on=hearing.scheduled_on, key=key, purpose=purpose)
            yield hearing.order_id, continued
        if hearing.outcome == models.HearingOutcome.VACATED:
            canceled = Event(kind="hearing_canceled", on=hearing.scheduled_on, key=key, purpose=purpose)
            yield hearing.order_id, canceled
        elif hearing.held_on is not None:
            yield hearing.order_id, Event(kind="heard", on=hearing.held_on, key=key, purpose=purpose)
            if found := _FOUND.get(hearing.outcome):
                yield hearing.order_id, Event(kind=found, on=hearing.held_on, key=key, purpose=purpose)


def _conditions(ids: Sequence[int]) -> _Events:
    for condition in models.OrderCondition.objects.filter(order__in=ids).select_related("ended_by"):
        yield from ((condition.order_id, one) for one in _of_condition(condition))


#: The event of a sworn statement.
_SWORN = {
    models.StatementKind.NON_POSSESSION: "non_possession_stated",
    models.StatementKind.UNREACHABLE: "inaccessibility_stated",
}


def _statements(ids: Sequence[int]) -> _Events:
    checks = models.StatementVerification.objects.filter(statement=OuterRef("pk"))
    for statement in models.Statement.objects.filter(order__in=ids).annotate(checked=Exists(checks)):
        at = as_given(statement.sworn_at, statement.sworn_offset)
        kind = _SWORN[models.StatementKind(statement.kind)]
        key = statement.public_id.hex
        yield statement.order_id, Event(kind=kind, at=at, key=key, checked=statement.checked)


def _permits(ids: Sequence[int]) -> _Events:
    """Yield the last hand-in of each order, once every permit was handed in: the duty is about all."""
    last: dict[int, models.Permit] = {}
    waiting: set[int] = set()
    for one in models.Permit.objects.filter(order__in=ids).order_by("handed_in_on", "id"):
        if one.handed_in_on is None:
            waiting.add(one.order_id)
        last[one.order_id] = one
    for order, one in last.items():
        if order not in waiting:
            yield order, Event(kind="permit_handed_in", on=one.handed_in_on, key=one.public_id.hex)


def _others(ids: Sequence[int]) -> _Events:
    for one in models.CaseEvent.objects.filter(order__in=ids):
        if one.occurred_at is not None and one.occurred_offset is not None:
            at = as_given(one.occurred_at, one.occurred_offset)
            yield one.order_id, Event(kind=one.kind, at=at, key=one.public_id.hex)
        else:
            yield one.order_id, Event(kind=one.kind, on=one.occurred_on, key=one.public_id.hex)


#: What reads the events of each table.
_READERS: dict[type[Model], Callable[[Sequence[int]], _Events]] = {
    models.ServiceAttempt: _attempts,
    models.Hearing: _hearings,
    models.OrderCondition: _conditions,
    models.Statement: _statements,
    models.Permit: _permits,
    models.CaseEvent: _others,
    models.CustodyRequest: request_events,
}


def _ended_before_due(condition: models.OrderCondition) -> bool:
    """True if the court ended the condition in time. What was overdue by then stays overdue."""
    ended = condition.ended_by
    if ended is None or condition.due_on is None:
        return False
    if condition.due_at is not None and ended.modified_at is not None:
        return condition.due_at > ended.modified_at
    return condition.due_on >= ended.modified_on


def _of_condition(condition: models.OrderCondition) -> Iterable[Event]:
    """The events that a condition was set, and that it was satisfied."""
    if condition.due_on is None or _ended_before_due(condition):
        return
    key, purpose = condition.public_id.hex, condition.condition
    due_at = (
        as_given(condition.due_at, condition.due_offset)
        if condition.due_at and condition.due_offset is not None
        else None
    )
    yield Event(
        kind="condition_set", at=due_at, on=None if due_at else condition.due_on, key=key, purpose=purpose
    )
    if condition.satisfied_on is not None:
        satisfied_at = (
            as_given(condition.satisfied_at, condition.satisfied_offset)
            if condition.satisfied_at and condition.satisfied_offset is not None
            else None
        )
        yield Event(
            kind="condition_satisfied",
            at=satisfied_at,
            on=None if satisfied_at else condition.satisfied_on,
            key=key,
            purpose=purpose,
        )
