"""The deadlines about the surrender of firearms, and which one of an order matters most."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache

from orders.models import RUNNING, Deadline, DeadlineState
from orders.services.planning.rulebooks import bundled


@cache
def surrender_rules() -> frozenset[str]:
    """Return the ids of the rules that are met only when everything is accounted for."""
    return frozenset(id_ for id_, rule in bundled().by_id.items() if any(one.complete for one in rule.met_by))


def surrender_deadline(deadlines: Iterable[Deadline], now: datetime) -> Deadline | None:
    """Return the surrender deadline that matters most at `now`.

    An overdue one comes first, then the next that is due, then one that waits for service or for a fact, then
    the latest that was met. Returns None if no rule about surrender applies.
    """
    found = [
        one for one in deadlines if one.rule_id in surrender_rules() and one.state != DeadlineState.WITHDRAWN
    ]
    return min(found, key=lambda one: _rank(one, now), default=None)


def _rank(deadline: Deadline, now: datetime) -> tuple[int, float]:
    due = deadline.due_at.timestamp() if deadline.due_at else 0.0
    if deadline.is_overdue(now):
        return 0, due
    if deadline.state in RUNNING:
        return 1, due
    if deadline.state in (DeadlineState.NOT_STARTED, DeadlineState.CANNOT_COMPUTE):
        return 2, due
    return 3, -due
