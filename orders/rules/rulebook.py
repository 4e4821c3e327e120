"""The rulebook: rules as dated values with sources, read from TOML and checked on reading.

The form is described in docs/rules.md. A file that is not of that form is refused whole, with file, line,
key and what is allowed.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orders.rules.court_calendar import CourtCalendar, Holiday
from orders.rules.facts import HAPPENINGS, Facts, Kind

DATA = Path(__file__).parent / "data"

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class RulebookError(ValueError):
    """A rule file that cannot be used; the text names file, line, key and remedy."""


class Unit(StrEnum):
    """What an offset counts."""

    ELAPSED_HOURS = "elapsed_hours"
    CALENDAR_DAYS = "calendar_days"
    COURT_DAYS = "court_days"
    BUSINESS_DAYS = "business_days"
    MONTHS = "months"
    YEARS = "years"
    NEXT_OPEN_DAY = "next_open_day"


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


#: Whom a checkpoint tells; each is resolved to people when it fires.
AUDIENCES = frozenset({"court", "respondent_police", "service_police", "marshal", "prosecutor"})


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
    """One way of meeting a deadline: a happening, with what it must be like."""

    happening: str
    purpose: str = ""
    complete: bool = False
    unless_armed: bool = False
    set_by_due: bool = False
    at_start: bool = False


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
    """One rule of law: whom it binds, what starts it, what it gives, what meets it."""

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

    def binds_order(self, facts: Facts) -> bool:
        """True when the rule is about an order with these facts."""
        return facts.jurisdiction == self.jurisdiction and any(bind.holds(facts) for bind in self.binds)

    def value_on(self, day: date) -> Value | None:
        """The value in force on `day`; None before the first."""
        return next((value for value in reversed(self.values) if value.effective <= day), None)


@dataclass(frozen=True, kw_only=True)
class Jurisdiction:
    """A state: its time zone and its court calendar."""

    id: str
    name: str
    zone: ZoneInfo
    calendar: CourtCalendar


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """All rules, by jurisdiction. `version` changes whenever any file does."""

    jurisdictions: dict[str, Jurisdiction]
    rules: tuple[Rule, ...]
    version: str

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
        return Rulebook(
            jurisdictions={
                id_: Jurisdiction(
                    id=one.id,
                    name=one.name,
                    zone=one.zone,
                    calendar=one.calendar.with_closings(closings.get(id_, {})),
                )
                for id_, one in self.jurisdictions.items()
            },
            rules=self.rules,
            version=self.version,
        )


def load(folder: Path = DATA) -> Rulebook:
    """The rulebook of every TOML file below `folder`. Raises `RulebookError`."""
    files = sorted(folder.glob("*/*.toml"))
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    jurisdictions: dict[str, Jurisdiction] = {}
    rules: dict[str, Rule] = {}
    for file, text in texts.items():
        top = Table.parse(text, file.relative_to(folder.parent))
        if file.name == "jurisdiction.toml":
            one = _jurisdiction(top)
            jurisdictions[one.id] = one
            continue
        jurisdiction = top.text("jurisdiction")
        for table in top.tables("rule"):
            rule = _rule(table, jurisdiction)
            if rule.id in rules:
                raise table.error("id", f"“{rule.id}” stands twice; an id is used once")
            rules[rule.id] = rule
        top.nothing_else()
    _check_references(jurisdictions, rules.values())
    digest = hashlib.sha256("".join(texts.values()).encode()).hexdigest()[:12]
    return Rulebook(jurisdictions=jurisdictions, rules=tuple(rules.values()), version=digest)


def _check_references(jurisdictions: dict[str, Jurisdiction], rules: Iterable[Rule]) -> None:
    for rule in rules:
        if rule.jurisdiction not in jurisdictions:
            raise RulebookError(
                f"{rule.id}: jurisdiction “{rule.jurisdiction}” has no jurisdiction.toml; "
                f"there are {', '.join(sorted(jurisdictions))}"
            )


class Table:
    """One TOML table being read: every key is taken once, and what is left over is an error."""

    def __init__(self, values: dict[str, Any], file: Path, text: str, around: str = "") -> None:
        self._left = dict(values)
        self._file = file
        self._text = text
        self._around = around
        self._allowed: list[str] = []

    @classmethod
    def parse(cls, text: str, file: Path) -> Table:
        """The top of a file. Raises `RulebookError` where it is not TOML."""
        try:
            return cls(tomllib.loads(text), file, text)
        except tomllib.TOMLDecodeError as error:
            raise RulebookError(f"{file}: not TOML: {error}") from error

    def error(self, key: str, problem: str) -> RulebookError:
        """The error that names file, line, key and problem."""
        return RulebookError(f"{self._file}, line {self._line(key)}, {self._around}{key}: {problem}.")

    def _line(self, key: str) -> int:
        start = self._text.find(f'"{self._around.rstrip(": ")}"') if self._around else 0
        found = re.compile(
            rf"(?:^|[\s{{,\[]){re.escape(key)}\s*=|^\[+[\w.]*\b{re.escape(key)}\]", re.M
        ).search(self._text, max(start, 0))
        return self._text.count("\n", 0, found.end() if found else max(start, 0)) + 1

    def _take(self, key: str, wanted: str, type_: type, default: object) -> Any:
        self._allowed.append(key)
        if key not in self._left:
            if default is ...:
                raise self.error(key, f"missing; give {wanted}")
            return default
        value = self._left.pop(key)
        if type(value) is not type_:
            raise self.error(key, f"{value!r} is not {wanted}")
        return value

    def text(self, key: str, default: object = ...) -> str:
        """A text."""
        return str(self._take(key, "a text in quotes", str, default))

    def number(self, key: str, default: object = ...) -> int:
        """A whole number."""
        return int(self._take(key, "a whole number", int, default))

    def number_or_none(self, key: str) -> int | None:
        """A whole number; None where it is not given."""
        taken = self._take(key, "a whole number", int, default=None)
        return None if taken is None else int(taken)

    def yes(self, key: str) -> bool:
        """A true or false; false where it is not given."""
        return bool(self._take(key, "true or false", bool, default=False))

    def yes_or_none(self, key: str) -> bool | None:
        """A true or false; None where it is not given."""
        taken = self._take(key, "true or false", bool, default=None)
        return None if taken is None else bool(taken)

    def day(self, key: str) -> date:
        """A date."""
        found = self._take(key, "a date such as 2016-10-01", date, ...)
        assert isinstance(found, date)  # noqa: S101 - narrows Any
        return found

    def clock(self, key: str, default: time) -> time:
        """A time of day."""
        found = self._take(key, "a time of day such as 09:00:00", time, default)
        assert isinstance(found, time)  # noqa: S101 - narrows Any
        return found

    def texts(self, key: str, allowed: frozenset[str] | None = None) -> tuple[str, ...]:
        """A list of texts, at least one, each among `allowed` if that is given."""
        found = self._take(key, "a list of texts", list, ...)
        for one in found:
            if not isinstance(one, str) or (allowed is not None and one not in allowed):
                raise self.error(key, f"{one!r} is not among {', '.join(sorted(allowed or ['texts']))}")
        if not found:
            raise self.error(key, "empty; name at least one")
        return tuple(found)

    def one_of(self, key: str, choices: type[E], default: E | None = None) -> E:
        """One of the words of `choices`."""
        word = self.text(key, ... if default is None else default.value)
        try:
            return choices(word)
        except ValueError:
            raise self.error(key, f"“{word}” is not among {', '.join(choices)}") from None

    def tables(self, key: str, *, needed: bool = True) -> Iterator[Table]:
        """The tables of a list of tables."""
        found = self._take(key, "a list of tables", list, ... if needed else [])
        for one in found:
            if not isinstance(one, dict):
                raise self.error(key, f"{one!r} is not a table")
            around = f"{one['id']}: " if isinstance(one.get("id"), str) else self._around
            yield Table(one, self._file, self._text, around)

    def table(self, key: str) -> Table | None:
        """A table; None where it is not given."""
        found = self._take(key, 'a table such as { amount = 24, unit = "elapsed_hours" }', dict, None)
        return None if found is None else Table(found, self._file, self._text, self._around)

    def nothing_else(self) -> None:
        """Raises `RulebookError` for a key that nobody asked for."""
        for key in self._left:
            raise self.error(key, f"not known here; allowed are {', '.join(sorted(self._allowed))}")


def _read(table: Table, build: Callable[[Table], T]) -> T:
    built = build(table)
    table.nothing_else()
    return built


def _jurisdiction(top: Table) -> Jurisdiction:
    id_, name, zone = top.text("id"), top.text("name"), top.text("zone")
    try:
        zone_info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise top.error("zone", f"“{zone}” is no time zone of the IANA list") from None
    holidays = tuple(_read(table, _holiday) for table in top.tables("holiday", needed=False))
    closings = dict(_read(table, _closing) for table in top.tables("proclaimed", needed=False))
    top.text("about", "")
    top.nothing_else()
    return Jurisdiction(
        id=id_, name=name, zone=zone_info, calendar=CourtCalendar(holidays=holidays, closings=closings)
    )


def _holiday(table: Table) -> Holiday:
    holiday = Holiday(
        name=table.text("name"),
        month=table.number("month"),
        day=table.number_or_none("day"),
        weekday=table.number_or_none("weekday"),
        nth=table.number_or_none("nth"),
        since=table.number("since", 1),
    )
    if (holiday.day is None) == (holiday.weekday is None or holiday.nth is None):
        raise table.error("day", "give either day, or weekday (Monday is 0) and nth (-1 is the last)")
    return holiday


def _closing(table: Table) -> tuple[date, str]:
    return table.day("on"), table.text("name")


def _rule(table: Table, jurisdiction: str) -> Rule:
    starts = table.text("starts")
    if starts not in HAPPENINGS | {"issued", "expiry"}:
        raise table.error(
            "starts", f"“{starts}” is no event; known are expiry, issued, {', '.join(sorted(HAPPENINGS))}"
        )
    rule = Rule(
        id=table.text("id"),
        title=table.text("title"),
        jurisdiction=jurisdiction,
        binds=tuple(_read(one, _binding) for one in table.tables("binds")),
        starts=starts,
        start_purpose=table.text("start_purpose", ""),
        pick=table.one_of("pick", Pick, Pick.FIRST),
        values=tuple(_read(one, _value) for one in table.tables("value")),
        actor=table.text("actor"),
        certainty=table.one_of("certainty", Certainty),
        doubt=table.text("doubt", ""),
        met_by=tuple(_read(one, _meeting) for one in table.tables("met_by", needed=False)),
        checkpoints=tuple(_read(one, _checkpoint) for one in table.tables("checkpoint", needed=False)),
        alarms_when_armed=table.yes("alarms_when_armed"),
        awaited=table.yes("awaited"),
        ends_order=table.yes("ends_order"),
        moves_off_closed_days=table.yes("moves_off_closed_days"),
    )
    table.nothing_else()
    days = [value.effective for value in rule.values]
    if days != sorted(set(days)):
        raise table.error("effective", "dates must rise from value to value, each one once")
    if rule.certainty is Certainty.DEBATABLE and not rule.doubt:
        raise table.error("doubt", "missing; a debatable rule says what is doubted")
    return rule


def _binding(table: Table) -> Binding:
    return Binding(
        kind=table.one_of("kind", Kind),
        firearms_indicated=table.yes_or_none("firearms_indicated"),
        financial_support=table.yes_or_none("financial_support"),
    )


def _meeting(table: Table) -> Meeting:
    happening = table.text("happening")
    if happening not in HAPPENINGS:
        raise table.error("happening", f"“{happening}” is not among {', '.join(sorted(HAPPENINGS))}")
    return Meeting(
        happening=happening,
        purpose=table.text("purpose", ""),
        complete=table.yes("complete"),
        unless_armed=table.yes("unless_armed"),
        set_by_due=table.yes("set_by_due"),
        at_start=table.yes("at_start"),
    )


def _offset(table: Table) -> Offset:
    return Offset(amount=table.number("amount", 0), unit=table.one_of("unit", Unit))


def _offset_at(table: Table, key: str) -> Offset | None:
    found = table.table(key)
    return None if found is None else _read(found, _offset)


def _value(table: Table) -> Value:
    due = _offset_at(table, "due")
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
