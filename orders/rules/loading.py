"""Load the rulebook from TOML files. docs/rules.md describes the form of the files.

A file of another form is refused as a whole; the error names file, line, key and the allowed values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, time
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orders.rules.announcements import read_announcements
from orders.rules.court_calendar import CourtCalendar, Holiday
from orders.rules.facts import EVENT_KINDS, SERVICE_WAYS, Kind
from orders.rules.jurisdiction import Jurisdiction
from orders.rules.model import (
    Binding,
    ByWay,
    CheckpointRule,
    Entry,
    Offset,
    Rule,
    Value,
)
from orders.rules.reading import STARTS, any_offset_at, event_of, met_by_of, offset_at, unless_of
from orders.rules.rulebook import Rulebook
from orders.rules.tables import Table, TableError, read
from orders.rules.vocabulary import (
    AUDIENCES,
    LONG_AGO,
    Anchor,
    Certainty,
    DatedBy,
    EntryType,
    Filer,
    FirearmRecipient,
    Pick,
    Purpose,
    ReturnRequirement,
    SourceStatus,
    StandardOfProof,
    Unit,
)

DATA = Path(__file__).parent / "data"
#: The file of announcements, for every state.
ANNOUNCEMENTS = "announcements.toml"


class RulebookError(TableError):
    """A rule file that cannot be used; the message names file, line, key and remedy."""


def load(folder: Path = DATA) -> Rulebook:
    """Load every TOML file in the folders of `folder` that are named for a jurisdiction.

    Raises `RulebookError`.
    """
    files = sorted(folder.glob("us_*/*.toml"))
    if not files:
        raise RulebookError(f"{folder}: contains no rule files; name them us_ct/surrender.toml and so on")
    jurisdictions: dict[str, Jurisdiction] = {}
    rules: dict[str, Rule] = {}
    entries: dict[str, Entry] = {}
    digest = hashlib.sha256()
    for file in files:
        name = file.relative_to(folder.parent)
        top = Table.read(file, name, RulebookError)
        digest.update(file.read_bytes())
        if file.name == "jurisdiction.toml":
            one = _jurisdiction(top)
            _require_new(top, one.id, jurisdictions)
            jurisdictions[one.id] = one
            continue
        jurisdiction = top.text("jurisdiction")
        for table in top.optional_tables("rule"):
            rule = _rule(table, jurisdiction, name.as_posix())
            _require_new(table, rule.id, rules, entries)
            rules[rule.id] = rule
        for table in top.optional_tables("entry"):
            entry = _entry(table, jurisdiction, name.as_posix())
            _require_new(table, entry.id, rules, entries)
            entries[entry.id] = entry
        top.reject_unread()
    announcements, text = read_announcements(folder / ANNOUNCEMENTS, RulebookError)
    digest.update(text)
    _check_references(jurisdictions, (*rules.values(), *entries.values()))
    return Rulebook(
        jurisdictions=jurisdictions,
        rules=tuple(rules.values()),
        entries=tuple(entries.values()),
        announcements=announcements,
        version=digest.hexdigest()[:12],
    )


def _require_new(table: Table, id_: str, *taken: Iterable[str]) -> None:
    if any(id_ in ids for ids in taken):
        raise table.error("id", f"“{id_}” is already in use; choose another id")


def _check_references(jurisdictions: dict[str, Jurisdiction], rules: Iterable[Rule | Entry]) -> None:
    for rule in rules:
        if rule.jurisdiction not in jurisdictions:
            raise RulebookError(
                f"{rule.id}: jurisdiction “{rule.jurisdiction}” has no jurisdiction.toml; "
                f"choose from {', '.join(sorted(jurisdictions)) or '(no jurisdictions)'}"
            )


def _jurisdiction(top: Table) -> Jurisdiction:
    areas = {area: zone for table in top.optional_tables("elsewhere") for area, zone in read(table, _areas)}
    calendar = CourtCalendar(
        holidays=tuple(read(table, _holiday) for table in top.optional_tables("holiday")),
        closings=dict(read(table, _closing) for table in top.optional_tables("proclaimed")),
        saturday_to_friday=not top.flag("saturday_holidays_stay"),
    )
    jurisdiction = Jurisdiction(
        id=top.text("id"),
        name=top.text("name"),
        zone=_zone(top),
        calendar=calendar,
        areas=areas,
        source_status=top.one_of("source_status", SourceStatus, SourceStatus.SEEN),
        about=top.text("about", ""),
    )
    top.reject_unread()
    return jurisdiction


def _zone(table: Table) -> ZoneInfo:
    zone = table.text("zone")
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise table.error("zone", f"“{zone}” is not a time zone of the IANA list") from None


def _areas(table: Table) -> list[tuple[str, ZoneInfo]]:
    zone = _zone(table)
    return [(area, zone) for area in table.texts("where")]


def _holiday(table: Table) -> Holiday:
    holiday = Holiday(
        name=table.text("name"),
        month=table.number("month"),
        day=table.number_or_none("day"),
        weekday=table.number_or_none("weekday"),
        nth=table.number_or_none("nth"),
        since=table.number("since", 1),
        plus=table.number("plus", 0),
    )
    if (holiday.day is None) == (holiday.weekday is None or not holiday.nth):
        raise table.error("day", "give either day, or weekday (Monday is 0) and nth (-1 is the last)")
    try:
        holiday.in_year(max(holiday.since, _SOME_YEAR))
    except (ValueError, IndexError):
        raise table.error("month", "the year has no day like this") from None
    return holiday


#: A year without February 29; every holiday must exist in it.
_SOME_YEAR = 2027


def _closing(table: Table) -> tuple[date, str]:
    return table.day("on"), table.text("name")


def _rule(table: Table, jurisdiction: str, file: str) -> Rule:
    rule = Rule(
        id=table.text("id"),
        title=table.text("title"),
        jurisdiction=jurisdiction,
        binds=tuple(read(one, _binding) for one in table.tables("binds")),
        starts=event_of(table, "starts", STARTS),
        start_purpose=table.text("start_purpose", ""),
        pick=table.one_of("pick", Pick, Pick.FIRST),
        values=_values(table),
        actor=table.text("actor"),
        certainty=table.one_of("certainty", Certainty),
        doubt=table.text("doubt", ""),
        met_by=tuple(read(one, met_by_of) for one in table.optional_tables("met_by")),
        checkpoints=tuple(read(one, _checkpoint) for one in table.optional_tables("checkpoint")),
        alarms_when_armed=table.flag("alarms_when_armed"),
        awaited=table.flag("awaited"),
        ends_order=table.flag("ends_order"),
        is_end=table.flag("is_end"),
        no_check=table.text("no_check", ""),
        moves_off_closed_days=table.flag("moves_off_closed_days"),
        moves_to_nearest=table.flag("moves_to_nearest"),
        closed_day_moves=table.number("closed_day_moves", 1),
        closed_day_doubt=table.text("closed_day_doubt", ""),
        until=table.day_or_none("until"),
        else_starts=event_of(table, "else_starts", STARTS, ""),
        not_before=event_of(table, "not_before", EVENT_KINDS, ""),
        after_end=table.flag("after_end"),
        custody_starts=event_of(table, "custody_starts", EVENT_KINDS, ""),
        due_starts=event_of(table, "due_starts", EVENT_KINDS, ""),
        opens_after=event_of(table, "opens_after", EVENT_KINDS, ""),
        opened_by=event_of(table, "opened_by", EVENT_KINDS, ""),
        court_sets_opening=table.flag("court_sets_opening"),
        only_after=table.optional_texts("only_after", EVENT_KINDS),
        unless=tuple(read(one, unless_of) for one in table.optional_tables("unless")),
        outlives_order=table.flag("outlives_order"),
        dated_by=table.one_of("dated_by", DatedBy, DatedBy.ISSUED),
        part_of=table.text("part_of", ""),
        covers=table.optional_texts("covers"),
        file=file,
        short=table.text("short", ""),
    )
    _require_no_contradiction(table, rule)
    _require_check(table, rule)
    _require_doubt(table, rule)
    table.reject_unread()
    return rule


def _require_no_contradiction(table: Table, rule: Rule) -> None:
    """Refuse keys of a rule that exclude each other."""
    if rule.ends_order and (rule.after_end or "expiry" in (rule.starts, rule.else_starts)):
        raise table.error("ends_order", "a rule that gives the order's end cannot count from it")
    if rule.dated_by is DatedBy.START and any(value.starts for value in rule.values):
        raise table.error("dated_by", "a value with its own start is chosen by the day of issue")
    if rule.court_sets_opening and rule.values[-1].opens is None:
        raise table.error("court_sets_opening", "the newest value has no opening that a court could set")
    if rule.closed_day_doubt and not rule.moves_off_closed_days:
        raise table.error("closed_day_doubt", "only a rule with moves_off_closed_days has one")
    if rule.until is not None and rule.until <= rule.values[-1].effective:
        raise table.error("until", f"{rule.until} is not after the day on which the newest value took effect")


def _require_check(table: Table, rule: Rule) -> None:
    """Refuse a rule with a duty that nothing marks overdue."""
    if not (rule.has_check or rule.no_check) and rule.has_duty:
        raise table.error(
            "checkpoint", "missing; give one with the purpose check, or no_check with the reason"
        )
    if rule.no_check and (rule.has_check or not rule.has_duty):
        raise table.error("no_check", "the rule has a check, or it is an end")


def _values(table: Table) -> tuple[Value, ...]:
    values: list[Value] = []
    for one in table.tables("value"):
        value = read(one, _value)
        if values and value.effective <= values[-1].effective:
            raise one.error("effective", "must be later than the value above; give each date once")
        values.append(value)
    if not values:
        raise table.error("value", "missing; give at least one dated value")
    return tuple(values)


#: What the entries with `allows` may list.
_ALLOWED: dict[EntryType, type[StrEnum]] = {
    EntryType.RECIPIENTS: FirearmRecipient,
    EntryType.FILERS: Filer,
}


def _entry(table: Table, jurisdiction: str, file: str) -> Entry:
    type_ = table.one_of("type", EntryType)
    entry = Entry(
        id=table.text("id"),
        title=table.text("title"),
        jurisdiction=jurisdiction,
        type=type_,
        sources=table.texts("sources"),
        source_status=table.one_of("source_status", SourceStatus),
        certainty=table.one_of("certainty", Certainty, Certainty.CERTAIN),
        kinds=table.optional_texts("kinds", frozenset(Kind)),
        recipient=table.text("recipient", ""),
        sender=table.text("sender", ""),
        doubt=table.text("doubt", ""),
        note=table.text("note", ""),
        effective=table.day("effective", LONG_AGO),
        until=table.day_or_none("until"),
        allows=_allows(table, type_),
        covers=table.optional_texts("covers"),
        file=file,
        **_keys_of_type(table, type_),
    )
    if entry.until is not None and entry.until <= entry.effective:
        raise table.error("until", f"{entry.until} is not after {entry.effective}, the day it takes effect")
    _require_doubt(table, entry)
    table.reject_unread()
    return entry


def _allows(table: Table, type_: EntryType) -> tuple[str, ...]:
    """Read what the entry allows; an entry of a type that lists nothing may leave it out."""
    if type_ in _ALLOWED:
        return table.texts("allows", frozenset(_ALLOWED[type_]))
    return table.optional_texts("allows", frozenset(FirearmRecipient))


def _keys_of_type(table: Table, type_: EntryType) -> dict[str, Any]:
    """Read the keys that only entries of one type have."""
    if type_ is EntryType.ORDER_CONDITION:
        return {
            "lasting": table.flag("lasting"),
            "officers": table.flag("officers"),
            "limited_by": table.text("limited_by", ""),
        }
    if type_ is EntryType.PROOF:
        return {
            "standard": table.one_of("standard", StandardOfProof),
            "filed_by": table.optional_texts("filed_by", frozenset(Filer)),
            "after_hearing": table.flag("after_hearing"),
        }
    if type_ is EntryType.RECIPIENTS:
        return {"from_custody": table.optional_texts("from_custody", frozenset(FirearmRecipient))}
    if type_ is EntryType.RETURN:
        return {"requires": table.texts("requires", frozenset(ReturnRequirement))}
    if type_ in (EntryType.REQUIRED_NOTICE, EntryType.REQUIRED_DOCUMENT):
        return {"short": table.text("short")}
    return {}


def _require_doubt(table: Table, rule: Rule | Entry | Value | ByWay) -> None:
    if rule.certainty is Certainty.DEBATABLE and not rule.doubt:
        raise table.error("doubt", "missing; a debatable rule explains its doubt")


def _binding(table: Table) -> Binding:
    return Binding(
        kind=table.one_of("kind", Kind),
        firearms_indicated=table.flag_or_none("firearms_indicated"),
        financial_support=table.flag_or_none("financial_support"),
    )


def _value(table: Table) -> Value:
    due = any_offset_at(table, "due")
    if due is None:
        raise table.error("due", 'missing; give an offset such as { amount = 24, unit = "elapsed_hours" }')
    value = Value(
        effective=table.day("effective"),
        due=due,
        opens=offset_at(table, "opens"),
        alternative=offset_at(table, "alternative"),
        extends=offset_at(table, "extends"),
        sources=table.texts("sources"),
        source_status=table.one_of("source_status", SourceStatus),
        note=table.text("note", ""),
        starts=event_of(table, "starts", STARTS, ""),
        actor=table.text("actor", ""),
        certainty=table.one_of_if_given("certainty", Certainty),
        doubt=table.text("doubt", ""),
        by_way=tuple(read(one, _by_way) for one in table.optional_tables("by_way")),
    )
    _require_doubt(table, value)
    return value


def _by_way(table: Table) -> ByWay:
    found = ByWay(
        way=event_of(table, "way", SERVICE_WAYS),
        due=offset_at(table, "due") or Offset(amount=0, unit=Unit.ELAPSED_HOURS),
        certainty=table.one_of("certainty", Certainty),
        doubt=table.text("doubt", ""),
        check=offset_at(table, "check"),
    )
    _require_doubt(table, found)
    return found


def _checkpoint(table: Table) -> CheckpointRule:
    offset = offset_at(table, "offset")
    return CheckpointRule(
        name=table.text("name"),
        purpose=table.one_of("purpose", Purpose),
        offset=offset or Offset(amount=0, unit=Unit.ELAPSED_HOURS),
        audience=table.texts("audience", AUDIENCES),
        anchor=table.one_of("anchor", Anchor, Anchor.DUE),
        clock=table.clock("clock", time(9)),
        late=table.flag("late"),
    )
