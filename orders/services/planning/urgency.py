"""The next deadline of each order that concerns its court, and the day on which the order ends.

`replan` writes both with the deadlines from which they follow. The lists of a court sort and filter by them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache

from django.db import connection

from orders.models import Deadline, DeadlineState, Order
from orders.services.planning.order_span import day_at
from orders.services.planning.rulebooks import bundled

#: Only rows that differ are written: most acts change nothing here.
_WRITE = """
INSERT INTO orders_orderurgency (order_id, court_id, due_at, ends_on)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::date[])
ON CONFLICT (order_id) DO UPDATE
SET court_id = EXCLUDED.court_id, due_at = EXCLUDED.due_at, ends_on = EXCLUDED.ends_on
WHERE (orders_orderurgency.court_id, orders_orderurgency.due_at, orders_orderurgency.ends_on)
  IS DISTINCT FROM (EXCLUDED.court_id, EXCLUDED.due_at, EXCLUDED.ends_on)
"""


@cache
def ending_rules() -> frozenset[str]:
    """Return the ids of the rules that end an order."""
    return frozenset(id_ for id_, rule in bundled().by_id.items() if rule.ends_order)


@cache
def rules_for_court() -> frozenset[str]:
    """Return the ids of the rules whose deadlines concern the court.

    What only the applicant may do is left out, and so is the end of the order, which has its own column.
    """
    rules = bundled().by_id.items()
    return frozenset(id_ for id_, rule in rules if not rule.ends_order and rule.actor != "applicant")


def next_due(deadlines: Iterable[Deadline]) -> datetime | None:
    """Return when the first running deadline that concerns the court is due."""
    running = (one.due_at for one in deadlines if one.is_running and one.rule_id in rules_for_court())
    return min((one for one in running if one is not None), default=None)


def end_of(order: Order, deadlines: Iterable[Deadline]) -> date | None:
    """Return the day of the vacatur, else the last day, printed or computed; None if it is not known."""
    if order.vacated_at is not None:
        return day_at(order, order.vacated_at)
    if order.expires_on is not None:
        return order.expires_on
    days = (computed_end(order, row) for row in deadlines)
    return next((day for day in days if day is not None), None)


def computed_end(order: Order, deadline: Deadline) -> date | None:
    """Return the last day of the order by this deadline; None if the deadline does not end it."""
    if deadline.rule_id not in ending_rules() or deadline.state == DeadlineState.WITHDRAWN:
        return None
    if deadline.due_at is None:
        return None
    return deadline.closed_day_moves_to or deadline.due_on or day_at(order, deadline.due_at)


def write_urgency(
    orders: Sequence[Order], courts: Mapping[int, int], deadlines: Mapping[int, Collection[Deadline]]
) -> None:
    """Store what follows from the deadlines of each order (by its key); `courts` is by the case's key."""
    rows = [
        (
            order.pk,
            courts[order.case_id],
            next_due(deadlines.get(order.pk, ())),
            end_of(order, deadlines.get(order.pk, ())),
        )
        for order in sorted(orders, key=lambda one: one.pk)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [list(column) for column in zip(*rows, strict=True)])
