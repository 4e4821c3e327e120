"""The rulebook: rules as dated values with sources, read from TOML and checked on reading.

The form is described in docs/rules.md. A file that is not of that form is refused whole, with file, line,
key and what is allowed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, time
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orders.rules.court_calendar import CourtCalendar, Holiday
from orders.rules.facts import HAPPENINGS, Facts, Happening, Kind
from orders.rules.tables import Table, TableError, read

DATA = Path(__file__).parent / "data"


class RulebookError(TableError):
    """A rule file that cannot be used; the text names file, line, key and remedy."""


class Unit(StrEnum):
    """What an offset counts. `next_open_day`, `indefinite` and `as_ordered` count nothing and take no amount.

    `as_ordered`: the law leaves the time to the court. The rule gives nothing until a court has set a value.
    """

    ELAPSED_HOURS = "elapsed_hours"
    CALENDAR_DAYS = "calendar_days"
    COURT_DAYS = "court_days"
    BUSINESS_DAYS = "business_days"
    MONTHS = "months"
    YEARS = "years"
    NEXT_OPEN_DAY = "next_open_day"
    INDEFINITE = "indefinite"
    AS_ORDERED = "as_ordered"


class Purpose(StrEnum):
    """Why a checkpoint looks at its deadline."""

    REMIND = "remind"
    CHECK = "check"
    ESCALATE = "escalate"


class Mark(StrEnum):
    """How far a value is known, in the dossier's three grades."""

    SEEN = "seen"
    SECOND_HAND = "second_hand"
    RECOLLECTION = "recollection"


class Certainty(StrEnum):
    """Whether lawyers agree on the reading."""

    CERTAIN = "certain"
    DEBATABLE = "debatable"


class Pick(StrEnum):
    """Which of several starting events a rule runs from."""

    FIRST = "first"
    LATEST = "latest"
    EACH = "each"


class Anchor(StrEnum):
    """What a checkpoint counts from."""

    DUE = "due"
    OPENS = "opens"


class Dated(StrEnum):
    """Which day decides what value of a rule is in force: the order's date, or that of the starting event."""

    ISSUED = "issued"
    START = "start"


class Becomes(StrEnum):
    """What a rule without a time of its own is in the product."""

    ORDER_TERM = "order_term"
    REQUIRED_NOTICE = "required_notice"
    REQUIRED_DOCUMENT = "required_document"
    RECIPIENTS = "recipients"
    FILERS = "filers"
    PROOF = "proof"
    RETURN = "return"
    CONDITION = "condition"
    FACT = "fact"
    COMPUTATION = "computation"
    CARE = "care"


class Recipient(StrEnum):
    """To whom a firearm may go."""

    LAW_ENFORCEMENT = "law_enforcement"
    LICENSED_DEALER = "licensed_dealer"
    THIRD_PARTY = "third_party"
    TRUE_OWNER = "true_owner"


class Filer(StrEnum):
    """Who asked the court for the order."""

    LAW_ENFORCEMENT = "law_enforcement"
    STATES_ATTORNEY = "states_attorney"
    ATTORNEY_GENERAL = "attorney_general"
    INTIMATE_PARTNER = "intimate_partner"
    HOUSEHOLD_MEMBER = "household_member"
    HEALTH_WORKER = "health_worker"
    SCHOOL = "school"
    LICENSING_AUTHORITY = "licensing_authority"
    OTHER_PERSON = "other_person"


class Standard(StrEnum):
    """What the court must be convinced of, and how far."""

    REASONABLE_GROUNDS = "reasonable_grounds"
    REASONABLE_CAUSE = "reasonable_cause"
    PROBABLE_CAUSE = "probable_cause"
    PREPONDERANCE = "preponderance"
    CLEAR_AND_CONVINCING = "clear_and_convincing"

    def exceeds(self, other: Standard) -> bool:
        """True when it asks for more. The three of cause are held to ask for the same."""
        return self.rank > other.rank

    @property
    def rank(self) -> int:
        """Its place on the way from cause to clear and convincing evidence."""
        return {Standard.PREPONDERANCE: 1, Standard.CLEAR_AND_CONVINCING: 2}.get(self, 0)


class Before(StrEnum):
    """What must be so before a firearm goes back to the respondent.

    Whether the order is over is known from its facts; the others somebody confirms.
    """

    ORDER_OVER = "order_over"
    REQUESTED = "requested"
    BACKGROUND_CHECK = "background_check"
    ELIGIBLE = "eligible"
    COURT_CONFIRMATION = "court_confirmation"
    COURT_RELEASE = "court_release"
    NOT_DANGEROUS = "not_dangerous"
    FAMILY_TOLD = "family_told"
    STATE_APPLICATION = "state_application"


#: Marks a value that has been in force since before any order held here; its beginning was not looked up.
LONG_AGO = date(1900, 1, 1)

#: Whom a checkpoint tells; each is resolved to people when it fires.
AUDIENCES = frozenset(
    {
        "court",
        "respondent_police",
        "service_police",
        "supervisor",
        "state_police",
        "marshal",
        "prosecutor",
        "licensing",
        "school",
        "advocate",
        "protected_person",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Offset:
    """So many units after (or, negative, before) an event."""

    amount: int
    unit: Unit


@dataclass(frozen=True, kw_only=True, slots=True)
class Binding:
    """One kind of order that a rule binds, and the answer to the firearms question it asks for, if any."""

    kind: Kind
    firearms_indicated: bool | None = None
    financial_support: bool | None = None

    def holds(self, facts: Facts) -> bool:
        """True when the order is of this kind and has the answers asked for."""
        return (
            facts.kind == self.kind
            and self.firearms_indicated in (None, facts.firearms_indicated)
            and self.financial_support in (None, facts.financial_support)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Meeting:
    """One way of meeting a deadline: a happening, with what it must be like.

    `since` counts from the deadline's start: what lies before it belongs to an earlier turn of the same rule,
    such as the motion that extended the order last year. `same_key`: the happening must be about the very
    start, such as the keeping of one term of several.
    """

    happening: str
    purpose: str = ""
    complete: bool = False
    unless_armed: bool = False
    set_by_due: bool = False
    at_start: bool = False
    since: Offset | None = None
    same_key: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """When a deadline is looked at, why, and who is told.

    `offset` counts from the due instant, or from the opening where `anchor` says so. A day offset falls at
    `clock` in court time. `late`: whether it still fires where it is already past when first planned.
    """

    name: str
    purpose: Purpose
    offset: Offset
    audience: tuple[str, ...]
    anchor: Anchor = Anchor.DUE
    clock: time = time(9)
    late: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """What the rule says from `effective` on, and where that is written."""

    effective: date
    due: Offset
    opens: Offset | None = None
    alternative: Offset | None = None
    sources: tuple[str, ...]
    mark: Mark
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of law: whom it binds, what starts it, what it gives, what meets it.

    `starts` may be without a happening: then `else_starts` is taken. `not_before` is an event that moves the
    start to itself where it is recorded and later; `after_end` does the same with the end of the order, and
    says so where no end is recorded. A start `in_custody` is replaced by the first `custody_starts` after it.
    `due_starts` is an event after the start from which alone the due moment counts. `only_after` names events
    of which one must be recorded. `part_of` names the rule or entry this is a part of; `covers` the dossier's
    cells it carries.
    """

    id: str
    title: str
    jurisdiction: str
    binds: tuple[Binding, ...]
    starts: str
    values: tuple[Value, ...]
    actor: str
    certainty: Certainty
    doubt: str = ""
    start_purpose: str = ""
    pick: Pick = Pick.FIRST
    met_by: tuple[Meeting, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    alarms_when_armed: bool = False
    awaited: bool = False
    ends_order: bool = False
    moves_off_closed_days: bool = False
    closed_day_moves: int = 1
    else_starts: str = ""
    not_before: str = ""
    after_end: bool = False
    custody_starts: str = ""
    due_starts: str = ""
    only_after: tuple[str, ...] = ()
    outlives_order: bool = False
    dated_by: Dated = Dated.ISSUED
    part_of: str = ""
    covers: tuple[str, ...] = ()
    file: str = ""

    def binds_order(self, facts: Facts) -> bool:
        """True when the rule is about an order with these facts."""
        return facts.jurisdiction == self.jurisdiction and any(bind.holds(facts) for bind in self.binds)

    def value_on(self, day: date) -> Value | None:
        """The value in force on `day`; None before the first."""
        return next((value for value in reversed(self.values) if value.effective <= day), None)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One rule without a time of its own: what it says, what it is in the product, whom it concerns.

    It is about orders of `kinds` issued from `effective` on and before `until`. `allows` names the recipients
    to whom a firearm may go, or the filers who may ask for the order. An entry about proof asks `standard` of
    orders that were `filed_by` one of these, or by anybody, and, where it is about what is found
    `after_hearing`, once there was one. `before` is what must be so before a firearm goes back.
    """

    id: str
    title: str
    jurisdiction: str
    becomes: Becomes
    sources: tuple[str, ...]
    mark: Mark
    certainty: Certainty
    kinds: tuple[str, ...] = ()
    recipient: str = ""
    doubt: str = ""
    note: str = ""
    effective: date = LONG_AGO
    until: date | None = None
    allows: tuple[str, ...] = ()
    standard: Standard | None = None
    filed_by: tuple[str, ...] = ()
    after_hearing: bool = False
    before: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    file: str = ""

    def binds_order(self, facts: Facts) -> bool:
        """True when the entry is about an order with these facts; without kinds it is about every one."""
        return (
            facts.jurisdiction == self.jurisdiction
            and (not self.kinds or facts.kind in self.kinds)
            and self.effective <= facts.issued_on
            and (self.until is None or facts.issued_on < self.until)
        )

    def asks_more(self, facts: Facts, found: Standard, filer: str) -> bool:
        """True when `found` is less than the standard the entry asks of an order with these facts."""
        return (
            self.standard is not None
            and self.standard.exceeds(found)
            and (not self.filed_by or filer in self.filed_by)
            and (not self.after_hearing or any(map(_heard_on_application, facts.happenings)))
        )

    @property
    def words(self) -> str:
        """What it says, with its id and its sources."""
        return in_words(self, self.sources)


def in_words(rule: Rule | Entry, sources: Iterable[str]) -> str:
    """What a rule says, with its id and sources: how a refusal is said."""
    return f"{rule.title} ({rule.id}; {'; '.join(sources)})"


def _heard_on_application(one: Happening) -> bool:
    return one.kind == "heard" and one.purpose == "application"


@dataclass(frozen=True, kw_only=True)
class Jurisdiction:
    """A state: its time zone and its court calendar.

    `areas` are the parts of the state (counties) that keep another zone. `mark` says how far its holidays are
    known.
    """

    id: str
    name: str
    zone: ZoneInfo
    calendar: CourtCalendar
    areas: dict[str, ZoneInfo] = field(default_factory=dict)
    mark: Mark = Mark.SEEN
    about: str = ""

    def in_area(self, area: str) -> Jurisdiction:
        """The same state with the zone that `area` keeps."""
        zone = self.areas.get(self.area_named(area), self.zone)
        return self if zone == self.zone else replace(self, zone=zone)

    def area_named(self, area: str) -> str:
        """The name of the area as the rulebook writes it; empty where the state keeps no other zone there."""
        asked = area.strip().casefold()
        return next((one for one in self.areas if one.casefold() == asked), "")


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """All rules, by jurisdiction. `version` changes whenever any file does."""

    jurisdictions: dict[str, Jurisdiction]
    rules: tuple[Rule, ...]
    version: str
    entries: tuple[Entry, ...] = ()

    def jurisdiction_of(self, facts: Facts) -> Jurisdiction:
        """The state an order with these facts is of, with the zone of its area."""
        return self.jurisdictions[facts.jurisdiction].in_area(facts.area)

    def entries_of(self, facts: Facts, becomes: Becomes | None = None) -> list[Entry]:
        """The entries about an order with these facts, of one sort if it is asked for."""
        return [
            entry for entry in self.entries if becomes in (None, entry.becomes) and entry.binds_order(facts)
        ]

    def refusal(self, facts: Facts, recipient: Recipient) -> str:
        """Why a firearm may not go to `recipient` under this order, in the rule's words; empty if it may.

        Where the rulebook names no recipients for such an order, nothing is refused.
        """
        return self._unless_allowed(facts, Becomes.RECIPIENTS, recipient)

    def filer_refusal(self, facts: Facts, filer: Filer) -> str:
        """Why `filer` may not ask for this order, in the rule's words; empty if it may, or none says."""
        return self._unless_allowed(facts, Becomes.FILERS, filer)

    def proof_refusal(self, facts: Facts, found: Standard, filer: str = "") -> str:
        """Why `found` is too little for this order, in the rule's words; empty if it is enough."""
        rules = self.entries_of(facts, Becomes.PROOF)
        return " ".join(rule.words for rule in rules if rule.asks_more(facts, found, filer))

    def _unless_allowed(self, facts: Facts, becomes: Becomes, word: str) -> str:
        rules = self.entries_of(facts, becomes)
        if any(word in rule.allows for rule in rules):
            return ""
        return " ".join(rule.words for rule in rules)

    @cached_property
    def by_id(self) -> dict[str, Rule]:
        """The rules by id."""
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def by_binding(self) -> dict[tuple[str, str], tuple[Rule, ...]]:
        """The rules that may bind an order, by its jurisdiction and kind."""
        found: dict[tuple[str, str], dict[str, Rule]] = {}
        for rule in self.rules:
            for bind in rule.binds:
                found.setdefault((rule.jurisdiction, bind.kind.value), {})[rule.id] = rule
        return {key: tuple(rules.values()) for key, rules in found.items()}

    def binding(self, facts: Facts) -> list[Rule]:
        """The rules that bind an order with these facts."""
        return [
            rule
            for rule in self.by_binding.get((facts.jurisdiction, facts.kind), ())
            if rule.binds_order(facts)
        ]

    def with_closings(self, closings: dict[str, dict[date, str]]) -> Rulebook:
        """The same rulebook with further closed days for each jurisdiction named."""
        return replace(
            self,
            jurisdictions={
                id_: replace(one, calendar=one.calendar.with_closings(closings.get(id_, {})))
                for id_, one in self.jurisdictions.items()
            },
        )


def load(folder: Path = DATA) -> Rulebook:
    """The rulebook of every TOML file in the folders of `folder` that are named for a jurisdiction.

    Raises `RulebookError`.
    """
    files = sorted(folder.glob("us_*/*.toml"))
    if not files:
        raise RulebookError(f"{folder}: no rule files in it; they are named us_ct/surrender.toml and so on")
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
            if one.id in jurisdictions:
                raise top.error("id", f"“{one.id}” stands twice; an id is used once")
            jurisdictions[one.id] = one
            continue
        jurisdiction = top.text("jurisdiction")
        for table in top.tables("rule", needed=False):
            rule = _rule(table, jurisdiction, name.as_posix())
            _only_once(table, rule.id, rules, entries)
            rules[rule.id] = rule
        for table in top.tables("entry", needed=False):
            entry = _entry(table, jurisdiction, name.as_posix())
            _only_once(table, entry.id, rules, entries)
            entries[entry.id] = entry
        top.nothing_else()
    _check_references(jurisdictions, (*rules.values(), *entries.values()))
    return Rulebook(
        jurisdictions=jurisdictions,
        rules=tuple(rules.values()),
        entries=tuple(entries.values()),
        version=digest.hexdigest()[:12],
    )


def _only_once(table: Table, id_: str, *taken: Iterable[str]) -> None:
    if any(id_ in ids for ids in taken):
        raise table.error("id", f"“{id_}” stands twice; an id is used once")


def _check_references(jurisdictions: dict[str, Jurisdiction], rules: Iterable[Rule | Entry]) -> None:
    for rule in rules:
        if rule.jurisdiction not in jurisdictions:
            raise RulebookError(
                f"{rule.id}: jurisdiction “{rule.jurisdiction}” has no jurisdiction.toml; "
                f"there are {', '.join(sorted(jurisdictions)) or 'none'}"
            )


def _jurisdiction(top: Table) -> Jurisdiction:
    areas = {
        where: zone
        for table in top.tables("elsewhere", needed=False)
        for where, zone in read(table, _elsewhere)
    }
    calendar = CourtCalendar(
        holidays=tuple(read(table, _holiday) for table in top.tables("holiday", needed=False)),
        closings=dict(read(table, _closing) for table in top.tables("proclaimed", needed=False)),
        saturday_to_friday=not top.yes("saturday_holidays_stay"),
    )
    jurisdiction = Jurisdiction(
        id=top.text("id"),
        name=top.text("name"),
        zone=_zone(top),
        calendar=calendar,
        areas=areas,
        mark=top.one_of("mark", Mark, Mark.SEEN),
        about=top.text("about", ""),
    )
    top.nothing_else()
    return jurisdiction


def _zone(table: Table) -> ZoneInfo:
    zone = table.text("zone")
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise table.error("zone", f"“{zone}” is no time zone of the IANA list") from None


def _elsewhere(table: Table) -> list[tuple[str, ZoneInfo]]:
    zone = _zone(table)
    return [(where, zone) for where in table.texts("where")]


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
        raise table.error("month", "there is no such day in the year") from None
    return holiday


#: A year without 29 February, in which every holiday must be found.
_SOME_YEAR = 2027


def _closing(table: Table) -> tuple[date, str]:
    return table.day("on"), table.text("name")


_STARTS = HAPPENINGS | {"issued", "expiry"}


def _event(table: Table, key: str, known: frozenset[str], default: object = ...) -> str:
    event = table.text(key, default)
    if event and event not in known:
        raise table.error(key, f"“{event}” is no event; known are {', '.join(sorted(known))}")
    return event


def _rule(table: Table, jurisdiction: str, file: str) -> Rule:
    rule = Rule(
        id=table.text("id"),
        title=table.text("title"),
        jurisdiction=jurisdiction,
        binds=tuple(read(one, _binding) for one in table.tables("binds")),
        starts=_event(table, "starts", _STARTS),
        start_purpose=table.text("start_purpose", ""),
        pick=table.one_of("pick", Pick, Pick.FIRST),
        values=_values(table),
        actor=table.text("actor"),
        certainty=table.one_of("certainty", Certainty),
        doubt=table.text("doubt", ""),
        met_by=tuple(read(one, _meeting) for one in table.tables("met_by", needed=False)),
        checkpoints=tuple(read(one, _checkpoint) for one in table.tables("checkpoint", needed=False)),
        alarms_when_armed=table.yes("alarms_when_armed"),
        awaited=table.yes("awaited"),
        ends_order=table.yes("ends_order"),
        moves_off_closed_days=table.yes("moves_off_closed_days"),
        closed_day_moves=table.number("closed_day_moves", 1),
        else_starts=_event(table, "else_starts", _STARTS, ""),
        not_before=_event(table, "not_before", HAPPENINGS, ""),
        after_end=table.yes("after_end"),
        custody_starts=_event(table, "custody_starts", HAPPENINGS, ""),
        due_starts=_event(table, "due_starts", HAPPENINGS, ""),
        only_after=table.texts("only_after", HAPPENINGS, needed=False),
        outlives_order=table.yes("outlives_order"),
        dated_by=table.one_of("dated_by", Dated, Dated.ISSUED),
        part_of=table.text("part_of", ""),
        covers=table.texts("covers", needed=False),
        file=file,
    )
    if rule.ends_order and (rule.after_end or "expiry" in (rule.starts, rule.else_starts)):
        raise table.error("ends_order", "a rule that gives the order's end cannot count from it")
    _say_what_is_doubted(table, rule)
    table.nothing_else()
    return rule


def _values(table: Table) -> tuple[Value, ...]:
    values: list[Value] = []
    for one in table.tables("value"):
        value = read(one, _value)
        if values and value.effective <= values[-1].effective:
            raise one.error("effective", "dates must rise from value to value, each one once")
        values.append(value)
    if not values:
        raise table.error("value", "missing; give at least one dated value")
    return tuple(values)


#: What the entries that name somebody may name.
_MAY_NAME: dict[Becomes, type[StrEnum]] = {Becomes.RECIPIENTS: Recipient, Becomes.FILERS: Filer}


def _entry(table: Table, jurisdiction: str, file: str) -> Entry:
    becomes = table.one_of("becomes", Becomes)
    entry = Entry(
        id=table.text("id"),
        title=table.text("title"),
        jurisdiction=jurisdiction,
        becomes=becomes,
        sources=table.texts("sources"),
        mark=table.one_of("mark", Mark),
        certainty=table.one_of("certainty", Certainty, Certainty.CERTAIN),
        kinds=table.texts("kinds", frozenset(Kind), needed=False),
        recipient=table.text("recipient", ""),
        doubt=table.text("doubt", ""),
        note=table.text("note", ""),
        effective=table.day("effective", LONG_AGO),
        until=table.day_or_none("until"),
        allows=table.texts(
            "allows", frozenset(_MAY_NAME.get(becomes, Recipient)), needed=becomes in _MAY_NAME
        ),
        covers=table.texts("covers", needed=False),
        file=file,
        **_what_it_asks(table, becomes),
    )
    if entry.until is not None and entry.until <= entry.effective:
        raise table.error("until", f"{entry.until} is not after {entry.effective}, the day it takes effect")
    _say_what_is_doubted(table, entry)
    table.nothing_else()
    return entry


def _what_it_asks(table: Table, becomes: Becomes) -> dict[str, Any]:
    """The keys that only entries of one sort have."""
    if becomes is Becomes.PROOF:
        return {
            "standard": table.one_of("standard", Standard),
            "filed_by": table.texts("filed_by", frozenset(Filer), needed=False),
            "after_hearing": table.yes("after_hearing"),
        }
    return {"before": table.texts("before", frozenset(Before))} if becomes is Becomes.RETURN else {}


def _say_what_is_doubted(table: Table, rule: Rule | Entry) -> None:
    if rule.certainty is Certainty.DEBATABLE and not rule.doubt:
        raise table.error("doubt", "missing; a debatable rule says what is doubted")


def _binding(table: Table) -> Binding:
    return Binding(
        kind=table.one_of("kind", Kind),
        firearms_indicated=table.yes_or_none("firearms_indicated"),
        financial_support=table.yes_or_none("financial_support"),
    )


def _meeting(table: Table) -> Meeting:
    return Meeting(
        happening=_event(table, "happening", HAPPENINGS),
        purpose=table.text("purpose", ""),
        complete=table.yes("complete"),
        unless_armed=table.yes("unless_armed"),
        set_by_due=table.yes("set_by_due"),
        at_start=table.yes("at_start"),
        since=_offset_at(table, "since"),
        same_key=table.yes("same_key"),
    )


#: Units that count nothing.
WITHOUT_AMOUNT = (Unit.NEXT_OPEN_DAY, Unit.INDEFINITE, Unit.AS_ORDERED)


def _offset(table: Table) -> Offset:
    amount, unit = table.number_or_none("amount"), table.one_of("unit", Unit)
    if (amount is None) != (unit in WITHOUT_AMOUNT):
        raise table.error("amount", f"{unit} takes {'no' if amount is not None else 'an'} amount")
    return Offset(amount=amount or 0, unit=unit)


def _offset_at(table: Table, key: str, *, counting: bool = True) -> Offset | None:
    found = table.table(key)
    if found is None:
        return None
    offset = read(found, _offset)
    if counting and offset.unit in WITHOUT_AMOUNT:
        raise table.error(key, f"{offset.unit} counts nothing; only due may have it")
    return offset


def _value(table: Table) -> Value:
    due = _offset_at(table, "due", counting=False)
    if due is None:
        raise table.error("due", 'missing; give an offset such as { amount = 24, unit = "elapsed_hours" }')
    return Value(
        effective=table.day("effective"),
        due=due,
        opens=_offset_at(table, "opens"),
        alternative=_offset_at(table, "alternative"),
        sources=table.texts("sources"),
        mark=table.one_of("mark", Mark),
        note=table.text("note", ""),
    )


def _checkpoint(table: Table) -> Checkpoint:
    offset = _offset_at(table, "offset")
    return Checkpoint(
        name=table.text("name"),
        purpose=table.one_of("purpose", Purpose),
        offset=offset or Offset(amount=0, unit=Unit.ELAPSED_HOURS),
        audience=table.texts("audience", AUDIENCES),
        anchor=table.one_of("anchor", Anchor, Anchor.DUE),
        clock=table.clock("clock", time(9)),
        late=table.yes("late"),
    )
