"""The law in force: what the text of the sections changed in the dossier, and what carries each change.

The list of rows is `data/in_force.toml`. A value of a rule is named by its day, as in `CT-RPO-01@2023-06-29`,
an entry by its id alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from orders.rules.dossier import pinning
from orders.rules.loading import DATA
from orders.rules.model import Entry, Rule, Value
from orders.rules.pages import GENERATED, offset_words
from orders.rules.rulebook import Rulebook
from orders.rules.scenarios import Scenario
from orders.rules.tables import Table, TableError, read
from orders.rules.vocabulary import LONG_AGO, DatedBy

#: The days around a change that need a scenario.
SIDES = {"before": -1, "at": 0, "after": 1}
#: What the note of a value has that is dated by the year of its act.
DAY_UNKNOWN = ("exact day is not known", "day it took effect is not known")


class InForceError(TableError):
    """A list of rows with an error."""


@dataclass(frozen=True, kw_only=True)
class LawRow:
    """A row of the law in force: its name there, its text, what carries it."""

    part: str
    name: str
    text: str
    carried: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class InForce:
    """All rows, and the texts that could not be read, whose rules stay as the dossier has them."""

    rows: tuple[LawRow, ...]
    unread: tuple[str, ...]


def load(file: Path = DATA / "in_force.toml") -> InForce:
    """Load the list of rows. Raises `InForceError`."""
    top = Table.read(file, Path(file.name), InForceError)
    found = InForce(
        rows=tuple(read(one, _row) for one in top.tables("row")),
        unread=top.texts("unread"),
    )
    top.reject_unread()
    return found


def _row(table: Table) -> LawRow:
    return LawRow(
        part=table.text("part"),
        name=table.text("name"),
        text=table.text("text"),
        carried=table.texts("carried"),
    )


def carrier(rulebook: Rulebook, name: str) -> tuple[Rule, Value] | Entry | None:
    """Return what a row names: a rule with one of its values, or an entry; None if that does not exist."""
    id_, _, day = name.partition("@")
    rule = rulebook.by_id.get(id_)
    if rule is None:
        return None if day else next((one for one in rulebook.entries if one.id == id_), None)
    value = next((one for one in rule.values if str(one.effective) == day), None)
    return (rule, value) if value else None


def sides(
    rule: Rule, value: Value, rulebook: Rulebook, scenarios: Iterable[Scenario]
) -> dict[str, list[str]]:
    """Return the scenarios dated the day before a value of the rule began, on that day, and the day after."""
    found: dict[str, list[str]] = {side: [] for side in SIDES}
    for scenario in pinning(rule, scenarios):
        days = set(_days(rule, rulebook, scenario))
        for side, offset in SIDES.items():
            if value.effective + timedelta(offset) in days:
                found[side].append(scenario.id)
    return found


def _days(rule: Rule, rulebook: Rulebook, scenario: Scenario) -> Iterator[date]:
    """Yield the days that choose the value: that of the order, or those of the starting events."""
    if rule.dated_by is DatedBy.ISSUED:
        yield scenario.facts.issued_on
        return
    zone = rulebook.jurisdiction_of(scenario.facts).zone
    for event in scenario.facts.events:
        if event.dated and event.kind in (rule.starts, rule.else_starts):
            yield event.day(zone)


def why_without_day(value: Value) -> str:
    """Return why a value has no day before it; empty if it has one."""
    if value.effective <= LONG_AGO:
        return "its beginning was not looked up"
    if any(one in value.note for one in DAY_UNKNOWN):
        return "dated by the year of the act"
    return ""


def changes_without_scenarios(rulebook: Rulebook, scenarios: list[Scenario]) -> list[str]:
    """Return a line for each side of a change of law without a scenario."""
    found: list[str] = []
    for rule in rulebook.rules:
        for value in rule.values:
            if why_without_day(value):
                continue
            of_side = sides(rule, value, rulebook, scenarios)
            found.extend(f"{rule.id}, {value.effective}: {side}" for side in SIDES if not of_side[side])
        if rule.until:
            days = {scenario.facts.issued_on for scenario in pinning(rule, scenarios)}
            found.extend(
                f"{rule.id}, until {rule.until}: {side}"
                for side, offset in SIDES.items()
                if rule.until + timedelta(offset) not in days
            )
    return found


def in_force_page(rulebook: Rulebook, scenarios: list[Scenario], in_force: InForce) -> str:
    """Return the page of all rows with value, day of effect, section and scenarios."""
    lines = [
        "# Law in force",
        "",
        GENERATED,
        "",
        "What is in the sections and is not in the [dossier](law-coverage.md), row by row. Each row "
        "is built as dated values with the section as source; what was true before stays for orders of that "
        "time. Each value has a scenario for the day before it began, for that day, and for the day after.",
    ]
    for part in dict.fromkeys(row.part for row in in_force.rows):
        lines += ["", f"## {part}", ""]
        lines += ["| Row | The text | Carried by | Value | Since | Source | Before, at, after |"]
        lines += ["|---|---|---|---|---|---|---|"]
        for row in in_force.rows:
            if row.part == part:
                lines.extend(_lines(row, rulebook, scenarios))
    lines += ["", "## Could not be read", ""]
    lines += ["These stay as the dossier has them:", "", *(f"- {one}" for one in in_force.unread)]
    return "\n".join(lines) + "\n"


def _lines(row: LawRow, rulebook: Rulebook, scenarios: list[Scenario]) -> Iterator[str]:
    """Yield a line of the table for each thing that carries the row; only the first has the row's texts."""
    first = f"{row.name} | {row.text}"
    for name in row.carried:
        found = carrier(rulebook, name)
        if found is None:
            raise InForceError(f"in_force.toml: {row.name}: “{name}” is not a value of a rule or an entry")
        cells = _of_entry(found) if isinstance(found, Entry) else _of_value(*found, rulebook, scenarios)
        yield f"| {first} | {' | '.join(cells)} |"
        first = " | "


def _of_value(rule: Rule, value: Value, rulebook: Rulebook, scenarios: list[Scenario]) -> Iterator[str]:
    """Yield the cells of a value: its rule, time, day, sources and scenarios."""
    yield f"[{rule.id}](rulebook/{rule.id}.md)"
    due = offset_words(value.due)
    yield f"from {offset_words(value.opens)}; due {due}" if value.opens else due
    why = why_without_day(value)
    yield why or str(value.effective)
    yield "; ".join(value.sources)
    of_side = sides(rule, value, rulebook, scenarios)
    yield "" if why else "; ".join(", ".join(of_side[side][:2]) or "missing" for side in SIDES)


def _of_entry(entry: Entry) -> Iterator[str]:
    """Yield the cells of an entry, which gives no deadline."""
    yield f"[{entry.id}](rulebook/{entry.jurisdiction}.md)"
    yield ""
    since = "always" if entry.effective <= LONG_AGO else str(entry.effective)
    yield f"{since}, until {entry.until}" if entry.until else since
    yield "; ".join(entry.sources)
    yield "no deadline"
