"""Helpers that build the facts of an order for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from orders.rules.facts import Event, Facts, Kind
from orders.rules.plan import plan
from orders.rules.planned import PlannedDeadline
from orders.rules.rulebook import Rulebook

HARTFORD = ZoneInfo("America/New_York")


def at(text: str) -> datetime:
    """Return the instant of an ISO text with an offset."""
    found = datetime.fromisoformat(text)
    assert found.tzinfo is not None
    return found


def on(text: str) -> date:
    """Return the day of an ISO text."""
    return date.fromisoformat(text)


def utc(text: str) -> datetime:
    """Return the instant in UTC of an ISO text without an offset."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def happened(kind: str, when: str, **more: Any) -> Event:
    """Return an event on a day or at an instant: `when` is the ISO text of either."""
    if len(when) == len("2026-12-04"):
        return Event(kind=kind, on=on(when), **more)
    return Event(kind=kind, at=at(when), **more)


def order(kind: str = Kind.EX_PARTE_RESTRAINING_ORDER, issued: str = "2026-12-04", **more: Any) -> Facts:
    """An order of Connecticut, or of `jurisdiction` if given."""
    events = tuple(more.pop("events", ()))
    jurisdiction = more.pop("jurisdiction", "us_ct")
    return Facts(jurisdiction=jurisdiction, kind=kind, issued_on=on(issued), events=events, **more)


def deadlines(facts: Facts, rulebook: Rulebook, rule: str) -> list[PlannedDeadline]:
    """Return the deadlines that a rule gives."""
    return [one for one in plan(facts, rulebook) if one.rule.id == rule]


def deadline(facts: Facts, rulebook: Rulebook, rule: str) -> PlannedDeadline:
    """Return the only deadline that a rule gives."""
    (found,) = deadlines(facts, rulebook, rule)
    return found
