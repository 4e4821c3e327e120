"""Declare, then reconcile: the plan the facts give, and the rows brought into agreement with it.

This one path serves service, extension, continuance, vacatur, the correction of a typing error and a change
of law. Nothing “cancels a reminder”: what the plan no longer has is withdrawn, what moved is moved, and what
had already fired is armed again as a new revision.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.dispatch import Signal

from orders.models import (
    Case,
    Checkpoint,
    CheckpointState,
    Deadline,
    DeadlineState,
    FollowUp,
    HandOver,
    Order,
)
from orders.rules.plan import Clock, Moment, Planned, PlannedCheckpoint, Status, plan
from orders.rules.rulebook import Purpose
from orders.services.bulk import insert, make
from orders.services.calendar import rulebooks_of
from orders.services.known import facts_of
from orders.services.offers import withdraw_offers

#: A deadline's name within its order: the rule and the occurrence.
Key = tuple[str, str]

#: Sent after the commit of a plan that arms what is due already: nobody need wait for a pulse to find it.
armed_due = Signal()

#: The columns that a plan decides.
_PLANNED = (
    "value_effective",
    "opens_at",
    "opens_on",
    "due_at",
    "due_on",
    "alternative_on",
    "last_open_day",
    "closed_day_moves_to",
    "met_at",
    "met_in_time",
    "certainty",
    "mark",
    "missing",
)
_CHANGED = (*_PLANNED, "revision", "state", "overdue_at")


@dataclass
class _Changes:
    """What brings the rows into agreement, gathered over many orders and written in few statements."""

    now: datetime
    #: Whether checks that were past when they were first planned are armed after all.
    tells_late: bool = False
    new_deadlines: list[Deadline] = field(default_factory=list)
    changed_deadlines: list[Deadline] = field(default_factory=list)
    new_checkpoints: list[Checkpoint] = field(default_factory=list)
    changed_checkpoints: list[Checkpoint] = field(default_factory=list)
    closed_follow_ups: dict[int, str] = field(default_factory=dict)
    told: defaultdict[int, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def tell(self, deadline: Deadline, word: str) -> None:
        """Notes for the event what became of the deadline."""
        key = f"{deadline.rule_id}/{deadline.occurrence}" if deadline.occurrence else deadline.rule_id
        self.told[deadline.order_id][key] = word

    def write(self) -> None:
        """Writes all of it."""
        insert(self.new_deadlines)
        Deadline.objects.bulk_update(self.changed_deadlines, _CHANGED, batch_size=500)
        insert(self.new_checkpoints)
        Checkpoint.objects.bulk_update(
            self.changed_checkpoints, ["audience", "fires_at", "planned_at", "state"], batch_size=500
        )
        by_outcome: defaultdict[str, list[int]] = defaultdict(list)
        for deadline_id, outcome in self.closed_follow_ups.items():
            by_outcome[outcome].append(deadline_id)
        for outcome, ids in by_outcome.items():
            FollowUp.objects.filter(deadline__in=ids, closed_at=None).update(
                closed_at=self.now, outcome=outcome
            )
        if self.closed_follow_ups:
            closed = HandOver.objects.filter(follow_up__deadline__in=self.closed_follow_ups)
            withdraw_offers(closed, now=self.now)

    def arms_what_is_due(self) -> bool:
        """True when something is to fire at once."""
        return any(
            one.state == CheckpointState.PENDING and one.fires_at <= self.now
            for one in (*self.new_checkpoints, *self.changed_checkpoints)
        )


def replan(orders: Sequence[Order], *, now: datetime, tells_late: bool = False) -> dict[int, dict[str, str]]:
    """Plans the orders from their facts and brings their deadlines and checkpoints into agreement.

    To be called inside the transaction that changed the facts, with the case rows locked. Answers, for each
    order, what became of which deadline: `opened`, `started`, `moved`, `met`, `reopened`, `withdrawn`.
    What is due by then fires as soon as it is committed.

    With `tells_late` a check that was past when it was first planned is armed too, and fires at once.
    """
    if not orders:
        return {}
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("replan needs the transaction that changed the facts")
    cases = Case.objects.filter(pk__in={order.case_id for order in orders})
    courts = dict(cases.values_list("pk", "court"))
    rulebooks = rulebooks_of(courts.values())
    facts = facts_of(orders)
    rows, checkpoints = _standing(orders)
    changes = _Changes(now=now, tells_late=tells_late)
    for order in orders:
        rulebook = rulebooks[courts[order.case_id]]
        planned = {(one.rule.id, one.occurrence): one for one in plan(facts[order.pk], rulebook)}
        _reconcile(order, planned, rows[order.pk], checkpoints, changes)
    changes.write()
    if changes.arms_what_is_due():
        # Whatever goes wrong there, the facts are committed, and the pulses fire a second later.
        transaction.on_commit(lambda: armed_due.send(sender=None), robust=True)
    _mark_planned(orders, next(iter(rulebooks.values())).version)
    return changes.told


def _standing(
    orders: Sequence[Order],
) -> tuple[defaultdict[int, dict[Key, Deadline]], defaultdict[int, list[Checkpoint]]]:
    """The rows as they stand, locked: FIRE passes over what is locked here, and waits for nothing."""
    ids = [order.pk for order in orders]
    rows: defaultdict[int, dict[Key, Deadline]] = defaultdict(dict)
    deadline_ids = []
    for row in Deadline.objects.select_for_update(no_key=True).filter(order__in=ids).order_by("id"):
        rows[row.order_id][row.rule_id, row.occurrence] = row
        deadline_ids.append(row.pk)
    checkpoints: defaultdict[int, list[Checkpoint]] = defaultdict(list)
    if deadline_ids:
        found = Checkpoint.objects.select_for_update(no_key=True).filter(deadline__in=deadline_ids)
        for checkpoint in found.order_by("id"):
            checkpoints[checkpoint.deadline_id].append(checkpoint)
    return rows, checkpoints


def _mark_planned(orders: Iterable[Order], version: str) -> None:
    older = [order for order in orders if order.planned_with != version]
    for order in older:
        order.planned_with = version
    if older:
        Order.objects.filter(pk__in=[order.pk for order in older]).update(planned_with=version)


def _reconcile(
    order: Order,
    planned: dict[Key, Planned],
    rows: dict[Key, Deadline],
    checkpoints: dict[int, list[Checkpoint]],
    changes: _Changes,
) -> None:
    for key, one in planned.items():
        row = rows.get(key)
        if row is None:
            _open(order, one, changes)
        else:
            _follow(row, one, checkpoints[row.pk], changes)
    for key, row in rows.items():
        if key not in planned and row.state != DeadlineState.WITHDRAWN:
            row.state = DeadlineState.WITHDRAWN
            changes.changed_deadlines.append(row)
            changes.closed_follow_ups[row.pk] = "withdrawn"
            changes.tell(row, "withdrawn")
            _arm(row, (), checkpoints[row.pk], changes)


def _open(order: Order, planned: Planned, changes: _Changes) -> None:
    row = make(
        Deadline, order=order, rule_id=planned.rule.id, occurrence=planned.occurrence, **_columns(planned)
    )
    desired = _to_arm(planned, changes)
    _set_state(row, planned, checked=_has_check(desired), now=changes.now)
    changes.new_deadlines.append(row)
    changes.tell(row, "opened")
    changes.new_checkpoints.extend(_new_checkpoint(row, one) for one in desired)


def _follow(row: Deadline, planned: Planned, checkpoints: list[Checkpoint], changes: _Changes) -> None:
    """Brings a standing row to where the plan has it."""
    before = (row.state, row.revision, *(getattr(row, name) for name in _PLANNED))
    columns = _columns(planned)
    moved = row.due_at != columns["due_at"]
    stood = row.state in (DeadlineState.OPEN, DeadlineState.OVERDUE)
    for name, value in columns.items():
        setattr(row, name, value)
    fired = {one.name for one in checkpoints if one.is_fired and one.revision == row.revision}
    if fired and planned.met is None and (moved or not stood):
        row.revision += 1
        fired = set()
    desired = () if planned.met else _to_arm(planned, changes, keep=_pending(checkpoints))
    desired = tuple(one for one in desired if one.name not in fired)
    was = row.state
    _set_state(row, planned, checked=_has_check(desired), now=changes.now, moved=moved)
    if before == (row.state, row.revision, *(getattr(row, name) for name in _PLANNED)):
        if was in (DeadlineState.OPEN, DeadlineState.OVERDUE):
            _arm(row, desired, checkpoints, changes)
        return
    changes.changed_deadlines.append(row)
    _tell_follow(row, was, moved=moved, changes=changes)
    _arm(row, desired, checkpoints, changes)


def _tell_follow(row: Deadline, was: str, *, moved: bool, changes: _Changes) -> None:
    if row.state == DeadlineState.MET:
        changes.closed_follow_ups[row.pk] = "met"
        if was != DeadlineState.MET:
            changes.tell(row, "met")
    elif was in (DeadlineState.MET, DeadlineState.WITHDRAWN):
        changes.tell(row, "reopened")
    elif was in (DeadlineState.NOT_STARTED, DeadlineState.CANNOT_COMPUTE) and row.due_at is not None:
        changes.tell(row, "started")
    elif moved:
        changes.tell(row, "moved")
        if row.state == DeadlineState.OPEN and row.due_at is not None and row.due_at > changes.now:
            changes.closed_follow_ups[row.pk] = "moved"


def _pending(checkpoints: Iterable[Checkpoint]) -> frozenset[str]:
    return frozenset(one.name for one in checkpoints if one.state == CheckpointState.PENDING)


def _to_arm(
    planned: Planned, changes: _Changes, keep: frozenset[str] = frozenset()
) -> tuple[PlannedCheckpoint, ...]:
    """The checkpoints that are to stand: those ahead, those pending already, and those that fire late.

    One that is past when it is first planned is left out where its rule does not say `late`: whoever enters
    an old fact needs no reminder of it, and the deadline is marked overdue at once. Whether anybody was told
    is for the hourly check to see to.
    """
    if planned.met is not None:
        return ()
    return tuple(
        one
        for one in planned.checkpoints
        if one.late
        or one.name in keep
        or one.fires_at > changes.now
        or (changes.tells_late and one.purpose is Purpose.CHECK)
    )


def _has_check(checkpoints: Iterable[PlannedCheckpoint]) -> bool:
    return any(one.purpose is Purpose.CHECK for one in checkpoints)


def _set_state(row: Deadline, planned: Planned, *, checked: bool, now: datetime, moved: bool = False) -> None:
    """The state the plan gives. FIRE marks overdue; where no check is left to fire, it is marked here."""
    status = planned.status(now)
    if status in (Status.MET_ON_TIME, Status.MET_LATE):
        row.state = DeadlineState.MET
    elif planned.clock is Clock.CANNOT_COMPUTE:
        row.state = DeadlineState.CANNOT_COMPUTE
    elif planned.due is None:
        row.state = DeadlineState.NOT_STARTED
    elif row.state != DeadlineState.OVERDUE or moved:
        past = status is Status.OVERDUE and _has_check(planned.checkpoints) and not checked
        row.state = DeadlineState.OVERDUE if past else DeadlineState.OPEN
    if row.state != DeadlineState.OVERDUE:
        row.overdue_at = None
    elif row.overdue_at is None:
        row.overdue_at = now


def _arm(
    row: Deadline,
    desired: Iterable[PlannedCheckpoint],
    checkpoints: Iterable[Checkpoint],
    changes: _Changes,
) -> None:
    """Brings the checkpoints of the row's revision to those desired; withdraws every other pending one."""
    wanted = {one.name: one for one in desired}
    for checkpoint in checkpoints:
        one = wanted.get(checkpoint.name) if checkpoint.revision == row.revision else None
        if one is None:
            if checkpoint.state == CheckpointState.PENDING:
                checkpoint.state = CheckpointState.WITHDRAWN
                changes.changed_checkpoints.append(checkpoint)
            continue
        del wanted[checkpoint.name]
        if checkpoint.is_fired:
            continue
        stands = (checkpoint.state, checkpoint.fires_at, checkpoint.audience)
        if stands != (CheckpointState.PENDING, one.fires_at, list(one.audience)):
            checkpoint.state = CheckpointState.PENDING
            checkpoint.fires_at = one.fires_at
            checkpoint.audience = list(one.audience)
            checkpoint.planned_at = changes.now
            changes.changed_checkpoints.append(checkpoint)
    changes.new_checkpoints.extend(_new_checkpoint(row, one) for one in wanted.values())


def _new_checkpoint(row: Deadline, one: PlannedCheckpoint) -> Checkpoint:
    return make(
        Checkpoint,
        deadline=row,
        name=one.name,
        revision=row.revision,
        purpose=one.purpose.value,
        audience=list(one.audience),
        fires_at=one.fires_at,
    )


def _columns(planned: Planned) -> dict[str, Any]:
    jurisdiction = planned.jurisdiction
    return {
        "value_effective": planned.value.effective,
        "opens_at": planned.opens.begins_at(jurisdiction) if planned.opens else None,
        "opens_on": planned.opens.on if planned.opens else None,
        "due_at": planned.due_at,
        "due_on": planned.due.on if planned.due else None,
        "alternative_on": planned.alternative_on,
        "last_open_day": planned.last_open_day,
        "closed_day_moves_to": planned.closed_day_moves_to,
        "met_at": _instant(planned.met, planned),
        "met_in_time": planned.met_in_time,
        "certainty": planned.rule.certainty.value,
        "mark": planned.value.mark.value,
        "missing": list(planned.missing),
    }


def _instant(moment: Moment | None, planned: Planned) -> datetime | None:
    return moment.begins_at(planned.jurisdiction) if moment else None
