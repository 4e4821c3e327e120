"""Facts and rulebook in, deadlines out. Pure: no clock, no database, the same answer every time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from orders.rules import explain
from orders.rules.court_time import (
    add_elapsed_hours,
    add_months,
    at_wall,
    end_of_day,
    local_date,
)
from orders.rules.facts import Facts, Happening
from orders.rules.rulebook import (
    Anchor,
    Checkpoint,
    Jurisdiction,
    Meeting,
    Offset,
    Pick,
    Purpose,
    Rule,
    Rulebook,
    Unit,
    Value,
)


class Clock(StrEnum):
    """Whether a deadline's time is running."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    STOPPED = "stopped"
    PASSED = "passed"
    CANNOT_COMPUTE = "cannot_compute"


class Status(StrEnum):
    """How a deadline stands at an instant."""

    NOT_STARTED = "not_started"
    OPEN = "open"
    MET_ON_TIME = "met_on_time"
    MET_LATE = "met_late"
    OVERDUE = "overdue"
    CANNOT_COMPUTE = "cannot_compute"


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """An instant, or a whole day where the law counts days."""

    at: datetime | None = None
    on: date | None = None

    def over_at(self, jurisdiction: Jurisdiction) -> datetime:
        """The instant after which it is past: itself, or the end of the day."""
        if self.at is not None:
            return self.at
        return end_of_day(self.day(jurisdiction), jurisdiction.zone)

    def begins_at(self, jurisdiction: Jurisdiction) -> datetime:
        """The instant at which it begins: itself, or the day's first."""
        if self.at is not None:
            return self.at
        return at_wall(self.day(jurisdiction), _MIDNIGHT, jurisdiction.zone)

    def day(self, jurisdiction: Jurisdiction) -> date:
        """The calendar day."""
        if self.on is not None:
            return self.on
        if self.at is None:
            raise ValueError("A moment needs an instant or a day.")
        return local_date(self.at, jurisdiction.zone)


_MIDNIGHT = datetime.min.time()


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedCheckpoint:
    """An instant at which a deadline must be looked at."""

    name: str
    purpose: Purpose
    fires_at: datetime
    audience: tuple[str, ...]
    late: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """What one rule makes of one order's facts.

    `occurrence` tells several deadlines of one rule apart; empty where there is one. `met_at` or `met_on` is
    set when something met it. `missing` names the facts that were wanted where `clock` is `cannot_compute`.
    """

    rule: Rule
    value: Value
    occurrence: str
    clock: Clock
    jurisdiction: Jurisdiction
    opens: Moment | None = None
    due: Moment | None = None
    alternative_on: date | None = None
    last_open_day: date | None = None
    closed_day_moves_to: date | None = None
    met: Moment | None = None
    missing: tuple[str, ...] = ()
    checkpoints: tuple[PlannedCheckpoint, ...] = ()
    explanation: tuple[str, ...] = ()

    @property
    def due_at(self) -> datetime | None:
        """The last instant that is in time; for whole days the instant at which the last one is over."""
        return None if self.due is None else self.due.over_at(self.jurisdiction)

    @property
    def met_in_time(self) -> bool | None:
        """Whether it was met in time; None where it is not met."""
        if self.met is None or self.due is None:
            return None
        if self.met.at is not None and self.due.at is not None:
            return self.met.at <= self.due.at
        return self.met.day(self.jurisdiction) <= self.due.day(self.jurisdiction)

    def status(self, now: datetime) -> Status:
        """How it stands at `now`."""
        if self.clock is Clock.CANNOT_COMPUTE:
            return Status.CANNOT_COMPUTE
        if self.due_at is None:
            return Status.NOT_STARTED
        if self.met_in_time is not None:
            return Status.MET_ON_TIME if self.met_in_time else Status.MET_LATE
        # The instant itself is in time; a whole day is over at the instant that ends it.
        over = now > self.due_at if self.due and self.due.at else now >= self.due_at
        return Status.OVERDUE if over else Status.OPEN

    def clock_at(self, now: datetime) -> Clock:
        """The clock at `now`: `passed` where the time ran out unmet."""
        return Clock.PASSED if self.status(now) is Status.OVERDUE else self.clock


def plan(facts: Facts, rulebook: Rulebook) -> tuple[Planned, ...]:
    """Every deadline the rulebook gives an order with these facts, by rule id and occurrence.

    The values in force on the day of issue decide. A vacated order keeps only what was met before.
    """
    planned: list[Planned] = []
    for rule in rulebook.binding(facts):
        if value := rule.value_on(facts.issued_on):
            planned.extend(_plan_rule(rule, value, facts, rulebook))
    if any(one.kind == "vacated" for one in facts.happenings):
        planned = [one for one in planned if one.met is not None]
    return tuple(sorted(planned, key=lambda one: (one.rule.id, one.occurrence)))


def last_day(facts: Facts, rulebook: Rulebook) -> date | None:
    """The order's last day: as printed, else as the rule that ends such an order computes it (TIME-10)."""
    if facts.expires_on is not None:
        return facts.expires_on
    jurisdiction = rulebook.jurisdictions[facts.jurisdiction]
    for rule in rulebook.binding(facts):
        if rule.ends_order and (value := rule.value_on(facts.issued_on)):
            for _, start in _starts(rule, facts, rulebook):
                if start is not None and (due := _apply(value.due, start, jurisdiction)):
                    return due.day(jurisdiction)
    return None


def _plan_rule(rule: Rule, value: Value, facts: Facts, rulebook: Rulebook) -> Iterator[Planned]:
    jurisdiction = rulebook.jurisdictions[rule.jurisdiction]
    blank = Planned(rule=rule, value=value, occurrence="", clock=Clock.NOT_STARTED, jurisdiction=jurisdiction)
    starts = _starts(rule, facts, rulebook)
    if not starts and rule.awaited:
        yield replace(blank, explanation=explain.not_started(rule, value))
    for key, start in starts:
        if start is None:
            continue
        named = replace(blank, occurrence=key if rule.pick is Pick.EACH else "")
        if (start.at is None and Unit.ELAPSED_HOURS in _units(value)) or not _has_moment(start):
            missing = (f"the time of day of “{explain.event_name(rule.starts)}”",)
            yield replace(
                named,
                clock=Clock.CANNOT_COMPUTE,
                missing=missing,
                explanation=explain.cannot_compute(rule, value, missing),
            )
        elif due := _apply(value.due, start, jurisdiction):
            yield _complete(named, start, due, facts)


def _has_moment(start: Happening) -> bool:
    return start.at is not None or start.on is not None


def _units(value: Value) -> set[Unit]:
    return {offset.unit for offset in (value.due, value.opens) if offset is not None}


def _starts(rule: Rule, facts: Facts, rulebook: Rulebook) -> list[tuple[str, Happening | None]]:
    """The events the rule runs from, each with the key that names its occurrence."""
    if rule.starts == "issued":
        source = "the order's own date"
        return [("", Happening(kind="issued", at=facts.issued_at, on=facts.issued_on, source=source))]
    if rule.starts == "expiry":
        ends = last_day(facts, rulebook)
        source = "printed on the order" if facts.expires_on else "computed, for no date is printed"
        return [("", Happening(kind="expiry", on=ends, source=source))] if ends else []
    zone = rulebook.jurisdictions[rule.jurisdiction].zone
    found = facts.of_kind(rule.starts, zone, rule.start_purpose)
    if rule.pick is Pick.FIRST:
        found = found[:1]
    elif rule.pick is Pick.LATEST:
        found = found[-1:]
    return [(one.key or str(one.day(zone)), one) for one in found]


def _apply(offset: Offset, start: Happening, jurisdiction: Jurisdiction) -> Moment | None:
    """The moment `offset` from `start`; None where the offset has nothing to say."""
    if offset.unit is Unit.ELAPSED_HOURS:
        return None if start.at is None else Moment(at=add_elapsed_hours(start.at, offset.amount))
    day = start.day(jurisdiction.zone)
    if offset.unit is Unit.NEXT_OPEN_DAY:
        following = jurisdiction.calendar.next_open_day(day)
        return None if following == day else Moment(on=following)
    return Moment(on=_count(offset, day, jurisdiction))


def _count(offset: Offset, day: date, jurisdiction: Jurisdiction) -> date:
    match offset.unit:
        case Unit.COURT_DAYS | Unit.BUSINESS_DAYS:
            return jurisdiction.calendar.add_open_days(day, offset.amount)
        case Unit.MONTHS:
            return add_months(day, offset.amount)
        case Unit.YEARS:
            return add_months(day, 12 * offset.amount)
        case _:
            return date.fromordinal(day.toordinal() + offset.amount)


def _complete(blank: Planned, start: Happening, due: Moment, facts: Facts) -> Planned:
    jurisdiction, rule, value = blank.jurisdiction, blank.rule, blank.value
    court = jurisdiction.calendar
    met = _met(rule, facts, start, due, jurisdiction)
    other = _apply(value.alternative, start, jurisdiction) if value.alternative else None
    planned = replace(
        blank,
        clock=Clock.STOPPED if met else Clock.RUNNING,
        opens=_apply(value.opens, start, jurisdiction) if value.opens else None,
        due=due,
        alternative_on=other.day(jurisdiction) if other else None,
        last_open_day=court.last_open_day(due.on) if due.on else None,
        closed_day_moves_to=(
            court.next_open_day(due.on)
            if due.on and rule.moves_off_closed_days and not court.is_open(due.on)
            else None
        ),
        met=met,
    )
    alarmed = facts.armed or not rule.alarms_when_armed
    return replace(
        planned,
        checkpoints=tuple(_checkpoint(planned, one) for one in rule.checkpoints) if alarmed else (),
        explanation=explain.sentences(
            rule,
            value,
            start=start,
            opens=planned.opens,
            due=due,
            alternative_on=planned.alternative_on,
            moves_to=planned.closed_day_moves_to,
            met=met,
            jurisdiction=jurisdiction,
        ),
    )


def _met(
    rule: Rule, facts: Facts, start: Happening, due: Moment, jurisdiction: Jurisdiction
) -> Moment | None:
    """The earliest happening that meets the deadline."""
    found = [
        Moment(at=one.at, on=one.on if one.at is None else None)
        for meeting in rule.met_by
        for one in facts.of_kind(meeting.happening, jurisdiction.zone, meeting.purpose)
        if _meets(meeting, one, facts, start, due.day(jurisdiction), jurisdiction)
    ]
    return min(found, key=lambda moment: moment.begins_at(jurisdiction), default=None)


def _meets(
    meeting: Meeting,
    one: Happening,
    facts: Facts,
    start: Happening,
    due_on: date,
    jurisdiction: Jurisdiction,
) -> bool:
    day = one.day(jurisdiction.zone)
    return (
        (one.complete or not meeting.complete)
        and not (meeting.unless_armed and facts.armed)
        and not (meeting.set_by_due and day > due_on)
        and not (meeting.at_start and day < start.day(jurisdiction.zone))
    )


def _checkpoint(planned: Planned, checkpoint: Checkpoint) -> PlannedCheckpoint:
    jurisdiction = planned.jurisdiction
    opens = planned.opens if checkpoint.anchor is Anchor.OPENS else None
    anchor = opens.begins_at(jurisdiction) if opens else planned.due_at
    if anchor is None:
        raise ValueError(f"{planned.rule.id}: a checkpoint needs a due instant.")
    offset = checkpoint.offset
    if offset.unit is Unit.ELAPSED_HOURS:
        fires_at = add_elapsed_hours(anchor, offset.amount)
    else:
        day = (opens or planned.due or Moment(at=anchor)).day(jurisdiction)
        fires_at = at_wall(_count(offset, day, jurisdiction), checkpoint.clock, jurisdiction.zone)
    return PlannedCheckpoint(
        name=checkpoint.name,
        purpose=checkpoint.purpose,
        fires_at=fires_at,
        audience=checkpoint.audience,
        late=checkpoint.late,
    )
