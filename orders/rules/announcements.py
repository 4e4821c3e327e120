"""Announcements, loaded from one file and planned: events that people are notified about."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

from orders.rules.counting import day_after
from orders.rules.court_time import add_elapsed_hours, at_wall, end_of_day
from orders.rules.facts import ANNOUNCED_EVENTS, Event, Facts, Kind
from orders.rules.jurisdiction import Jurisdiction
from orders.rules.model import (
    Announcement,
    CheckpointRule,
    MetBy,
    Offset,
    Rule,
    Unless,
    Value,
)
from orders.rules.plan import plan_of
from orders.rules.planned import Moment, PlannedCheckpoint, PlannedDeadline
from orders.rules.reading import event_of, offset_at
from orders.rules.rulebook import Rulebook
from orders.rules.tables import Table, TableError, read
from orders.rules.vocabulary import (
    AUDIENCES,
    LONG_AGO,
    Certainty,
    Pick,
    Purpose,
    SourceStatus,
    Unit,
)

#: An announcement has no time of its own; its checkpoints count from its event.
_NO_TIME = Value(
    effective=LONG_AGO,
    due=Offset(amount=0, unit=Unit.CALENDAR_DAYS),
    sources=(),
    source_status=SourceStatus.SEEN,
)

#: Of an event with a time of day, such as a coming service, another time of the same day is news too.
_TO_THE_MINUTE = replace(_NO_TIME, due=Offset(amount=0, unit=Unit.ELAPSED_HOURS))


def read_announcements(file: Path, raises: type[TableError]) -> tuple[tuple[Announcement, ...], bytes]:
    """Return the announcements of the file and its bytes; both empty without the file. Raises `raises`."""
    if not file.exists():
        return (), b""
    top = Table.read(file, file.relative_to(file.parent.parent), raises)
    fresh = top.number("fresh_days")
    found: dict[str, Announcement] = {}
    for table in top.tables("announcement"):
        one = _announcement(table, fresh)
        if one.rule.id in found:
            raise table.error("id", f"“{one.rule.id}” is already in use; choose another id")
        found[one.rule.id] = one
    top.reject_unread()
    for one in found.values():
        awaited = one.unless_acknowledged
        if awaited and awaited not in found:
            raise raises(f"{file.name}: {one.rule.id}: no announcement is called “{awaited}”")
    return tuple(found.values()), file.read_bytes()


def _announcement(table: Table, fresh: int) -> Announcement:
    rule = Rule(
        id=table.text("id"),
        title=table.text("title"),
        jurisdiction="",
        binds=(),
        starts=event_of(table, "starts", ANNOUNCED_EVENTS | {"issued", "expiry"}),
        pick=table.one_of("pick", Pick, Pick.FIRST),
        values=(_TO_THE_MINUTE if table.flag("to_the_minute") else _NO_TIME,),
        actor="",
        certainty=Certainty.CERTAIN,
        met_by=tuple(read(one, _over) for one in table.optional_tables("over")),
        checkpoints=tuple(_notify(one, fresh) for one in table.tables("notify")),
        alarms_when_armed=table.flag("when_armed"),
        only_after=table.optional_texts("only_after", ANNOUNCED_EVENTS),
        unless=tuple(read(one, _unless) for one in table.optional_tables("unless")),
        outlives_order=table.flag("outlives_order"),
        file="data/announcements.toml",
    )
    one = Announcement(
        rule=rule,
        kinds=table.optional_texts("kinds", frozenset(Kind)),
        states=table.optional_texts("states"),
        not_in=table.optional_texts("not_in"),
        purposes=table.optional_texts("purposes"),
        when_whole=table.flag("when_whole"),
        urgent=table.flag("urgent"),
        at_once=table.flag("at_once"),
        unless_acknowledged=table.text("unless_acknowledged", ""),
    )
    table.reject_unread()
    return one


def _over(table: Table) -> MetBy:
    return MetBy(
        event=event_of(table, "event", ANNOUNCED_EVENTS),
        same_key=table.flag("same_key"),
        at_start=table.flag("at_start"),
    )


def _unless(table: Table) -> Unless:
    return Unless(event=event_of(table, "event", ANNOUNCED_EVENTS), same_key=table.flag("same_key"))


def _notify(table: Table, fresh: int) -> CheckpointRule:
    offset = offset_at(table, "offset")
    is_ahead = offset is not None and offset.amount < 0
    # Only a reminder ahead of its day takes it.
    until_day = is_ahead and table.flag("until_day")
    one = CheckpointRule(
        name=table.text("name"),
        purpose=Purpose.INFORM,
        offset=offset or Offset(amount=0, unit=Unit.ELAPSED_HOURS),
        audience=table.texts("audience", AUDIENCES),
        clock=table.clock("clock", time(9)),
        fresh_days=None if is_ahead else table.number("fresh_days", fresh),
        until_day=until_day,
        when_armed=table.flag("when_armed"),
        ask=table.text("ask"),
        needs_answer=table.flag("needs_answer"),
    )
    table.reject_unread()
    return one


def announce(facts: Facts, rulebook: Rulebook) -> tuple[PlannedDeadline, ...]:
    """Return the announcements about an order with these facts, in the form of deadlines with checkpoints.

    Nothing of it is a duty. One that is over is left out: no one needs to hear of it any more.
    """
    happened = {one.kind for one in facts.events} | {"issued", "expiry"}
    concerned = {
        one.rule.id: one
        for one in rulebook.announcements
        if one.rule.starts in happened
        and (one.rule.outlives_order or "vacated" not in happened)
        and one.concerns(facts)
    }
    planned = plan_of(facts, rulebook, *(one.rule for one in concerned.values()))
    found = (
        replace(one, checkpoints=_checkpoints(one, one.start, facts))
        for one in planned
        if one.met is None
        and one.start is not None
        and one.start.dated
        and concerned[one.rule.id].is_about(one.start)
    )
    return tuple(one for one in found if one.checkpoints)


def _checkpoints(planned: PlannedDeadline, event: Event, facts: Facts) -> tuple[PlannedCheckpoint, ...]:
    jurisdiction = planned.jurisdiction
    rules = [one for one in planned.rule.checkpoints if facts.armed or not one.when_armed]
    counted = [(one, _as_known(one, event, jurisdiction)) for one in rules]
    return tuple(
        PlannedCheckpoint(
            name=one.name,
            purpose=one.purpose,
            fires_at=_fires_at(one, known, facts, jurisdiction),
            audience=one.audience,
            late=False,
            news_until=_news_until(one, event, jurisdiction),
            needs_answer=one.needs_answer,
            waits_from_entry=known is not event,
        )
        for one, known in counted
    )


def waiting_from(planned: PlannedDeadline, name: str, instant: datetime) -> datetime | None:
    """Return when the notice `name` of an announcement fires if its event became known at `instant`.

    None if no one waits for it: it is the first, or about a day such as that of a hearing.
    """
    rule = _rule_of(planned, name)
    if planned.start is None or not _waits(rule, planned.start):
        return None
    return _after(Event(kind=planned.start.kind, at=instant), rule.offset, rule.clock, planned.jurisdiction)


def is_first(planned: PlannedDeadline, name: str) -> bool:
    """True if the announcement fires the notice `name` as soon as its event is known."""
    return _rule_of(planned, name).is_first


def _rule_of(planned: PlannedDeadline, name: str) -> CheckpointRule:
    return next(one for one in planned.rule.checkpoints if one.name == name)


def _waits(rule: CheckpointRule, event: Event) -> bool:
    """True if the notice follows the first one, and its time is what somebody has to act on that."""
    return rule.offset.amount > 0 and not event.is_set_ahead and event.kind != "expiry"


def _as_known(rule: CheckpointRule, event: Event, jurisdiction: Jurisdiction) -> Event:
    """Return the event at the instant from which the notice counts: at the earliest when it was recorded."""
    if event.known_at is None or not _waits(rule, event):
        return event
    if event.known_at <= _begins_at(event, jurisdiction):
        return event
    return replace(event, at=event.known_at, on=None)


def _after(event: Event, offset: Offset, clock: time, jurisdiction: Jurisdiction) -> datetime:
    """Return the instant so long after the event; in days, at `clock` of that day."""
    if offset.unit is Unit.ELAPSED_HOURS:
        return add_elapsed_hours(_begins_at(event, jurisdiction), offset.amount)
    return at_wall(day_after(event.day(jurisdiction.zone), offset, jurisdiction), clock, jurisdiction.zone)


def _fires_at(rule: CheckpointRule, event: Event, facts: Facts, jurisdiction: Jurisdiction) -> datetime:
    """Return when it fires. What is set ahead is news once it is known, at the earliest with the order."""
    if rule.is_first and event.is_set_ahead:
        return at_wall(facts.issued_on, time.min, jurisdiction.zone)
    return _after(event, rule.offset, rule.clock, jurisdiction)


def _begins_at(event: Event, jurisdiction: Jurisdiction) -> datetime:
    return Moment(at=event.at, on=event.on).begins_at(jurisdiction)


def _news_until(rule: CheckpointRule, event: Event, jurisdiction: Jurisdiction) -> datetime | None:
    """Return until when an event entered late is news: that it is set ahead, until its day is over."""
    day = event.day(jurisdiction.zone)
    if rule.until_day or (rule.is_first and event.is_set_ahead):
        return end_of_day(day, jurisdiction.zone)
    if rule.fresh_days is None:
        return None
    return end_of_day(day + timedelta(days=rule.fresh_days), jurisdiction.zone)
