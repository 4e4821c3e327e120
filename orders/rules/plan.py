"""Facts and rulebook in, deadlines out. No clock, no database: the same input gives the same plan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import cached_property

from orders.rules.checkpoints import planned_checkpoints
from orders.rules.counting import day_after, moment_after
from orders.rules.court_time import end_of_day
from orders.rules.facts import STATEMENTS, DutyProof, Event, Facts
from orders.rules.model import MetBy, Rule, Unless, Value
from orders.rules.moments import alternative, clock_of, earliest, open_day_of
from orders.rules.planned import Clock, Moment, PlannedDeadline
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import DatedBy, Pick, Unit


def plan(facts: Facts, rulebook: Rulebook) -> tuple[PlannedDeadline, ...]:
    """Return every deadline of an order with these facts, sorted by rule id and occurrence.

    A rule gives the value in force on the day of issue or, if it is dated by its start, on the day of the
    starting event. A vacated order keeps the deadlines that were met and those that outlive the order, such
    as the return of firearms.
    """
    order = _Order(facts, rulebook)
    planned = [one for rule in rulebook.binding(facts) for one in _plan_rule(rule, order)]
    if any(one.kind == "vacated" for one in facts.events):
        planned = [one for one in planned if one.met is not None or one.rule.outlives_order]
    return tuple(sorted(planned, key=lambda one: (one.rule.id, one.occurrence)))


def plan_of(facts: Facts, rulebook: Rulebook, *rules: Rule) -> list[PlannedDeadline]:
    """Return the deadlines that these rules alone give an order with these facts."""
    order = _Order(facts, rulebook)
    return [one for rule in rules for one in _plan_rule(rule, order)]


def last_day(facts: Facts, rulebook: Rulebook) -> date | None:
    """Return the order's last day: as printed, otherwise as the rule that ends it gives it (TIME-10)."""
    return _Order(facts, rulebook).last_day


def in_force(facts: Facts, rulebook: Rulebook, instant: datetime) -> bool:
    """True if the order is issued and not vacated and its last day, printed or computed, is not over."""
    order = _Order(facts, rulebook)
    zone = order.jurisdiction.zone
    not_ended = facts.in_force(instant, zone)
    return not_ended and (order.last_day is None or instant < end_of_day(order.last_day, zone))


class _Order:
    """An order's facts with the rules and the calendar that apply to it."""

    def __init__(self, facts: Facts, rulebook: Rulebook) -> None:
        self.facts = facts
        self.rulebook = rulebook
        self.jurisdiction = rulebook.jurisdiction_of(facts)
        self._found: dict[tuple[str, str], list[Event]] = {}

    def events(self, kind: str, purpose: str = "") -> list[Event]:
        """Return the events of a kind, earliest first; one without a date only if no other has a date."""
        if (kind, purpose) not in self._found:
            found = self.facts.of_kind(kind, self.jurisdiction.zone, purpose)
            self._found[kind, purpose] = [one for one in found if one.dated] or found[:1]
        return self._found[kind, purpose]

    @cached_property
    def last_day(self) -> date | None:
        """The order's last day, printed or computed."""
        if self.facts.expires_on is not None:
            return self.facts.expires_on
        days = (
            one.closed_day_moves_to or one.due_day
            for rule in self.rulebook.binding(self.facts)
            if rule.ends_order
            for one in _plan_rule(rule, self)
            if one.due is not None
        )
        return next(days, None)

    @cached_property
    def ended_on(self) -> date | None:
        """The known day of the order's end: when it was vacated, otherwise as printed.

        A computed last day does not count: it is the longest time that the law allows, and the order may have
        ended earlier.
        """
        zone = self.jurisdiction.zone
        vacated = [one.day(zone) for one in self.events("vacated") if one.dated]
        return min([*vacated, *([self.facts.expires_on] if self.facts.expires_on else [])], default=None)


def _plan_rule(rule: Rule, order: _Order) -> Iterator[PlannedDeadline]:
    if rule.only_after and not any(order.events(kind) for kind in rule.only_after):
        return
    if rule.dated_by is DatedBy.ISSUED:
        rule = rule.under(rule.value_on(order.facts.issued_on))
    starts = _starts(rule, order)
    if not starts and rule.awaited:
        yield from _waiting(rule, order, "", awaits=rule.starts)
    taken: dict[str, int] = {}
    for place, start in enumerate(starts):
        following = starts[place + 1] if place + 1 < len(starts) else None
        occurrence = _occurrence(rule, order, start, taken)
        if not any(_rules_out(one, rule, start, order) for one in rule.unless):
            ordered = _orders_to_open(rule, order, None if place == 0 else start, following)
            yield from _plan_start(rule, order, occurrence, start, following=following, ordered=ordered)


def _rules_out(unless: Unless, rule: Rule, start: Event, order: _Order) -> bool:
    """True if the event of `unless` is recorded, and by its offset from the start if it has one."""
    if unless.unmet and any(order.events(one.event, one.purpose) for one in rule.met_by):
        return False
    events = [one for one in order.events(unless.event) if not unless.same_key or one.key == start.key]
    if unless.by is None or not start.dated:
        return bool(events) and unless.by is None
    last = day_after(start.day(order.jurisdiction.zone), unless.by, order.jurisdiction)
    return any(one.dated and one.day(order.jurisdiction.zone) <= last for one in events)


def _occurrence(rule: Rule, order: _Order, start: Event, taken: dict[str, int]) -> str:
    """Return a name that distinguishes this deadline from the others of its rule.

    It is the event's key or day, with a number if another event has the same.
    """
    if rule.pick is not Pick.EACH:
        return ""
    name = start.key or (str(start.day(order.jurisdiction.zone)) if start.dated else "undated")
    taken[name] = taken.get(name, 0) + 1
    return name if taken[name] == 1 else f"{name}#{taken[name]}"


def _waiting(
    rule: Rule, order: _Order, occurrence: str, *, awaits: str, start: Event | None = None
) -> Iterator[PlannedDeadline]:
    """Yield a deadline whose time does not run yet."""
    if value := rule.value_on(order.facts.issued_on):
        yield PlannedDeadline(
            rule=rule,
            value=value,
            occurrence=occurrence,
            clock=Clock.NOT_STARTED,
            jurisdiction=order.jurisdiction,
            awaits=awaits,
            start=start,
        )


def _starts(rule: Rule, order: _Order) -> list[Event]:
    """Return the events that the rule runs from, earliest first."""
    found = _start_events(rule.starts, order, rule.start_purpose)
    if not found and rule.else_starts:
        found = _start_events(rule.else_starts, order)
    if rule.pick is Pick.FIRST:
        return found[:1]
    return found[-1:] if rule.pick is Pick.LATEST else found


def _start_events(kind: str, order: _Order, purpose: str = "") -> list[Event]:
    facts = order.facts
    if kind == "issued":
        return [Event(kind=kind, at=facts.issued_at, on=facts.issued_on, source=kind)]
    if kind == "expiry":
        source = "printed" if facts.expires_on else "computed"
        return [Event(kind=kind, on=order.last_day, source=source)] if order.last_day else []
    return order.events(kind, purpose)


def _plan_start(
    rule: Rule,
    order: _Order,
    occurrence: str,
    event: Event,
    *,
    following: Event | None,
    ordered: list[Moment],
) -> Iterator[PlannedDeadline]:
    """Yield the deadline that the rule gives from a starting event."""
    start = _moved_start(rule, order, event) if event.dated else event
    if start is None:
        yield from _waiting(rule, order, occurrence, awaits=rule.custody_starts, start=event)
        return
    value_day = order.facts.issued_on
    if rule.dated_by is DatedBy.START and start.dated:
        value_day = start.day(order.jurisdiction.zone)
    if (value := rule.value_on(value_day)) is None:
        return
    value = value.served(start.way)
    rule = rule.under(value)
    if missing := _missing(value, start):
        yield PlannedDeadline(
            rule=rule,
            value=value,
            occurrence=occurrence,
            clock=Clock.CANNOT_COMPUTE,
            jurisdiction=order.jurisdiction,
            start=start,
            missing=missing,
        )
        return
    due_start = _due_start(rule, order, start, following)
    opens = _opens(rule, value, start, order, ordered)
    yield from _complete(rule, value, order, occurrence, start=start, due_start=due_start, opens=opens)


def _moved_start(rule: Rule, order: _Order, event: Event) -> Event | None:
    """Return the event that the time runs from: `event`, or a later one that the rule names.

    None if the respondent is in custody and the rule's time does not run in custody.
    """
    zone = order.jurisdiction.zone
    start = event
    if rule.custody_starts and event.in_custody:
        released = order.events(rule.custody_starts)
        after = [one for one in released if not one.dated or not one.before(event, zone)]
        if not after:
            return None
        start = after[0]
    if rule.not_before:
        others = [one for one in order.events(rule.not_before) if one.dated]
        if others and start.before(others[0], zone):
            start = others[0]
    if rule.after_end and order.ended_on and start.day(zone) < order.ended_on:
        start = Event(kind="ended", on=order.ended_on, key=event.key)
    return start


def _missing(value: Value, start: Event) -> tuple[str, ...]:
    """Return the codes of the facts without which nothing can be computed."""
    if not start.dated:
        return (f"date:{start.kind}",)
    if value.due.unit is Unit.ELAPSED_HOURS and start.at is None:
        return (f"time:{start.kind}",)
    return ()


def _due_start(rule: Rule, order: _Order, start: Event, following: Event | None) -> Event | None:
    """Return the event that the due moment counts from: `start`, or the first `due_starts` after it.

    It must be before `following`, the next start of the rule. None without it.
    """
    if not rule.due_starts or start.kind == rule.due_starts:
        return start
    zone = order.jurisdiction.zone
    for one in order.events(rule.due_starts):
        if one.dated and not one.before(start, zone) and (following is None or one.before(following, zone)):
            return one
    return None


def _complete(
    rule: Rule,
    value: Value,
    order: _Order,
    occurrence: str,
    *,
    start: Event,
    due_start: Event | None,
    opens: Moment | None,
) -> Iterator[PlannedDeadline]:
    """Yield the deadline with its moments, clock and checkpoints; nothing without a due moment or opening."""
    jurisdiction, facts = order.jurisdiction, order.facts
    counted_from = due_start or start
    due = moment_after(due_start, value.due, jurisdiction) if due_start else None
    if due is None and opens is None:
        return
    alternative_on = alternative(value, counted_from, due, jurisdiction)
    printed = False
    if rule.ends_order and due and facts.expires_on and due.day(jurisdiction) != facts.expires_on:
        printed, alternative_on, due = True, due.day(jurisdiction), Moment(on=facts.expires_on)
    meeting = _meeting(rule, order, counted_from, due, opens)
    met, met_event = earliest(meeting, jurisdiction)
    moves_to = open_day_of(rule, due, jurisdiction)
    last = (
        Moment(on=moves_to)
        if moves_to and due and rule.moves_to_nearest and moves_to > due.day(jurisdiction)
        else due
    )
    has_checkpoints = facts.armed or not rule.alarms_when_armed
    yield PlannedDeadline(
        rule=rule,
        value=value,
        occurrence=occurrence,
        clock=clock_of(due, met),
        jurisdiction=jurisdiction,
        opens=opens,
        due=due,
        alternative_on=alternative_on,
        last_open_day=jurisdiction.calendar.last_open_day(due.on) if due and due.on else None,
        closed_day_moves_to=moves_to,
        last=last,
        met=met,
        met_event=met_event,
        proof=_proof(rule, order, meeting),
        missing=_also_missing(rule, value, order, counted_from, opens),
        checkpoints=planned_checkpoints(rule, opens, last, jurisdiction) if has_checkpoints else (),
        start=counted_from,
        printed=printed,
    )


def _orders_to_open(rule: Rule, order: _Order, since: Event | None, until: Event | None) -> list[Moment]:
    """Return when something opened the rule at once, from one starting event until before the next."""
    zone = order.jurisdiction.zone
    return [
        Moment(at=one.at, on=None if one.at else one.on)
        for one in order.events(rule.opened_by)
        if one.dated
        and (since is None or not one.before(since, zone))
        and (until is None or one.before(until, zone))
    ]


def _opens(rule: Rule, value: Value, start: Event, order: _Order, ordered: list[Moment]) -> Moment | None:
    """Return the opening, or the earliest of `ordered` if that is earlier.

    None if only the event that the due moment counts from is recorded.
    """
    if value.opens is None or start.kind == rule.due_starts:
        return None
    jurisdiction, zone = order.jurisdiction, order.jurisdiction.zone
    later = [
        one
        for one in order.events(rule.opens_after)
        if one.dated and one.key == start.key and start.before(one, zone)
    ]
    opens = moment_after(later[-1] if later else start, value.opens, jurisdiction)
    known = [*ordered, *([opens] if opens else [])]
    return min(known, key=lambda one: one.begins_at(jurisdiction), default=None)


def _also_missing(
    rule: Rule, value: Value, order: _Order, start: Event, opens: Moment | None
) -> tuple[str, ...]:
    """Return the codes of the facts without which the opening or the order's end is not known."""
    if rule.after_end and order.ended_on is None:
        return ("date:ended",)
    if value.opens is None or opens is not None:
        return ()
    return (f"date:{rule.starts}",) if start.kind == rule.due_starts else (f"time:{start.kind}",)


def _meeting(
    rule: Rule, order: _Order, start: Event, due: Moment | None, opens: Moment | None
) -> list[Event]:
    """Return the events that meet the deadline."""
    jurisdiction = order.jurisdiction
    last = due.day(jurisdiction) if due else None
    # A window without an end cannot be used before it opens.
    earliest = opens.day(jurisdiction) if opens and due is None else None
    return [
        one
        for met_by in rule.met_by
        for one in _named(met_by, order)
        if one.dated
        and (earliest is None or one.day(jurisdiction.zone) >= earliest)
        and (last is None or not met_by.set_by_due or one.day(jurisdiction.zone) <= last)
        and _counts(met_by, one, start, order)
    ]


def _named(met_by: MetBy, order: _Order) -> list[Event]:
    """Return the events that `met_by` names.

    A duty that asks for everything is also met by the finding or the check that accounts for everything.
    """
    if met_by.event == "issued":
        return _start_events("issued", order)
    found = order.events(met_by.event, met_by.purpose)
    return [*found, *order.events("accounted_for")] if met_by.complete else found


def _proof(rule: Rule, order: _Order, meeting: list[Event]) -> DutyProof | None:
    """Return what a duty about firearms rests on: the strongest of what meets it, or a denial beside it."""
    if meeting:
        found = [one.proof or (DutyProof.SWORN if one.kind in STATEMENTS else None) for one in meeting]
        return max((one for one in found if one), key=lambda one: one.weight, default=None)
    denials = [event for one in rule.met_by if one.unless_armed for event in order.events(one.event)]
    if any(one.checked for one in denials):
        return DutyProof.CONTRADICTED
    return DutyProof.SWORN if denials else None


def _counts(met_by: MetBy, one: Event, start: Event, order: _Order) -> bool:
    """True if the event fulfills the conditions of `met_by` that do not depend on the due moment."""
    zone = order.jurisdiction.zone
    if (met_by.complete and not one.complete) or (met_by.same_key and one.key != start.key):
        return False
    if met_by.unless_armed and order.facts.armed:
        return False
    if met_by.at_start and one.day(zone) < start.day(zone):
        return False
    since = day_after(start.day(zone), met_by.since, order.jurisdiction) if met_by.since else None
    return since is None or one.day(zone) >= since
