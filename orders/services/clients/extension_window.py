"""The days on which to ask the court for a longer order, as the rules have computed them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

from orders.models import RUNNING, Deadline
from orders.services.planning.rulebooks import bundled

#: The event that meets the rules about a motion to extend.
_MOVED = "extension_moved"
#: The event that meets the rules about testifying from another place, such as by video.
_REMOTE = "remote_testimony_requested"


@dataclass(frozen=True, kw_only=True)
class Window:
    """From `opens`, if a rule names a first day, to the end of `until`."""

    opens: date | None
    until: date


@cache
def rules_met_by(event: str) -> frozenset[str]:
    """Return the ids of the rules that an event meets."""
    return frozenset(
        id_ for id_, rule in bundled().by_id.items() if any(one.event == event for one in rule.met_by)
    )


def extension_rules() -> frozenset[str]:
    """Return the ids of the rules that a motion to extend meets."""
    return rules_met_by(_MOVED)


def remote_testimony_until(deadlines: Iterable[Deadline], today: date) -> date | None:
    """The last day to ask to testify from another place; None if it is over, or was asked for."""
    rules = rules_met_by(_REMOTE)
    days = [one.due_on for one in deadlines if one.rule_id in rules and one.state in RUNNING]
    return min((day for day in days if day is not None and day >= today), default=None)


def window_of(deadlines: Iterable[Deadline], today: date) -> Window | None:
    """Return the window that is open on `today` or opens later.

    None if no rule gives one, or the motion was already filed.
    """
    found = [
        Window(opens=one.opens_on, until=one.due_on)
        for one in deadlines
        if one.rule_id in extension_rules() and one.state in RUNNING and one.due_on and one.due_on >= today
    ]
    # The advice with a first day, if there is one, else the last day on which the law allows it.
    return min(found, key=lambda one: (one.opens is None, one.until), default=None)
