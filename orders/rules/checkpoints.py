"""Plan when to look at a deadline: the moments of its rule's checkpoints."""

from __future__ import annotations

from orders.rules.counting import day_after
from orders.rules.court_time import add_elapsed_hours, at_wall
from orders.rules.jurisdiction import Jurisdiction
from orders.rules.model import CheckpointRule, Rule
from orders.rules.planned import Moment, PlannedCheckpoint
from orders.rules.vocabulary import Anchor, Unit


def planned_checkpoints(
    rule: Rule, opens: Moment | None, due: Moment | None, jurisdiction: Jurisdiction
) -> tuple[PlannedCheckpoint, ...]:
    """Return the checkpoints whose moment is known."""
    found: list[PlannedCheckpoint] = []
    for one in rule.checkpoints:
        moment = opens if one.anchor is Anchor.OPENS else due
        if moment is not None:
            found.append(_checkpoint(one, moment, jurisdiction))
    return tuple(found)


def _checkpoint(checkpoint: CheckpointRule, moment: Moment, jurisdiction: Jurisdiction) -> PlannedCheckpoint:
    offset = checkpoint.offset
    if offset.unit is not Unit.ELAPSED_HOURS:
        day = day_after(moment.day(jurisdiction), offset, jurisdiction)
        fires_at = at_wall(day, checkpoint.clock, jurisdiction.zone)
    elif checkpoint.anchor is Anchor.OPENS:
        fires_at = add_elapsed_hours(moment.begins_at(jurisdiction), offset.amount)
    else:
        fires_at = add_elapsed_hours(moment.over_at(jurisdiction), offset.amount)
    return PlannedCheckpoint(
        name=checkpoint.name,
        purpose=checkpoint.purpose,
        fires_at=fires_at,
        audience=checkpoint.audience,
        late=checkpoint.late,
    )
