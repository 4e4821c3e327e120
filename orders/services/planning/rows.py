"""Stored deadlines and checkpoints: what a plan changes in them, collected and written in few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orders.models import Checkpoint, CheckpointState, Deadline, FollowUp, Transfer
from orders.rules.explain import missing_facts
from orders.rules.planned import Moment, PlannedCheckpoint, PlannedDeadline
from orders.services.bulk import insert, make, update
from orders.services.open_transfers import withdraw_offers

#: Identifies a deadline within its order: the rule and the occurrence.
Key = tuple[str, str]

#: The columns that a plan sets.
PLANNED = (
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
    "proof",
    "certainty",
    "source_status",
    "missing",
)
#: What became of an announcement whose event is gone; the history does not show it.
TAKEN_BACK = "taken_back"
_CHANGED = (*PLANNED, "revision", "state", "overdue_at")


@dataclass
class Changes:
    """The changes to the rows of many orders, collected here and written in few statements."""

    now: datetime
    #: True to arm also checks that were past when they were first planned.
    arm_past_checks: bool = False
    #: The orders (by key) that an import brought or changed: True for those that were here before.
    imported: Mapping[int, bool] = field(default_factory=dict)
    new_deadlines: list[Deadline] = field(default_factory=list)
    changed_deadlines: list[Deadline] = field(default_factory=list)
    new_checkpoints: list[Checkpoint] = field(default_factory=list)
    changed_checkpoints: list[Checkpoint] = field(default_factory=list)
    closed_follow_ups: dict[int, str] = field(default_factory=dict)
    words: defaultdict[int, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def note(self, deadline: Deadline, word: str) -> None:
        """Note for the history what became of the deadline."""
        key = f"{deadline.rule_id}/{deadline.occurrence}" if deadline.occurrence else deadline.rule_id
        self.words[deadline.order_id][key] = word

    def add_checkpoints(self, row: Deadline, wanted: Iterable[PlannedCheckpoint]) -> None:
        """Add checkpoints to the row, in its revision."""
        self.new_checkpoints.extend(_new_checkpoint(row, one) for one in wanted)

    def write(self) -> None:
        """Write all changes."""
        insert(self.new_deadlines)
        update(self.changed_deadlines, _CHANGED)
        insert(self.new_checkpoints)
        update(self.changed_checkpoints, ("audience", "fires_at", "planned_at", "state", "needs_answer"))
        by_outcome: defaultdict[str, list[int]] = defaultdict(list)
        for deadline_id, outcome in self.closed_follow_ups.items():
            by_outcome[outcome].append(deadline_id)
        for outcome, ids in by_outcome.items():
            FollowUp.objects.filter(deadline__in=ids, closed_at=None).update(
                closed_at=self.now, outcome=outcome
            )
        if self.closed_follow_ups:
            closed = Transfer.objects.filter(follow_up__deadline__in=self.closed_follow_ups)
            withdraw_offers(closed, now=self.now)

    def arms_what_is_due(self) -> bool:
        """True if a checkpoint is to fire at once."""
        return any(
            one.state == CheckpointState.PENDING and one.fires_at <= self.now
            for one in (*self.new_checkpoints, *self.changed_checkpoints)
        )


def arm(
    row: Deadline,
    desired: Iterable[PlannedCheckpoint],
    checkpoints: Iterable[Checkpoint],
    changes: Changes,
) -> None:
    """Arm the desired checkpoints in the row's revision and withdraw every other pending one."""
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
        stored = (checkpoint.state, checkpoint.fires_at, checkpoint.audience, checkpoint.needs_answer)
        if stored != (CheckpointState.PENDING, one.fires_at, list(one.audience), one.needs_answer):
            checkpoint.state = CheckpointState.PENDING
            checkpoint.fires_at = one.fires_at
            checkpoint.audience = list(one.audience)
            checkpoint.planned_at = changes.now
            checkpoint.needs_answer = one.needs_answer
            changes.changed_checkpoints.append(checkpoint)
    changes.add_checkpoints(row, wanted.values())


def _new_checkpoint(row: Deadline, one: PlannedCheckpoint) -> Checkpoint:
    return make(
        Checkpoint,
        deadline=row,
        name=one.name,
        revision=row.revision,
        purpose=one.purpose.value,
        audience=list(one.audience),
        fires_at=one.fires_at,
        needs_answer=one.needs_answer,
    )


def columns_of(planned: PlannedDeadline) -> dict[str, Any]:
    """The columns of `PLANNED` with the values of a plan."""
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
        "proof": planned.proof or "",
        "certainty": planned.certainty.value,
        "source_status": planned.value.source_status.value,
        "missing": list(missing_facts(planned)),
    }


def _instant(moment: Moment | None, planned: PlannedDeadline) -> datetime | None:
    return moment.begins_at(planned.jurisdiction) if moment else None
