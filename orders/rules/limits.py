"""Dates that a court set beyond what the rules allow: a hearing or a last day too late, or on a closed day.

No clock, no database. The court may have a reason, so nothing here refuses a date.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from orders.rules.counting import day_after
from orders.rules.facts import Event, Facts, Kind
from orders.rules.jurisdiction import Jurisdiction
from orders.rules.model import Entry, MetBy, Rule, cite
from orders.rules.plan import plan_of
from orders.rules.planned import PlannedDeadline
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import Unit

#: The entry of a state about the days on which its courts are open.
OPEN_DAYS = {"us_ct": "TIME-06"}

#: Kinds of order that last only until the court has heard both sides.
TEMPORARY = frozenset({Kind.EX_PARTE_RESTRAINING_ORDER, Kind.TEMPORARY_ERPO, Kind.INTERIM_ERPO})


class Limit(StrEnum):
    """Which date is beyond the rule."""

    HEARING_LATE = "hearing_late"
    HEARING_CLOSED = "hearing_on_closed_day"
    LAST_DAY_LATE = "last_day_late"
    SERVED_LATE = "served_after_last_day"


@dataclass(frozen=True, kw_only=True, slots=True)
class Beyond:
    """One date beyond a rule. `right` is the date that would be right, or the last one that would be.

    `law` is the title of the rule or entry with its sources; empty without one. `closed` is why
    the court is closed on the day. `key` is that of the hearing.
    """

    limit: Limit
    day: date
    right: date
    law: str = ""
    law_id: str = ""
    closed: str = ""
    purpose: str = ""
    key: str = ""


def beyond(facts: Facts, book: Rulebook, *, extended_from: date | None = None) -> list[Beyond]:
    """Return every date of the order beyond a rule, hearings first.

    `extended_from` is the last day before the order was extended: then the first grant's limit does not
    count, only the limit of an extension.
    """
    # What the rules give without the date that is printed on the order.
    unprinted = replace(facts, expires_on=None)
    return [
        *_late_hearings(unprinted, book),
        *_on_closed_days(facts, book),
        *_late_last_day(facts.expires_on, unprinted, book, extended_from),
        *_late_service(facts, book),
    ]


def _sets_hearing(met_by: MetBy) -> bool:
    return met_by.event == "hearing_scheduled" and met_by.set_by_due


def _late_hearings(facts: Facts, book: Rulebook) -> Iterator[Beyond]:
    """Yield the pending hearings after the last day for the first hearing, if no hearing was set in time."""
    state = book.jurisdiction_of(facts)
    for rule in book.binding(facts):
        for met_by in filter(_sets_hearing, rule.met_by):
            for planned in plan_of(facts, book, rule):
                last = planned.due_day
                if last is None or _was_in_time(planned, last, facts, met_by):
                    continue
                for one in _pending(facts, state, met_by.purpose):
                    if one.day(state.zone) > last:
                        yield Beyond(
                            limit=Limit.HEARING_LATE,
                            day=one.day(state.zone),
                            right=state.calendar.last_open_day(last),
                            law=cite(rule, planned.value.sources),
                            law_id=rule.id,
                            purpose=one.purpose,
                            key=one.key,
                        )


def _was_in_time(planned: PlannedDeadline, last: date, facts: Facts, met_by: MetBy) -> bool:
    """True if a hearing met the limit, or was set by the `last` day and continued since."""
    if planned.met_in_time:
        return True
    if "hearing_continued" in (planned.rule.starts, planned.rule.else_starts):
        return False
    zone = planned.jurisdiction.zone
    continued = [one for one in facts.events if one.kind == "hearing_continued" and one.dated]
    return any(met_by.purpose in ("", one.purpose) and one.day(zone) <= last for one in continued)


def _pending(facts: Facts, state: Jurisdiction, purpose: str = "") -> list[Event]:
    return [one for one in facts.of_kind("hearing_scheduled", state.zone, purpose) if one.dated]


def _on_closed_days(facts: Facts, book: Rulebook) -> Iterator[Beyond]:
    """Yield the hearings that are set for a day on which the court is closed."""
    state = book.jurisdiction_of(facts)
    for one in _pending(facts, state):
        day = one.day(state.zone)
        if closed := state.calendar.closed_because(day):
            law, law_id = _law_of_closed_days(facts, book, one)
            yield Beyond(
                limit=Limit.HEARING_CLOSED,
                day=day,
                right=state.calendar.next_open_day(day),
                law=law,
                law_id=law_id,
                closed=closed,
                purpose=one.purpose,
                key=one.key,
            )


def _law_of_closed_days(facts: Facts, book: Rulebook, hearing: Event) -> tuple[str, str]:
    """Return the law about a hearing of this purpose on a closed day, else about open days, with its id."""
    for rule in book.binding(facts):
        value = rule.value_on(facts.issued_on)
        moves = value is not None and value.due.unit is Unit.NEXT_OPEN_DAY
        if value and moves and rule.starts == "hearing_scheduled" and rule.start_purpose == hearing.purpose:
            return cite(rule, value.sources), rule.id
    entry = _entry(book, OPEN_DAYS.get(facts.jurisdiction))
    return (cite(entry, entry.sources), entry.id) if entry else ("", "")


def _entry(book: Rulebook, id_: str | None) -> Entry | None:
    return next((one for one in book.entries if one.id == id_), None)


def _late_last_day(
    printed: date | None, facts: Facts, book: Rulebook, extended_from: date | None
) -> Iterator[Beyond]:
    """Yield the last day on the order if it is later than the rule that ends the order allows."""
    for rule in book.binding(facts):
        if printed is None or not rule.ends_order:
            continue
        for planned in _ends(rule, facts, book, is_extended=extended_from is not None):
            limit = (
                _last_day_of(planned)
                if extended_from is None
                else _extended_last_day_of(planned, extended_from, facts.kind)
            )
            if limit is not None and printed > limit:
                value = rule.value_on(facts.issued_on)
                laws = [cite(rule, value.sources)] if value else []
                if planned.rule.id != rule.id:
                    laws.append(cite(planned.rule, planned.value.sources))
                yield Beyond(
                    limit=Limit.LAST_DAY_LATE,
                    day=printed,
                    right=limit,
                    law=" ".join(laws),
                    law_id=rule.id,
                )


def _ends(rule: Rule, facts: Facts, book: Rulebook, *, is_extended: bool) -> list[PlannedDeadline]:
    """Return the end of the order as the rule gives it.

    An extended order may have a longest length of its own. While no hearing is set, an extended order that
    lasts until the hearing lasts at most until the last day for it.
    """
    longest = [one for one in book.binding(facts) if one.is_end and one.part_of == rule.id]
    if is_extended and longest:
        moved = Event(kind="extension_moved")
        return plan_of(replace(facts, events=(*facts.events, moved)), book, *longest)
    found = plan_of(facts, book, rule)
    if found or not is_extended or rule.starts != "hearing_scheduled":
        return found
    last_days = {
        planned.due_day: planned
        for one in book.binding(facts)
        if any(_sets_hearing(met_by) and met_by.purpose == rule.start_purpose for met_by in one.met_by)
        for planned in plan_of(facts, book, one)
        if planned.due_day is not None
    }
    return [last_days[day] for day in sorted(last_days)[-1:]]


def _late_service(facts: Facts, book: Rulebook) -> Iterator[Beyond]:
    """Yield the service of an order after its last day as a rule gives it.

    A day that is printed on the order is certain: there, later service is refused.
    """
    state = book.jurisdiction_of(facts)
    ending = [rule for rule in book.binding(facts) if rule.ends_order and facts.expires_on is None]
    for one in facts.of_kind("served", state.zone):
        for planned in (planned for rule in ending for planned in plan_of(facts, book, rule)):
            limit = _last_day_of(planned)
            if limit is not None and one.day(state.zone) > limit:
                yield Beyond(
                    limit=Limit.SERVED_LATE,
                    day=one.day(state.zone),
                    right=limit,
                    law=cite(planned.rule, planned.value.sources),
                    law_id=planned.rule.id,
                )


def _last_day_of(planned: PlannedDeadline) -> date | None:
    """Return the last day that the first grant may have; None if the law sets no limit."""
    if planned.is_from_leap_day:
        return planned.alternative_on
    return planned.closed_day_moves_to or planned.due_day


def _extended_last_day_of(planned: PlannedDeadline, extended_from: date, kind: str) -> date | None:
    """Return the last day that an extension may give; None if the law sets no limit.

    An extension of an order that lasts for a time from its issue adds at most `extends`. An order that lasts
    until an event, such as a hearing, lasts until then whether it was extended or not. Without `extends`, a
    temporary order lasts no longer than the first grant may, and another order has no limit.
    """
    is_from_issue = planned.start is not None and planned.start.kind == "issued"
    if is_from_issue and planned.rule.ends_order:
        if extends := planned.value.extends:
            return day_after(extended_from, extends, planned.jurisdiction)
        if kind not in TEMPORARY:
            return None
    return _last_day_of(planned)
