"""Keeping plans in agreement with the rulebook."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from psycopg.errors import DeadlockDetected, LockNotAvailable

from accounts.models import Agency
from orders.models import Case, Deadline, Event, Order
from orders.rules.plan import plan
from orders.services.calendar import current_rulebook, rulebooks_of
from orders.services.change import with_deadlines
from orders.services.known import facts_of
from orders.services.planning import replan

#: Orders planned anew in one transaction.
BATCH = 200
#: Seconds that one look for orders without deadlines takes at the most.
LOOKS = 120.0


def stale_orders(court: Agency | None = None) -> QuerySet[Order]:
    """The orders whose plan is of another rulebook; those of one court where it is given."""
    return _orders_of(court).exclude(planned_with=current_rulebook().version)


def _orders_of(court: Agency | None) -> QuerySet[Order]:
    return Order.objects.all() if court is None else Order.objects.filter(case__court=court)


def _next_stale(court: Agency | None) -> list[Order]:
    """The next orders whose plan is not of the rulebook's version.

    Asked for from either side of it, so that the index is walked and not the table: what is planned already
    costs nothing.
    """
    found: list[Order] = []
    version = current_rulebook().version
    for side in ("planned_with__lt", "planned_with__gt"):
        stale = _orders_of(court).filter(**{side: version}).order_by("planned_with", "id")
        found.extend(stale[: BATCH - len(found)])
    return found


def replan_stale(*, now: datetime, court: Agency | None = None) -> int:
    """Plans anew up to `BATCH` orders whose plan is of another rulebook; answers how many there were.

    Only orders of `court` where it is given. Safe to stop and to run beside itself: what is locked is passed
    over, and a batch of which something stays locked is left for another time.
    """
    with giving_way():
        return len(replan_cases({one.case_id for one in _next_stale(court)}, now=now))
    return 0


@contextmanager
def giving_way() -> Iterator[None]:
    """A transaction that comes to nothing where somebody else holds, or waits for, what it needs."""
    try:
        with transaction.atomic():
            yield
    except OperationalError as error:
        if not isinstance(error.__cause__, DeadlockDetected | LockNotAvailable):
            raise


def replan_cases(case_ids: Collection[int], *, now: datetime, tells_late: bool = False) -> list[Order]:
    """Locks those of the cases (by key) that nobody else holds and plans their orders anew, which it answers.

    To be called in a transaction. `tells_late` is as `replan` has it.
    """
    version = current_rulebook().version
    cases = Case.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=case_ids)
    locked = [case.pk for case in cases.order_by("id")]
    orders = list(Order.objects.filter(case__in=locked).select_related("case").order_by("id"))
    told = replan(orders, now=now, tells_late=tells_late)
    Event.objects.bulk_create(
        Event(
            order=order,
            kind="replanned",
            occurred_at=now,
            data=with_deadlines({"rulebook": version}, told[order.pk]),
        )
        for order in orders
        if told.get(order.pk)
    )
    return orders


def is_any_stale() -> bool:
    """Whether there is an order whose plan is of another rulebook."""
    return bool(_next_stale(None))


def mark_uncovered() -> int:
    """Orders without a single deadline, though the rules give them some, are stale: how many there were."""
    found = 0
    for orders in _without_deadlines():
        facts = facts_of(orders)
        rulebooks = rulebooks_of(order.case.court_id for order in orders)
        due = [one.pk for one in orders if plan(facts[one.pk], rulebooks[one.case.court_id])]
        found += Order.objects.filter(pk__in=due).update(planned_with="")
    return found


def _without_deadlines() -> Iterator[Sequence[Order]]:
    """Planned orders that have none, some at a time, for as long as a look may take."""
    bare = (
        Order.objects.filter(~Exists(Deadline.objects.filter(order=OuterRef("pk"))))
        .exclude(planned_with="")
        .select_related("case")
        .order_by("id")
    )
    last, ends = 0, time.monotonic() + LOOKS
    while time.monotonic() < ends and (orders := list(bare.filter(pk__gt=last)[:BATCH])):
        yield orders
        last = orders[-1].pk
