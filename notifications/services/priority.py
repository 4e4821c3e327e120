"""Which waiting alerts are sent first."""

from __future__ import annotations

from notifications.models import Priority
from orders.rules.vocabulary import Purpose
from orders.services.planning.rulebooks import alarm_rules, urgent_news

#: The purposes of alerts that something was not done in time.
PRESSING = (Purpose.CHECK.value, Purpose.ESCALATE.value)


def is_pressing(rule: str, purpose: str) -> bool:
    """True for an overdue surrender by a person believed armed, and for news that someone travels for."""
    if purpose == Purpose.INFORM.value:
        return rule in urgent_news()
    return purpose in PRESSING and rule in alarm_rules()


def priority_of(rule: str, purpose: str) -> Priority:
    """Return the priority of an alert of this rule and purpose; FIRE computes the same."""
    if purpose == Purpose.REMIND.value:
        return Priority.REMINDER
    return Priority.URGENT if is_pressing(rule, purpose) else Priority.NORMAL
