"""No unmet deadline without somebody who answers for it, and none that nobody was told of."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet

from accounts.models import Agency
from orders.models import (
    Checkpoint,
    CheckpointState,
    Concern,
    Deadline,
    DeadlineState,
    Event,
    FollowUp,
    HandOver,
    Order,
)
from orders.rules.rulebook import Purpose
from orders.services.bulk import insert
from orders.services.offers import withdraw_offers
from orders.services.queue import BYSTANDERS
from orders.services.upkeep import giving_way, replan_cases

#: Overdue deadlines looked at, and where needed seen to, in one transaction.
BATCH = 200
#: How long one call goes on before it leaves the rest to the next.
BUDGET = timedelta(seconds=15)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the check found and saw to: follow-ups opened, follow-ups given to an owner who sees the order,
    checks armed. `untold` are overdue, and their rules have no check by which anybody could be told.

    `after` is where the next call goes on, None where all was looked at.
    """

    opened: int = 0
    given: int = 0
    armed: int = 0
    untold: int = 0
    after: int | None = None

    def __add__(self, other: Found) -> Found:
        """Both together; it goes on where the other ended."""
        return Found(
            opened=self.opened + other.opened,
            given=self.given + other.given,
            armed=self.armed + other.armed,
            untold=self.untold + other.untold,
            after=other.after,
        )


def check_unowned(*, now: datetime, after: int = 0) -> Found:
    """Every overdue deadline (from the key `after` on) has an open follow-up whose owner sees the order, and
    a check of its current revision has fired or is about to; as many as `BUDGET` allows.

    Safe to stop and to run beside itself. What somebody holds at that moment is left for the next time.
    """
    total, began = Found(after=after), time.monotonic()
    while total.after is not None and time.monotonic() - began < BUDGET.total_seconds():
        total += _check_batch(total.after, now)
    return total


def _check_batch(after: int, now: datetime) -> Found:
    overdue = Deadline.objects.filter(state=DeadlineState.OVERDUE, pk__gt=after).order_by("pk")
    keys = list(overdue.values_list("pk", flat=True)[:BATCH])
    goes_on = keys[-1] if len(keys) == BATCH else None
    amiss = list(_amiss(keys).values_list("pk", "order__case"))
    found = Found(after=goes_on)
    if amiss:
        with giving_way():
            orders = replan_cases({case for _, case in amiss}, now=now, tells_late=True)
            found = _see_to([pk for pk, _ in amiss], orders, now) + found
    return found


def _amiss(keys: Collection[int]) -> QuerySet[Deadline]:
    """Those of the deadlines without a follow-up, with one whose owner lost sight, or without a check."""
    tasks = FollowUp.objects.filter(deadline=OuterRef("pk"), closed_at=None)
    return Deadline.objects.filter(
        ~Exists(tasks) | Exists(_out_of_sight(tasks)) | ~Exists(_checks()), pk__in=keys
    )


def _out_of_sight(tasks: QuerySet[FollowUp]) -> QuerySet[FollowUp]:
    """Those whose order is no business of their owner's any more: the respondent lives elsewhere now."""
    return tasks.filter(~Exists(Concern.objects.filter(order=OuterRef("order"), agency=OuterRef("owner"))))


def _checks() -> QuerySet[Checkpoint]:
    """The checks of a deadline, as it stands now, that fired or will."""
    return Checkpoint.objects.filter(
        deadline=OuterRef("pk"),
        revision=OuterRef("revision"),
        purpose=Purpose.CHECK.value,
        state__in=[CheckpointState.PENDING, CheckpointState.FIRED],
    )


def _see_to(keys: Collection[int], orders: Iterable[Order], now: datetime) -> Found:
    """What the plan did not already put right; with the cases locked and planned anew."""
    mine = {one.pk: one for one in orders}
    rows = list(
        Deadline.objects.filter(pk__in=keys, order__in=mine, state=DeadlineState.OVERDUE)
        .annotate(is_checked=Exists(_checks()))
        .order_by("pk")
    )
    owners = _owners(rows, mine)
    opened = _open_tasks(rows, owners, now)
    given = _give(rows, owners, now)
    insert([*opened, *given])
    armed = Checkpoint.objects.filter(
        deadline__in=[one.pk for one in rows],
        state=CheckpointState.PENDING,
        purpose=Purpose.CHECK.value,
        fires_at__lte=now,
    )
    return Found(
        opened=len(opened),
        given=len(given),
        armed=armed.count(),
        untold=sum(not one.is_checked for one in rows),
    )


def _owners(rows: Iterable[Deadline], orders: dict[int, Order]) -> dict[int, int]:
    """For each deadline the agency (by key) that answers for it, chosen as FIRE chooses: the first that its
    check tells, else the court."""
    audiences: dict[int, list[str]] = dict(
        Checkpoint.objects.filter(
            deadline__in=[one.pk for one in rows],
            revision=F("deadline__revision"),
            purpose=Purpose.CHECK.value,
        )
        .order_by("-fires_at")
        .values_list("deadline", "audience")
    )
    concerns: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    found = Concern.objects.filter(order__in={one.order_id for one in rows})
    for order, capacity, agency in found.values_list("order", "capacity", "agency"):
        concerns[order].append((capacity, agency))
    owners = {}
    for row in rows:
        audience = audiences.get(row.pk, [])
        told = [
            (audience.index(capacity), agency)
            for capacity, agency in concerns[row.order_id]
            if capacity in audience and capacity not in BYSTANDERS
        ]
        owners[row.pk] = min(told)[1] if told else orders[row.order_id].case.court_id
    return owners


def _open_tasks(rows: Iterable[Deadline], owners: dict[int, int], now: datetime) -> list[Event]:
    keys = [one.pk for one in rows]
    standing = set(
        FollowUp.objects.filter(deadline__in=keys, closed_at=None).values_list("deadline", flat=True)
    )
    missing = [one for one in rows if one.pk not in standing]
    FollowUp.objects.bulk_create(
        FollowUp(
            deadline=one, order_id=one.order_id, owner_id=owners[one.pk], opened_at=now, next_action_at=now
        )
        for one in missing
    )
    return [_event(one.order_id, "follow_up_opened", now, rule=one.rule_id) for one in missing]


def _give(rows: Iterable[Deadline], owners: dict[int, int], now: datetime) -> list[Event]:
    """Gives what its owner no longer sees to whom it would be opened for today; that is an event each."""
    open_tasks = FollowUp.objects.filter(deadline__in=[one.pk for one in rows], closed_at=None)
    lost = list(_out_of_sight(open_tasks).select_related("deadline", "owner").order_by("pk"))
    # Whoever answers for it now decides whom to ask.
    withdraw_offers(HandOver.objects.filter(follow_up__in=lost), now=now)
    agencies = Agency.objects.in_bulk([owners[task.deadline_id] for task in lost])
    events = []
    for task in lost:
        owner = agencies[owners[task.deadline_id]]
        told = {"from": task.owner.name, "to": owner.name}
        events.append(
            _event(task.order_id, "follow_up_given", now, rule=task.deadline.rule_id, hand_over=told)
        )
        task.owner, task.assigned_to = owner, None
    FollowUp.objects.bulk_update(lost, ["owner", "assigned_to"])
    return events


def _event(order: int, kind: str, now: datetime, **data: Any) -> Event:
    return Event(order_id=order, kind=kind, occurred_at=now, data=data)
