"""Short ways of writing down the facts of an order in tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from orders.rules.facts import Facts, Happening, Kind
from orders.rules.plan import Planned, plan
from orders.rules.rulebook import Rulebook

HARTFORD = ZoneInfo("America/New_York")


def at(text: str) -> datetime:
    """An instant from its ISO text, which must carry an offset."""
    found = datetime.fromisoformat(text)
    assert found.tzinfo is not None
    return found


def on(text: str) -> date:
    """A day from its ISO text."""
    return date.fromisoformat(text)


def utc(text: str) -> datetime:
    """An instant of UTC from its ISO text without offset."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def happened(kind: str, when: str, **more: Any) -> Happening:
    """Something that happened on a day or at an instant, whichever `when` is."""
    if len(when) == len("2026-12-04"):
        return Happening(kind=kind, on=on(when), **more)
    return Happening(kind=kind, at=at(when), **more)


def order(kind: str = Kind.EX_PARTE_RESTRAINING_ORDER, issued: str = "2026-12-04", **more: Any) -> Facts:
    """A Connecticut order, unless `jurisdiction` says otherwise."""
    happenings = tuple(more.pop("happenings", ()))
    jurisdiction = more.pop("jurisdiction", "us_ct")
    return Facts(jurisdiction=jurisdiction, kind=kind, issued_on=on(issued), happenings=happenings, **more)


def deadlines(facts: Facts, rulebook: Rulebook, rule: str) -> list[Planned]:
    """What one rule gives."""
    return [one for one in plan(facts, rulebook) if one.rule.id == rule]


def deadline(facts: Facts, rulebook: Rulebook, rule: str) -> Planned:
    """The one deadline that a rule gives."""
    (found,) = deadlines(facts, rulebook, rule)
    return found
