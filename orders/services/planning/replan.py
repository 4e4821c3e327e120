"""Declare, then reconcile: make the plan from the facts and bring the rows into agreement with it.

Service, extension, continuance, vacatur, the correction of a typing error and a change of law all take this
path. No code cancels a reminder: what the plan no longer has is withdrawn, what moved is moved, and what had
fired already is armed again as a new revision.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.dispatch import Signal

from orders.models import (
    ALERTABLE,
    Case,
    Checkpoint,
    CheckpointState,
    Deadline,
    DeadlineState,
    Order,
)
from orders.rules.announcements import announce
from orders.rules.plan import plan
from orders.rules.planned import Clock, PlannedCheckpoint, PlannedDeadline, Status
from orders.rules.vocabulary import Anchor, Purpose
from orders.services.bulk import make
from orders.services.planning.announced import is_announcement, is_recent, reconcile_announcements
from orders.services.planning.load_facts import load_facts
from orders.services.planning.rows import PLANNED, Changes, Key, arm, columns_of
from orders.services.planning.rulebooks import rulebooks_of
from orders.services.planning.urgency import write_urgency

#: Sent after the commit of a plan that arms a checkpoint already due, so that it fires without a pulse.
armed_due = Signal()


def replan(
    orders: Sequence[Order],
    *,
    now: datetime,
    arm_past_checks: bool = False,
    imported: Mapping[int, bool] | None = None,
) -> dict[int, dict[str, str]]:
    """Plan the orders from their facts and bring their deadlines and checkpoints into agreement.

    Call it in the transaction that changed the facts, with the case rows locked. Returns, by the order's key,
    what became of which deadline: `opened`, `started`, `moved`, `met`, `reopened` or `withdrawn`. What is due
    by then fires as soon as the transaction is committed.

    With `arm_past_checks` a check that was past when it was first planned is armed too, and fires at once.
    `imported` has the orders (by key) that an import brought, False, or changed, True: of these, what
    happened in the last days is announced.
    """
    if not orders:
        return {}
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("replan needs the transaction that changed the facts")
    cases = Case.objects.filter(pk__in={order.case_id for order in orders})
    courts = dict(cases.values_list("pk", "court"))
    rulebooks = rulebooks_of(courts.values())
    facts = load_facts(orders)
    rows, checkpoints = _lock_rows(orders)
    changes = Changes(now=now, arm_past_checks=arm_past_checks, imported=imported or {})
    for order in orders:
        rulebook = rulebooks[courts[order.case_id]]
        # An order entered in error plans nothing.
        current = () if order.withdrawn_at else plan(facts[order.pk], rulebook)
        planned = {(one.rule.id, one.occurrence): one for one in current}
        news = () if order.withdrawn_at else announce(facts[order.pk], rulebook)
        own, announced = _apart(rows[order.pk])
        _reconcile(order, planned, own, checkpoints, changes)
        reconcile_announcements(order, news, announced, checkpoints, changes)
    changes.write()
    deadlines = {order.pk: list(rows[order.pk].values()) for order in orders}
    for row in changes.new_deadlines:
        deadlines[row.order_id].append(row)
    write_urgency(orders, courts, deadlines, now=now)
    if changes.arms_what_is_due():
        # If a receiver fails, the facts are committed all the same, and the pulses fire a second later.
        transaction.on_commit(lambda: armed_due.send(sender=None), robust=True)
    _mark_planned(orders, next(iter(rulebooks.values())).version)
    return changes.words


def _apart(rows: dict[Key, Deadline]) -> tuple[dict[Key, Deadline], dict[Key, Deadline]]:
    """The deadlines, and the rows of announcements."""
    announced = {key: row for key, row in rows.items() if is_announcement(row)}
    return {key: row for key, row in rows.items() if key not in announced}, announced


def _lock_rows(
    orders: Sequence[Order],
) -> tuple[defaultdict[int, dict[Key, Deadline]], defaultdict[int, list[Checkpoint]]]:
    """The stored rows, locked. FIRE skips what is locked here and never waits."""
    ids = [order.pk for order in orders]
    rows: defaultdict[int, dict[Key, Deadline]] = defaultdict(dict)
    deadline_ids = []
    for row in (
        Deadline.with_announcements.select_for_update(no_key=True).filter(order__in=ids).order_by("id")
    ):
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
    planned: dict[Key, PlannedDeadline],
    rows: dict[Key, Deadline],
    checkpoints: dict[int, list[Checkpoint]],
    changes: Changes,
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
            changes.note(row, "withdrawn")
            arm(row, (), checkpoints[row.pk], changes)


def _open(order: Order, planned: PlannedDeadline, changes: Changes) -> None:
    row = make(
        Deadline, order=order, rule_id=planned.rule.id, occurrence=planned.occurrence, **columns_of(planned)
    )
    desired = _to_arm(planned, changes, keep={}, is_new=True)
    _set_state(row, planned, checked=_has_check(desired), now=changes.now)
    changes.new_deadlines.append(row)
    changes.note(row, "opened")
    changes.add_checkpoints(row, desired)


def _follow(row: Deadline, planned: PlannedDeadline, checkpoints: list[Checkpoint], changes: Changes) -> None:
    """Bring a stored row into agreement with the plan."""
    before = (row.state, row.revision, *(getattr(row, name) for name in PLANNED))
    columns = columns_of(planned)
    moved = row.due_at != columns["due_at"]
    was_alertable, opened_at = row.is_alertable, row.opens_at
    for name, value in columns.items():
        setattr(row, name, value)
    fired = {one.name for one in checkpoints if one.is_fired and one.revision == row.revision}
    if (
        fired
        and planned.met is None
        and (moved or not was_alertable or _opens_later(planned, row, opened_at, fired))
    ):
        row.revision += 1
        fired = set()
    is_new = moved or not was_alertable
    desired = () if planned.met else _to_arm(planned, changes, keep=_pending(checkpoints), is_new=is_new)
    desired = tuple(one for one in desired if one.name not in fired)
    was = row.state
    _set_state(row, planned, checked=_has_check(desired), now=changes.now, moved=moved)
    if before == (row.state, row.revision, *(getattr(row, name) for name in PLANNED)):
        if was in ALERTABLE:
            arm(row, desired, checkpoints, changes)
        return
    changes.changed_deadlines.append(row)
    _note_follow(row, was, moved=moved, changes=changes)
    arm(row, desired, checkpoints, changes)


def _opens_later(
    planned: PlannedDeadline, row: Deadline, opened_at: datetime | None, fired: Collection[str]
) -> bool:
    """True if people were notified of an opening that has moved to a later time."""
    if opened_at is None or row.opens_at is None or row.opens_at <= opened_at:
        return False
    return any(one.anchor is Anchor.OPENS and one.name in fired for one in planned.rule.checkpoints)


def _note_follow(row: Deadline, was: str, *, moved: bool, changes: Changes) -> None:
    if row.state == DeadlineState.MET:
        changes.closed_follow_ups[row.pk] = "met"
        if was != DeadlineState.MET:
            changes.note(row, "met")
    elif was in (DeadlineState.MET, DeadlineState.WITHDRAWN):
        changes.note(row, "reopened")
    elif was in (DeadlineState.NOT_STARTED, DeadlineState.CANNOT_COMPUTE) and row.due_at is not None:
        changes.note(row, "started")
    elif moved:
        changes.note(row, "moved")
        if row.state == DeadlineState.OPEN and row.due_at is not None and row.due_at > changes.now:
            changes.closed_follow_ups[row.pk] = "moved"


def _pending(checkpoints: Iterable[Checkpoint]) -> dict[str, datetime]:
    """When the checkpoints that wait fire, by name."""
    return {one.name: one.fires_at for one in checkpoints if one.state == CheckpointState.PENDING}


def _to_arm(
    planned: PlannedDeadline, changes: Changes, *, keep: Mapping[str, datetime], is_new: bool
) -> tuple[PlannedCheckpoint, ...]:
    """The checkpoints to arm: those that are not past, those pending already, and those that fire late.

    A reminder that is past when it is first planned is left out: a person who enters an old fact needs no
    reminder of it. A check that is past fires at once if a person entered the fact, if its rule has `late`,
    or in an import if it became past in the last days. Otherwise the deadline is marked overdue, and the
    hourly check makes sure that an agency was alerted. What follows a deadline comes late too, once it
    `is_new` (`_late`).
    """
    if planned.met is not None:
        return ()
    found = []
    for one in planned.checkpoints:
        if one.late or one.fires_at >= changes.now:
            found.append(one)
        elif one.purpose is Purpose.ESCALATE and one.name in keep and not is_new:
            found.append(replace(one, fires_at=keep[one.name]))
        elif one.purpose is Purpose.CHECK and _comes_late(one, changes):
            found.append(one)
        elif is_new and _comes_late(one, changes) and (late := _late(planned, one, changes)):
            found.append(late)
        elif one.name in keep:
            found.append(one)
    return tuple(found)


def _comes_late(one: PlannedCheckpoint, changes: Changes) -> bool:
    """True if a person entered what is past, or an import brought it in time."""
    return changes.arm_past_checks or (bool(changes.imported) and is_recent(one, changes))


def _late(planned: PlannedDeadline, one: PlannedCheckpoint, changes: Changes) -> PlannedCheckpoint | None:
    """Return a past checkpoint as it still comes: what follows the check, the opening, or the end itself.

    An escalation waits from the check, which fires now. An opening counts while the window is open, and the
    end of an order for some days. None for a reminder ahead of the time.
    """
    rule = next(each for each in planned.rule.checkpoints if each.name == one.name)
    if rule.offset.amount < 0:
        return None
    if rule.purpose is Purpose.ESCALATE:
        wait = one.fires_at - planned.due_at if planned.due_at else None
        return None if wait is None else replace(one, fires_at=changes.now + wait)
    if rule.anchor is Anchor.OPENS:
        is_over = planned.due_at is not None and planned.due_at <= changes.now
    else:
        is_over = planned.rule.starts == "expiry" and not is_recent(one, changes)
    return None if is_over else one


def _has_check(checkpoints: Iterable[PlannedCheckpoint]) -> bool:
    return any(one.purpose is Purpose.CHECK for one in checkpoints)


def _set_state(
    row: Deadline, planned: PlannedDeadline, *, checked: bool, now: datetime, moved: bool = False
) -> None:
    """Set the state that follows from the plan.

    FIRE marks overdue deadlines; a deadline without a check left to fire is marked here.
    """
    status = planned.status(now)
    if status in (Status.MET_ON_TIME, Status.MET_LATE):
        row.state = DeadlineState.MET
    elif planned.clock is Clock.CANNOT_COMPUTE:
        row.state = DeadlineState.CANNOT_COMPUTE
    elif planned.due is None:
        row.state = DeadlineState.NOT_STARTED
    elif not planned.rule.has_duty:
        row.state = DeadlineState.ENDS
    elif row.state != DeadlineState.OVERDUE or moved:
        past = status is Status.OVERDUE and _has_check(planned.checkpoints) and not checked
        row.state = DeadlineState.OVERDUE if past else DeadlineState.OPEN
    if row.state != DeadlineState.OVERDUE:
        row.overdue_at = None
    elif row.overdue_at is None:
        row.overdue_at = now
