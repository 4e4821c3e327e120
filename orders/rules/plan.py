"""Facts and rulebook in, deadlines out. Pure: no clock, no database, the same answer every time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property

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
    Dated,
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
from orders.rules.words import LANGUAGE


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

    `occurrence` tells several deadlines of one rule apart; empty where there is one. `met` is set when
    something met it. `missing` names the facts that were wanted: for the whole deadline where `clock` is
    `cannot_compute`, else for its opening or for the order's end; `wanting` holds them as keys. `awaits` is
    the event that a deadline not started waits for. A rule may give only the opening of a window: then `due`
    is None. `printed`: the date on the order stands in place of the one the rule computes, which is then
    `alternative_on` (TIME-10).
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
    wanting: tuple[str, ...] = ()
    checkpoints: tuple[PlannedCheckpoint, ...] = ()
    start: Happening | None = None
    awaits: str = ""
    printed: bool = False

    @property
    def missing(self) -> tuple[str, ...]:
        """The facts that were wanted, in words."""
        return explain.facts_wanted(self, LANGUAGE)

    def explain(self, language: str = LANGUAGE) -> tuple[str, ...]:
        """Why it is due when it is, in sentences of `language`."""
        return explain.sentences(self, language)

    @property
    def explanation(self) -> tuple[str, ...]:
        """The sentences in the language of the court."""
        return self.explain()

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
        """How it stands at `now`. A window without an end is open from its opening on."""
        if self.clock is Clock.CANNOT_COMPUTE:
            return Status.CANNOT_COMPUTE
        if self.due_at is None:
            return self._window_status(now)
        if self.met_in_time is not None:
            return Status.MET_ON_TIME if self.met_in_time else Status.MET_LATE
        # The instant itself is in time; a whole day is over at the instant that ends it.
        over = now > self.due_at if self.due and self.due.at else now >= self.due_at
        return Status.OVERDUE if over else Status.OPEN

    def _window_status(self, now: datetime) -> Status:
        if self.opens is None or now < self.opens.begins_at(self.jurisdiction):
            return Status.NOT_STARTED
        return Status.OPEN

    def clock_at(self, now: datetime) -> Clock:
        """The clock at `now`: `passed` where the time ran out unmet."""
        return Clock.PASSED if self.status(now) is Status.OVERDUE else self.clock


def plan(facts: Facts, rulebook: Rulebook) -> tuple[Planned, ...]:
    """Every deadline the rulebook gives an order with these facts, by rule id and occurrence.

    The values in force on the day of issue decide, unless the rule looks at the day of its own event. A
    vacated order keeps what was met and what outlives an order, such as the return of what is held.
    """
    order = _Order(facts, rulebook)
    planned = [one for rule in rulebook.binding(facts) for one in _plan_rule(rule, order)]
    if any(one.kind == "vacated" for one in facts.happenings):
        planned = [one for one in planned if one.met is not None or one.rule.outlives_order]
    return tuple(sorted(planned, key=lambda one: (one.rule.id, one.occurrence)))


def last_day(facts: Facts, rulebook: Rulebook) -> date | None:
    """The order's last day: as printed, else as the rule that ends such an order computes it (TIME-10)."""
    return _Order(facts, rulebook).last_day


def in_force(facts: Facts, rulebook: Rulebook, instant: datetime) -> bool:
    """True while the order stands: issued, not vacated, its last day, printed or computed, not over."""
    order = _Order(facts, rulebook)
    zone = order.jurisdiction.zone
    stands = facts.in_force(instant, zone)
    return stands and (order.last_day is None or instant < end_of_day(order.last_day, zone))


class _Order:
    """One order's facts with the rules and the calendar that apply to it."""

    def __init__(self, facts: Facts, rulebook: Rulebook) -> None:
        self.facts = facts
        self.rulebook = rulebook
        self.jurisdiction = rulebook.jurisdiction_of(facts)
        self._kept: dict[tuple[str, str], list[Happening]] = {}

    def happened(self, kind: str, purpose: str = "") -> list[Happening]:
        """The happenings of one kind, the earliest first; those without a date only where no other is."""
        if (kind, purpose) not in self._kept:
            found = self.facts.of_kind(kind, self.jurisdiction.zone, purpose)
            self._kept[kind, purpose] = [one for one in found if one.dated] or found[:1]
        return self._kept[kind, purpose]

    @cached_property
    def last_day(self) -> date | None:
        """The order's last day, printed or computed."""
        if self.facts.expires_on is not None:
            return self.facts.expires_on
        days = (
            one.closed_day_moves_to or one.due.day(self.jurisdiction)
            for rule in self.rulebook.binding(self.facts)
            if rule.ends_order
            for one in _plan_rule(rule, self)
            if one.due is not None
        )
        return next(days, None)

    @cached_property
    def ended_on(self) -> date | None:
        """The day on which the order is known to have ended or to end: when it was vacated, else as printed.

        A computed last day is the longest the law allows; it does not show that the order stood so long.
        """
        zone = self.jurisdiction.zone
        vacated = [one.day(zone) for one in self.happened("vacated") if one.dated]
        return min([*vacated, *([self.facts.expires_on] if self.facts.expires_on else [])], default=None)


def _plan_rule(rule: Rule, order: _Order) -> Iterator[Planned]:
    if rule.only_after and not any(order.happened(kind) for kind in rule.only_after):
        return
    starts = _starts(rule, order)
    if not starts and rule.awaited:
        yield from _waiting(rule, order, "", awaits=rule.starts)
    taken: dict[str, int] = {}
    for place, start in enumerate(starts):
        following = starts[place + 1] if place + 1 < len(starts) else None
        occurrence = _occurrence(rule, order, start, taken)
        yield from _plan_start(rule, order, occurrence, start, following)


def _occurrence(rule: Rule, order: _Order, start: Happening, taken: dict[str, int]) -> str:
    """The name that tells this deadline from the others of its rule; two of one day get a number."""
    if rule.pick is not Pick.EACH:
        return ""
    name = start.key or (str(start.day(order.jurisdiction.zone)) if start.dated else "undated")
    taken[name] = taken.get(name, 0) + 1
    return name if taken[name] == 1 else f"{name}#{taken[name]}"


def _waiting(
    rule: Rule, order: _Order, occurrence: str, *, awaits: str, start: Happening | None = None
) -> Iterator[Planned]:
    """A deadline whose time does not run yet."""
    if value := rule.value_on(order.facts.issued_on):
        yield Planned(
            rule=rule,
            value=value,
            occurrence=occurrence,
            clock=Clock.NOT_STARTED,
            jurisdiction=order.jurisdiction,
            awaits=awaits,
            start=start,
        )


def _starts(rule: Rule, order: _Order) -> list[Happening]:
    """The events the rule runs from, the earliest first."""
    found = _events(rule.starts, order, rule.start_purpose)
    if not found and rule.else_starts:
        found = _events(rule.else_starts, order)
    if rule.pick is Pick.FIRST:
        return found[:1]
    return found[-1:] if rule.pick is Pick.LATEST else found


def _events(kind: str, order: _Order, purpose: str = "") -> list[Happening]:
    facts = order.facts
    if kind == "issued":
        return [Happening(kind=kind, at=facts.issued_at, on=facts.issued_on, source=kind)]
    if kind == "expiry":
        source = "printed" if facts.expires_on else "computed"
        return [Happening(kind=kind, on=order.last_day, source=source)] if order.last_day else []
    return order.happened(kind, purpose)


def _plan_start(
    rule: Rule, order: _Order, occurrence: str, event: Happening, following: Happening | None
) -> Iterator[Planned]:
    """What the rule gives from one starting event."""
    start = _held_back(rule, order, event) if event.dated else event
    if start is None:
        yield from _waiting(rule, order, occurrence, awaits=rule.custody_starts, start=event)
        return
    looks_at = order.facts.issued_on
    if rule.dated_by is Dated.START and start.dated:
        looks_at = start.day(order.jurisdiction.zone)
    if (value := rule.value_on(looks_at)) is None:
        return
    if wanting := _wanting(value, start):
        yield Planned(
            rule=rule,
            value=value,
            occurrence=occurrence,
            clock=Clock.CANNOT_COMPUTE,
            jurisdiction=order.jurisdiction,
            start=start,
            wanting=wanting,
        )
        return
    due_start = _due_start(rule, order, start, following)
    yield from _complete(rule, value, order, occurrence, start=start, due_start=due_start)


def _held_back(rule: Rule, order: _Order, event: Happening) -> Happening | None:
    """The event the time runs from: the release of one in custody, or a later event that is wanted too.

    None while the respondent is in custody and the rule spares that time.
    """
    zone = order.jurisdiction.zone
    start = event
    if rule.custody_starts and event.in_custody:
        released = order.happened(rule.custody_starts)
        after = [one for one in released if not one.dated or not one.before(event, zone)]
        if not after:
            return None
        start = after[0]
    if rule.not_before:
        others = [one for one in order.happened(rule.not_before) if one.dated]
        if others and start.before(others[0], zone):
            start = others[0]
    if rule.after_end and order.ended_on and start.day(zone) < order.ended_on:
        start = Happening(kind="ended", on=order.ended_on)
    return start


def _wanting(value: Value, start: Happening) -> tuple[str, ...]:
    """The facts without which nothing can be computed; keys of the words in `explain`."""
    if not start.dated:
        return (f"date:{start.kind}",)
    if value.due.unit is Unit.ELAPSED_HOURS and start.at is None:
        return (f"time:{start.kind}",)
    return ()


def _due_start(rule: Rule, order: _Order, start: Happening, following: Happening | None) -> Happening | None:
    """The event the due moment counts from: the start, or the first wanted event before the next start."""
    if not rule.due_starts or start.kind == rule.due_starts:
        return start
    zone = order.jurisdiction.zone
    for one in order.happened(rule.due_starts):
        if one.dated and not one.before(start, zone) and (following is None or one.before(following, zone)):
            return one
    return None


def _apply(offset: Offset, start: Happening, jurisdiction: Jurisdiction) -> Moment | None:
    """The moment `offset` from `start`; None where the offset has nothing to say."""
    if offset.unit in (Unit.INDEFINITE, Unit.AS_ORDERED):
        return None
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


def _complete(
    rule: Rule,
    value: Value,
    order: _Order,
    occurrence: str,
    *,
    start: Happening,
    due_start: Happening | None,
) -> Iterator[Planned]:
    """The deadline with everything that follows from its start; none where it has neither due nor opening."""
    jurisdiction, facts = order.jurisdiction, order.facts
    counted_from = due_start or start
    due = _apply(value.due, due_start, jurisdiction) if due_start else None
    opens = _opens(rule, value, start, jurisdiction)
    if due is None and opens is None:
        return
    other = _apply(value.alternative, counted_from, jurisdiction) if value.alternative else None
    alternative_on = other.day(jurisdiction) if other else None
    printed = False
    if rule.ends_order and due and facts.expires_on and due.day(jurisdiction) != facts.expires_on:
        printed, alternative_on, due = True, due.day(jurisdiction), Moment(on=facts.expires_on)
    met = _met(rule, order, counted_from, due, opens)
    alarmed = facts.armed or not rule.alarms_when_armed
    yield Planned(
        rule=rule,
        value=value,
        occurrence=occurrence,
        clock=_clock(due, met),
        jurisdiction=jurisdiction,
        opens=opens,
        due=due,
        alternative_on=alternative_on,
        last_open_day=jurisdiction.calendar.last_open_day(due.on) if due and due.on else None,
        closed_day_moves_to=_moves_to(rule, due, jurisdiction),
        met=met,
        wanting=_also_wanting(rule, value, order, counted_from, opens),
        checkpoints=_checkpoints(rule, opens, due, jurisdiction) if alarmed else (),
        start=counted_from,
        printed=printed,
    )


def _opens(rule: Rule, value: Value, start: Happening, jurisdiction: Jurisdiction) -> Moment | None:
    """The opening; None where only the event that the end counts from is recorded."""
    if value.opens is None or start.kind == rule.due_starts:
        return None
    return _apply(value.opens, start, jurisdiction)


def _clock(due: Moment | None, met: Moment | None) -> Clock:
    if met is not None:
        return Clock.STOPPED
    return Clock.NOT_STARTED if due is None else Clock.RUNNING


def _also_wanting(
    rule: Rule, value: Value, order: _Order, start: Happening, opens: Moment | None
) -> tuple[str, ...]:
    """The facts for want of which only the opening, or whether the order had ended, is not known."""
    if rule.after_end and order.ended_on is None:
        return ("date:ended",)
    if value.opens is None or opens is not None:
        return ()
    return (f"date:{rule.starts}",) if start.kind == rule.due_starts else (f"time:{start.kind}",)


def _moves_to(rule: Rule, due: Moment | None, jurisdiction: Jurisdiction) -> date | None:
    """The open day that a closed last day gives way to, where the law says so (TIME-05)."""
    court = jurisdiction.calendar
    if not rule.moves_off_closed_days or due is None or due.on is None or court.is_open(due.on):
        return None
    return court.add_open_days(due.on, rule.closed_day_moves)


def _met(
    rule: Rule, order: _Order, start: Happening, due: Moment | None, opens: Moment | None
) -> Moment | None:
    """The earliest happening that meets the deadline."""
    jurisdiction = order.jurisdiction
    last = due.day(jurisdiction) if due else None
    # A window without an end cannot be used before it opens.
    earliest = opens.day(jurisdiction) if opens and due is None else None
    found = [
        Moment(at=one.at, on=one.on if one.at is None else None)
        for meeting in rule.met_by
        for one in order.happened(meeting.happening, meeting.purpose)
        if one.dated
        and (earliest is None or one.day(jurisdiction.zone) >= earliest)
        and (last is None or not meeting.set_by_due or one.day(jurisdiction.zone) <= last)
        and _counts(meeting, one, start, order)
    ]
    return min(found, key=lambda moment: moment.begins_at(jurisdiction), default=None)


def _counts(meeting: Meeting, one: Happening, start: Happening, order: _Order) -> bool:
    zone = order.jurisdiction.zone
    if (meeting.complete and not one.complete) or (meeting.same_key and one.key != start.key):
        return False
    if meeting.unless_armed and order.facts.armed:
        return False
    if meeting.at_start and one.day(zone) < start.day(zone):
        return False
    since = _count(meeting.since, start.day(zone), order.jurisdiction) if meeting.since else None
    return since is None or one.day(zone) >= since


def _checkpoints(
    rule: Rule, opens: Moment | None, due: Moment | None, jurisdiction: Jurisdiction
) -> tuple[PlannedCheckpoint, ...]:
    """When to look at the deadline; a checkpoint whose moment is not known is left out."""
    found: list[PlannedCheckpoint] = []
    for one in rule.checkpoints:
        moment = opens if one.anchor is Anchor.OPENS else due
        if moment is not None:
            found.append(_checkpoint(one, moment, jurisdiction))
    return tuple(found)


def _checkpoint(checkpoint: Checkpoint, moment: Moment, jurisdiction: Jurisdiction) -> PlannedCheckpoint:
    offset = checkpoint.offset
    if offset.unit is not Unit.ELAPSED_HOURS:
        day = _count(offset, moment.day(jurisdiction), jurisdiction)
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
