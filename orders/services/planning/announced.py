"""Announcements in the database: bring their rows and checkpoints into agreement with the plan.

A row stays `ANNOUNCED` while its event is recorded: alerts about it are sent only until then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from orders.models import NOT_DEADLINES, Checkpoint, CheckpointState, Deadline, DeadlineState, Order
from orders.rules.announcements import is_first, waiting_from
from orders.rules.planned import Moment, PlannedCheckpoint, PlannedDeadline
from orders.services.bulk import make
from orders.services.planning.rows import PLANNED, TAKEN_BACK, Changes, Key, arm, columns_of

#: What an import brings is news if it happened no longer ago.
IMPORT_NEWS = timedelta(days=7)


def is_recent(one: PlannedCheckpoint, changes: Changes) -> bool:
    """True if what an import brought is still news: a first import holds years of orders."""
    return one.fires_at >= changes.now - IMPORT_NEWS


def is_announcement(row: Deadline) -> bool:
    """True if the row holds the checkpoints of an announcement."""
    return row.state in NOT_DEADLINES


def reconcile_announcements(
    order: Order,
    planned: Iterable[PlannedDeadline],
    rows: dict[Key, Deadline],
    checkpoints: dict[int, list[Checkpoint]],
    changes: Changes,
) -> None:
    """Open, change and end the order's announcements. What is over is planned no more."""
    current = {(one.rule.id, one.occurrence): one for one in planned}
    for key, one in current.items():
        if (row := rows.get(key)) is None:
            _open(order, one, changes)
        else:
            _follow(row, one, checkpoints[row.pk], changes)
    for key, row in rows.items():
        if key not in current and row.state == DeadlineState.ANNOUNCED:
            row.state = DeadlineState.ANNOUNCED_NO_MORE
            changes.changed_deadlines.append(row)
            changes.note(row, TAKEN_BACK)
            arm(row, (), checkpoints[row.pk], changes)


def _open(order: Order, planned: PlannedDeadline, changes: Changes) -> None:
    row = make(
        Deadline,
        order=order,
        rule_id=planned.rule.id,
        occurrence=planned.occurrence,
        state=DeadlineState.ANNOUNCED,
        **columns_of(planned),
    )
    changes.new_deadlines.append(row)
    changes.add_checkpoints(row, _news(order.pk, planned, changes))


def _follow(row: Deadline, planned: PlannedDeadline, checkpoints: list[Checkpoint], changes: Changes) -> None:
    """Announce again if the event has another day, or is back; otherwise arm what has not fired yet."""
    columns = columns_of(planned)
    changed = {name for name, value in columns.items() if getattr(row, name) != value}
    is_new = row.state != DeadlineState.ANNOUNCED or "due_at" in changed
    if changed or is_new:
        for name in PLANNED:
            setattr(row, name, columns[name])
        row.state = DeadlineState.ANNOUNCED
        changes.changed_deadlines.append(row)
    fired = {one.name for one in checkpoints if one.is_fired and one.revision == row.revision}
    if is_new:
        row.revision += bool(fired)
        arm(row, _news(row.order_id, planned, changes), checkpoints, changes)
    else:
        pending = {one.name: one for one in checkpoints if one.state == CheckpointState.PENDING}
        arm(row, _left(planned, pending, fired, changes), checkpoints, changes)


def _news(order: int, planned: PlannedDeadline, changes: Changes) -> Iterable[PlannedCheckpoint]:
    """What is ahead, and what was entered now and is news still: that fires now, or waits from now on."""
    return [
        replace(one, fires_at=_late(planned, one, changes) if one.fires_at < changes.now else one.fires_at)
        for one in planned.checkpoints
        if (one.fires_at >= changes.now and not one.waits_from_entry)
        or _is_news(order, planned, one, changes)
    ]


def _late(planned: PlannedDeadline, one: PlannedCheckpoint, changes: Changes) -> datetime:
    """Return when a past notice fires: now, or when those who hear of the event now had time to act."""
    return waiting_from(planned, one.name, changes.now) or changes.now


def _is_news(order: int, planned: PlannedDeadline, one: PlannedCheckpoint, changes: Changes) -> bool:
    """True if a person entered the past event while it is news.

    Of what an import brought, only what happened in the last days is: a first import holds years. What is set
    ahead, such as a hearing, is news of an order that was here before, until its day; else as long as the
    order itself.
    """
    if one.news_until is None or changes.now >= one.news_until:
        return False
    if changes.arm_past_checks or order not in changes.imported:
        return changes.arm_past_checks
    start = planned.start
    if start is not None and start.is_set_ahead and changes.imported[order] and is_first(planned, one.name):
        return True
    if start is not None and one.waits_from_entry:
        one = replace(one, fires_at=Moment(at=start.at, on=start.on).begins_at(planned.jurisdiction))
    return is_recent(one, changes)


def _left(
    planned: PlannedDeadline, pending: Mapping[str, Checkpoint], fired: Collection[str], changes: Changes
) -> Iterable[PlannedCheckpoint]:
    """What has not fired: what is ahead, and what waits already, at its instant."""
    for one in planned.checkpoints:
        if one.name in fired:
            continue
        stored = pending.get(one.name)
        if one.fires_at >= changes.now and (stored or not one.waits_from_entry):
            yield one
        elif stored:
            yield replace(one, fires_at=stored.fires_at)
