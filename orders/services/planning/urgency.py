"""The next deadline of each order that concerns its court, the day on which the order ends, and its judge.

`replan` writes them with the deadlines from which they follow. The lists of a court sort and filter by them.
When the last day passes nothing is planned again, so `write_ended` writes the rows of orders that ended.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache

from django.db import connection, transaction

from accounts.dates import court_date
from accounts.isolation import isolated
from orders.models import Deadline, DeadlineState, Order, OrderUrgency
from orders.services.planning.duties import duties_for_court
from orders.services.planning.order_span import day_at
from orders.services.planning.rulebooks import bundled

#: Only rows that differ are written: most acts change nothing here.
_WRITE = """
INSERT INTO orders_orderurgency
  (order_id, court_id, due_at, ends_on, is_ended, issued_on, judge, heard_on)
SELECT new.*, coalesce(latest.judge, ''), latest.scheduled_on
FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::date[], %s::boolean[], %s::date[])
  AS new (order_id, court_id, due_at, ends_on, is_ended, issued_on)
LEFT JOIN LATERAL (
  SELECT h.judge, h.scheduled_on FROM orders_hearing h JOIN orders_order o ON o.id = h.order_id
  WHERE h.order_id = new.order_id AND h.judge <> '' AND o.withdrawn_at IS NULL
  ORDER BY h.scheduled_on DESC, h.id DESC LIMIT 1
) latest ON true
ON CONFLICT (order_id) DO UPDATE
SET court_id = EXCLUDED.court_id, due_at = EXCLUDED.due_at, ends_on = EXCLUDED.ends_on,
    is_ended = EXCLUDED.is_ended, issued_on = EXCLUDED.issued_on, judge = EXCLUDED.judge,
    heard_on = EXCLUDED.heard_on
WHERE (orders_orderurgency.court_id, orders_orderurgency.due_at, orders_orderurgency.ends_on,
       orders_orderurgency.is_ended, orders_orderurgency.issued_on, orders_orderurgency.judge,
       orders_orderurgency.heard_on)
  IS DISTINCT FROM (EXCLUDED.court_id, EXCLUDED.due_at, EXCLUDED.ends_on, EXCLUDED.is_ended,
                    EXCLUDED.issued_on, EXCLUDED.judge, EXCLUDED.heard_on)
"""

#: What serves an order only while it is in force. Afterward no one can do it, or no one needs it.
_WHILE_IN_FORCE = frozenset(
    {
        "extension_moved",
        "police_notified",
        "remote_testimony_requested",
        "served",
        "service_recorded",
        "service_returned",
    }
)

#: Orders that `write_ended` writes in one transaction.
BATCH = 200


@cache
def ending_rules() -> frozenset[str]:
    """Return the ids of the rules that end an order."""
    return frozenset(id_ for id_, rule in bundled().by_id.items() if rule.ends_order)


@cache
def rules_moot_at_end() -> frozenset[str]:
    """Return the ids of the rules whose duty ends with the order.

    Firearms, permits, hearings and conditions remain, also late: they are about what the respondent did.
    """
    rules = bundled().by_id.items()
    return frozenset(
        id_
        for id_, rule in rules
        if not rule.outlives_order and rule.met_by and {one.event for one in rule.met_by} <= _WHILE_IN_FORCE
    )


def concerns_court(deadline: Deadline, *, is_ended: bool) -> bool:
    """True if the deadline runs and concerns the court of an order that has ended or not."""
    if not deadline.is_running or deadline.rule_id not in duties_for_court():
        return False
    return not (is_ended and deadline.rule_id in rules_moot_at_end())


def next_due(deadlines: Iterable[Deadline], *, is_ended: bool = False) -> datetime | None:
    """Return when the first running deadline that concerns the court is due."""
    running = (one.due_at for one in deadlines if concerns_court(one, is_ended=is_ended))
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
    orders: Sequence[Order],
    courts: Mapping[int, int],
    deadlines: Mapping[int, Collection[Deadline]],
    *,
    now: datetime,
) -> None:
    """Store what follows from the deadlines of each order (by its key); `courts` is by the case's key."""
    rows = []
    for order in sorted(orders, key=lambda one: one.pk):
        own = deadlines.get(order.pk, ())
        ends_on = end_of(order, own)
        is_ended = ends_on is not None and ends_on < day_at(order, now)
        due_at = next_due(own, is_ended=is_ended)
        rows.append((order.pk, courts[order.case_id], due_at, ends_on, is_ended, order.issued_on))
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [list(column) for column in zip(*rows, strict=True)])


def write_ended(now: datetime) -> int:
    """Write the rows of up to `BATCH` orders whose last day has passed since; return the count.

    Safe beside `replan`: a row that another transaction writes is skipped, and that one writes it right.
    """
    with transaction.atomic():
        over = OrderUrgency.objects.select_for_update(skip_locked=True).filter(
            is_ended=False, ends_on__lt=court_date(now)
        )
        keys = list(over.order_by("ends_on", "order").values_list("order", flat=True)[:BATCH])
        if not keys:
            return 0
        return sum(isolated("order that ended", keys, lambda some: _write_some(some, now)))


def _write_some(keys: Sequence[int], now: datetime) -> int:
    orders = list(Order.every.filter(pk__in=keys).select_related("case"))
    deadlines: defaultdict[int, list[Deadline]] = defaultdict(list)
    for row in Deadline.objects.filter(order__in=keys).order_by("due_at", "id"):
        deadlines[row.order_id].append(row)
    # West of Connecticut the day may not be over yet: that row waits for the next hour.
    write_urgency(orders, {one.case_id: one.case.court_id for one in orders}, deadlines, now=now)
    return OrderUrgency.objects.filter(order__in=keys, is_ended=True).count()
