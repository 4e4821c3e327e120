"""The hourly check: every overdue deadline has an owner, and an agency was alerted of it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet

from accounts.isolation import isolated
from accounts.models import Agency
from orders.models import (
    Checkpoint,
    CheckpointState,
    Deadline,
    DeadlineState,
    FollowUp,
    HistoryEntry,
    Order,
    OrderAgency,
    Transfer,
)
from orders.rules.vocabulary import Purpose
from orders.services.bulk import insert
from orders.services.follow_ups.queue import NOTIFY_ONLY
from orders.services.open_transfers import withdraw_offers
from orders.services.planning.replan_stale import giving_way, replan_cases

#: Overdue deadlines checked in one transaction.
BATCH = 200
#: The longest time of one call; the next call takes the rest.
BUDGET = timedelta(seconds=15)


@dataclass(frozen=True, kw_only=True)
class Repairs:
    """The repairs of the check: follow-ups opened, follow-ups reassigned to an owner who sees the order, and
    checks armed. `without_check` counts overdue deadlines whose rules have no check to alert with.

    `after` is the key at which the next call continues; None if all deadlines were checked.
    """

    opened: int = 0
    reassigned: int = 0
    armed: int = 0
    without_check: int = 0
    after: int | None = None

    def __add__(self, other: Repairs) -> Repairs:
        """The sum, which continues where `other` ended."""
        return Repairs(
            opened=self.opened + other.opened,
            reassigned=self.reassigned + other.reassigned,
            armed=self.armed + other.armed,
            without_check=self.without_check + other.without_check,
            after=other.after,
        )


def check_orphaned(*, now: datetime, after: int = 0) -> Repairs:
    """Give every overdue deadline an open follow-up whose owner sees the order, and a fired or armed check.

    Starts after the key `after` and stops after `BUDGET`. Safe to stop and to run in parallel. Locked cases
    are left for the next run.
    """
    total, began = Repairs(after=after), time.monotonic()
    while total.after is not None and time.monotonic() - began < BUDGET.total_seconds():
        total += _check_batch(total.after, now)
    return total


def _check_batch(after: int, now: datetime) -> Repairs:
    overdue = Deadline.objects.filter(state=DeadlineState.OVERDUE, pk__gt=after).order_by("pk")
    keys = list(overdue.values_list("pk", flat=True)[:BATCH])
    continues_after = keys[-1] if len(keys) == BATCH else None
    broken = list(_broken(keys).values_list("pk", "order__case"))
    done = Repairs(after=continues_after)
    case_of: dict[int, int] = dict(broken)
    if broken:
        with giving_way():

            def repair(some: Sequence[int]) -> Repairs:
                orders = replan_cases({case_of[pk] for pk in some}, now=now, arm_past_checks=True)
                return _repair(some, orders, now)

            for one in isolated("overdue deadline", list(case_of), repair):
                done = one + done
    return done


def _broken(keys: Collection[int]) -> QuerySet[Deadline]:
    """The deadlines without a follow-up, without a check, or whose owner no longer sees the order."""
    tasks = FollowUp.objects.filter(deadline=OuterRef("pk"), closed_at=None)
    return Deadline.objects.filter(
        ~Exists(tasks) | Exists(_with_lost_access(tasks)) | ~Exists(_checks()), pk__in=keys
    )


def _with_lost_access(tasks: QuerySet[FollowUp]) -> QuerySet[FollowUp]:
    """Tasks whose owner was removed from the order, because the respondent moved to another town."""
    return tasks.filter(
        ~Exists(OrderAgency.objects.filter(order=OuterRef("order"), agency=OuterRef("owner")))
    )


def _checks() -> QuerySet[Checkpoint]:
    """The checks of a deadline in its current revision that fired or are pending."""
    return Checkpoint.objects.filter(
        deadline=OuterRef("pk"),
        revision=OuterRef("revision"),
        purpose=Purpose.CHECK.value,
        state__in=[CheckpointState.PENDING, CheckpointState.FIRED],
    )


def _repair(keys: Collection[int], orders: Iterable[Order], now: datetime) -> Repairs:
    """Repair what replanning did not repair. The cases are locked and replanned."""
    mine = {one.pk: one for one in orders}
    rows = list(
        Deadline.objects.filter(pk__in=keys, order__in=mine, state=DeadlineState.OVERDUE)
        .annotate(is_checked=Exists(_checks()))
        .order_by("pk")
    )
    owners = _owners(rows, mine)
    opened = _open_tasks(rows, owners, now)
    reassigned = _reassign(rows, owners, now)
    insert([*opened, *reassigned])
    armed = Checkpoint.objects.filter(
        deadline__in=[one.pk for one in rows],
        state=CheckpointState.PENDING,
        purpose=Purpose.CHECK.value,
        fires_at__lte=now,
    )
    return Repairs(
        opened=len(opened),
        reassigned=len(reassigned),
        armed=armed.count(),
        without_check=sum(not one.is_checked for one in rows),
    )


def _owners(rows: Iterable[Deadline], orders: dict[int, Order]) -> dict[int, int]:
    """The responsible agency (by key) of each deadline, chosen as FIRE chooses.

    It is the first agency that the check alerts, else the court.
    """
    audiences: dict[int, list[str]] = dict(
        Checkpoint.objects.filter(
            deadline__in=[one.pk for one in rows],
            revision=F("deadline__revision"),
            purpose=Purpose.CHECK.value,
        )
        .order_by("-fires_at")
        .values_list("deadline", "audience")
    )
    order_agencies: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    found = OrderAgency.objects.filter(order__in={one.order_id for one in rows})
    for order, capacity, agency in found.values_list("order", "capacity", "agency"):
        order_agencies[order].append((capacity, agency))
    owners = {}
    for row in rows:
        audience = audiences.get(row.pk, [])
        alerted = [
            (audience.index(capacity), agency)
            for capacity, agency in order_agencies[row.order_id]
            if capacity in audience and capacity not in NOTIFY_ONLY
        ]
        owners[row.pk] = min(alerted)[1] if alerted else orders[row.order_id].case.court_id
    return owners


def _open_tasks(rows: Iterable[Deadline], owners: dict[int, int], now: datetime) -> list[HistoryEntry]:
    keys = [one.pk for one in rows]
    existing = set(
        FollowUp.objects.filter(deadline__in=keys, closed_at=None).values_list("deadline", flat=True)
    )
    missing = [one for one in rows if one.pk not in existing]
    FollowUp.objects.bulk_create(
        FollowUp(
            deadline=one, order_id=one.order_id, owner_id=owners[one.pk], opened_at=now, next_action_at=now
        )
        for one in missing
    )
    return [_event(one.order_id, "follow_up_opened", now, rule=one.rule_id) for one in missing]


def _reassign(rows: Iterable[Deadline], owners: dict[int, int], now: datetime) -> list[HistoryEntry]:
    """Reassign tasks that their owner no longer sees, with a history entry for each."""
    open_tasks = FollowUp.objects.filter(deadline__in=[one.pk for one in rows], closed_at=None)
    lost = list(_with_lost_access(open_tasks).select_related("deadline", "owner").order_by("pk"))
    # The new owner decides about offers.
    withdraw_offers(Transfer.objects.filter(follow_up__in=lost), now=now)
    agencies = Agency.objects.in_bulk([owners[task.deadline_id] for task in lost])
    events = []
    for task in lost:
        owner = agencies[owners[task.deadline_id]]
        names = {"from": task.owner.name, "to": owner.name}
        events.append(
            _event(task.order_id, "follow_up_given", now, rule=task.deadline.rule_id, transfer=names)
        )
        task.owner, task.assigned_to = owner, None
    FollowUp.objects.bulk_update(lost, ["owner", "assigned_to"])
    return events


def _event(order: int, kind: str, now: datetime, **data: Any) -> HistoryEntry:
    return HistoryEntry(order_id=order, kind=kind, occurred_at=now, data=data)
