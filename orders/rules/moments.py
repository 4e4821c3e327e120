"""What follows from the due moment of a deadline, without the facts of the order."""

from __future__ import annotations

from datetime import date

from orders.rules.counting import day_after_leap_year, moment_after
from orders.rules.facts import Event
from orders.rules.jurisdiction import Jurisdiction
from orders.rules.model import Rule, Value
from orders.rules.planned import Clock, Moment
from orders.rules.vocabulary import Unit


def alternative(value: Value, start: Event, due: Moment | None, jurisdiction: Jurisdiction) -> date | None:
    """Return the day of the other reading: as the value gives it, or March 1 for a year from February 29."""
    if value.alternative:
        other = moment_after(start, value.alternative, jurisdiction)
        return other.day(jurisdiction) if other else None
    if value.due.unit in (Unit.YEARS, Unit.MONTHS) and due and due.on:
        return day_after_leap_year(start.day(jurisdiction.zone), due.on)
    return None


def clock_of(due: Moment | None, met: Moment | None) -> Clock:
    """Return whether the time runs."""
    if met is not None:
        return Clock.STOPPED
    return Clock.NOT_STARTED if due is None else Clock.RUNNING


def open_day_of(rule: Rule, due: Moment | None, jurisdiction: Jurisdiction) -> date | None:
    """Return the open day that the law gives if the due day is closed (TIME-05); None otherwise."""
    court = jurisdiction.calendar
    if not rule.moves_off_closed_days or due is None or due.on is None or court.is_open(due.on):
        return None
    if rule.moves_to_nearest:
        return court.nearest_open_day(due.on)
    return court.add_open_days(due.on, rule.closed_day_moves)


def earliest(events: list[Event], jurisdiction: Jurisdiction) -> tuple[Moment | None, str]:
    """Return the moment and the kind of the earliest event.

    If a hearing was held on the day for which it was set, the hearing that was held counts.
    """
    if not events:
        return None, ""
    moments = [(Moment(at=one.at, on=one.on if one.at is None else None), one) for one in events]
    met, event = min(moments, key=lambda one: (one[0].begins_at(jurisdiction), one[1].is_set_ahead))
    return met, event.kind
