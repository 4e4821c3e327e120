"""Replan orders whose plan was made with an older rulebook."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from psycopg.errors import DeadlockDetected, LockNotAvailable

from accounts.isolation import isolated
from accounts.models import Agency
from orders.models import Case, Deadline, Order, OrderUrgency
from orders.rules.plan import plan
from orders.services.planning.history import replan_and_record
from orders.services.planning.load_facts import load_facts
from orders.services.planning.rulebooks import current_rulebook, rulebooks_of

#: Orders replanned in one transaction.
BATCH = 200
#: Longest search for orders without deadlines, in seconds.
SEARCH_SECONDS = 120.0


def stale_orders(court: Agency | None = None) -> QuerySet[Order]:
    """Orders planned with another version of the rulebook, optionally of one court."""
    return _orders_of(court).exclude(planned_with=current_rulebook().version)


def _orders_of(court: Agency | None) -> QuerySet[Order]:
    return Order.objects.all() if court is None else Order.objects.filter(case__court=court)


def _next_stale(court: Agency | None) -> list[Order]:
    """The next orders planned with another version of the rulebook.

    Two range queries, below and above the current version, use the index; orders planned already cost
    nothing.
    """
    found: list[Order] = []
    version = current_rulebook().version
    for side in ("planned_with__lt", "planned_with__gt"):
        stale = _orders_of(court).filter(**{side: version}).order_by("planned_with", "id")
        found.extend(stale[: BATCH - len(found)])
    return found


def replan_stale(*, now: datetime, court: Agency | None = None) -> int:
    """Replan up to `BATCH` orders planned with another rulebook, optionally of one court; return the count.

    Safe to stop and to run in parallel: locked cases are skipped, and a batch with another locked row is left
    for the next run.
    """
    with giving_way():
        cases = sorted({one.case_id for one in _next_stale(court)})
        done = isolated("case to replan", cases, lambda some: replan_cases(some, now=now))
        return sum(map(len, done))
    return 0


@contextmanager
def giving_way() -> Iterator[None]:
    """A transaction that rolls back without an error if another one holds, or waits for, its rows."""
    try:
        with transaction.atomic():
            yield
    except OperationalError as error:
        if not isinstance(error.__cause__, DeadlockDetected | LockNotAvailable):
            raise


def replan_cases(case_ids: Collection[int], *, now: datetime, arm_past_checks: bool = False) -> list[Order]:
    """Lock those of the cases (by key) that are free, replan their orders, and return these orders.

    Call it in a transaction. `arm_past_checks` is as in `replan`.
    """
    cases = Case.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=case_ids)
    locked = [case.pk for case in cases.order_by("id")]
    orders = list(Order.objects.filter(case__in=locked).select_related("case").order_by("id"))
    data = {"rulebook": current_rulebook().version}
    replan_and_record(orders, {}, now=now, data=data, arm_past_checks=arm_past_checks)
    return orders


def is_any_stale() -> bool:
    """True if any order was planned with another rulebook."""
    return bool(_next_stale(None))


def mark_uncovered() -> int:
    """Mark orders as stale that a plan left out; return the count.

    These have no deadline although the rules give them some, or no row in the table of urgencies, which an
    older version of the program does not write.
    """
    listed = OrderUrgency.objects.filter(order=OuterRef("pk"))
    found = Order.objects.filter(~Exists(listed)).exclude(planned_with="").update(planned_with="")
    for orders in _without_deadlines():
        facts = load_facts(orders)
        rulebooks = rulebooks_of(order.case.court_id for order in orders)
        due = [one.pk for one in orders if plan(facts[one.pk], rulebooks[one.case.court_id])]
        found += Order.objects.filter(pk__in=due).update(planned_with="")
    return found


def _without_deadlines() -> Iterator[Sequence[Order]]:
    """Planned orders without a deadline, in batches, for up to `SEARCH_SECONDS`."""
    bare = (
        Order.objects.filter(~Exists(Deadline.objects.filter(order=OuterRef("pk"))))
        .exclude(planned_with="")
        .select_related("case")
        .order_by("id")
    )
    last, ends = 0, time.monotonic() + SEARCH_SECONDS
    while time.monotonic() < ends and (orders := list(bare.filter(pk__gt=last)[:BATCH])):
        yield orders
        last = orders[-1].pk
