"""What an act changed in the deadlines, in a sentence for the message after it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from orders.display import due_words
from orders.models import Deadline, DeadlineState, HistoryEntry
from orders.services.court_days import zone_of
from orders.views.court.words import step_of

#: So many deadlines are named; the page of the order has all.
MOST_NAMED = 3

_ENDS = {
    DeadlineState.MET: "met",
    DeadlineState.WITHDRAWN: "withdrawn",
    DeadlineState.CANNOT_COMPUTE: "a fact is missing",
}


def moved_words(entries: Iterable[HistoryEntry], now: datetime) -> str:
    """Return which deadlines the act changed that appended these entries, if any."""
    keys = {(one.order_id, *_key(name)) for one in entries for name in one.data.get("deadlines", {})}
    rows = Deadline.objects.filter(order__in={order for order, _, _ in keys}).select_related("order__case")
    changed = [
        one
        for one in rows.order_by("due_at", "id")
        if (one.order_id, one.rule_id, one.occurrence) in keys and one.state != DeadlineState.NOT_STARTED
    ]
    if not changed:
        return "No deadline changed."
    named = [f"{step_of(one.rule_id).words} ({_state(one, now)})" for one in changed[:MOST_NAMED]]
    rest = len(changed) - len(named)
    more = f" and {rest} more" if rest else ""
    return f"Changed deadline{'s' * (len(changed) != 1)}: {', '.join(named)}{more}."


def _key(name: str) -> tuple[str, str]:
    rule, _, occurrence = name.partition("/")
    return rule, occurrence


def _state(deadline: Deadline, now: datetime) -> str:
    if words := _ENDS.get(DeadlineState(deadline.state)):
        return words
    due = due_words(deadline, zone_of(deadline.order))
    return f"overdue since {due}" if deadline.is_overdue(now) else f"due {due}"
