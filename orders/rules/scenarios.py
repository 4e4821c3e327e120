"""Scenarios: worked examples of law in TOML files, compared with the plan."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from orders.rules.facts import EVENT_KINDS, SERVICE_WAYS, Event, Facts, Kind
from orders.rules.plan import in_force, plan
from orders.rules.planned import Moment, PlannedDeadline
from orders.rules.rulebook import Rulebook


class ScenarioError(ValueError):
    """A scenario file with an error; the message names file, scenario and key."""


_ORDER_KEYS = {
    "jurisdiction",
    "kind",
    "issued_on",
    "issued_at",
    "expires_on",
    "firearms_indicated",
    "permit_indicated",
    "permit_known",
    "firearms_listed",
    "financial_support",
    "area",
}
_EVENT_KEYS = {"kind", "at", "on", "in_custody", "all", "purpose", "key", "way"}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One worked example; `file` is the path below the folder that was loaded."""

    id: str
    name: str
    facts: Facts
    as_of: datetime | None
    file: str
    expectations: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class ScenarioResult:
    """The result of a scenario. It passed if there are no differences."""

    id: str
    differences: tuple[str, ...]


def load(folder: Path) -> list[Scenario]:
    """Load the scenarios of every TOML file below `folder`, sorted by file. Raises `ScenarioError`."""
    if not folder.is_dir():
        raise ScenarioError(f"{folder}: not a folder; name one with scenario files (*.toml)")
    found = [
        scenario
        for file in sorted(folder.rglob("*.toml"))
        for scenario in _read(file, file.relative_to(folder).as_posix())
    ]
    if not found:
        raise ScenarioError(f"{folder}: contains no scenario; scenarios are [[scenario]] tables in *.toml")
    return found


def run(scenario: Scenario, rulebook: Rulebook) -> ScenarioResult:
    """Plan the scenario's order and return the differences from what is expected."""
    jurisdiction = rulebook.jurisdictions.get(scenario.facts.jurisdiction)
    if jurisdiction is None:
        return ScenarioResult(
            id=scenario.id, differences=(f"no rules for jurisdiction {scenario.facts.jurisdiction}",)
        )
    facts = scenario.facts
    if scenario.as_of is not None:
        facts = facts.known_by(scenario.as_of, jurisdiction.zone)
    planned = _by_id(plan(facts, rulebook))
    differences: list[str] = []
    for expected in scenario.expectations:
        if "order_in_force" in expected:
            if scenario.as_of is None:
                differences.append("order_in_force needs as_of")
                continue
            got = in_force(facts, rulebook, scenario.as_of)
            if got != expected["order_in_force"]:
                differences.append(f"order_in_force: expected {expected['order_in_force']}, got {got}")
            continue
        differences.extend(_compare(expected, planned.get(expected["deadline"]) or [], scenario.as_of))
    return ScenarioResult(id=scenario.id, differences=tuple(differences))


def _by_id(deadlines: Iterable[PlannedDeadline]) -> dict[str, list[PlannedDeadline]]:
    """Return the deadlines by the id of their rule and by the id of the rule that it is a part of."""
    found: dict[str, list[PlannedDeadline]] = {}
    for one in deadlines:
        for id_ in {one.rule.id, one.rule.part_of or one.rule.id}:
            found.setdefault(id_, []).append(one)
    return found


def _compare(
    expected: dict[str, Any], planned: list[PlannedDeadline], as_of: datetime | None
) -> Iterator[str]:
    rule = expected["deadline"]
    if expected.get("absent"):
        if planned:
            yield f"{rule}: expected to be absent"
        return
    if not planned:
        yield f"{rule}: no such deadline"
        return
    # If a rule gives several deadlines, one must be as expected. The differences of the last are shown.
    tried = [list(_differences(expected, one, as_of)) for one in planned]
    if all(tried):
        for key, wanted, got in tried[-1]:
            yield f"{rule}: {key}: expected {wanted}, got {got}"


def _differences(
    expected: dict[str, Any], planned: PlannedDeadline, as_of: datetime | None
) -> Iterator[tuple[str, object, object]]:
    got = {
        "due_at": _at(planned.due),
        "due_on": _on(planned.due),
        "opens_at": _at(planned.opens),
        "opens_on": _on(planned.opens),
        "alternative_on": planned.alternative_on,
        "last_open_day": planned.last_open_day,
        "closed_day_moves_to": planned.closed_day_moves_to,
        "status": planned.status(as_of).value if as_of else None,
        "clock": planned.clock_at(as_of).value if as_of else planned.clock.value,
        "certainty": planned.certainty.value,
    }
    for key, wanted in expected.items():
        if key not in ("deadline", "absent") and got[key] != wanted:
            yield key, wanted, got[key]


def _at(moment: Moment | None) -> datetime | None:
    return moment.at if moment else None


def _on(moment: Moment | None) -> date | None:
    return moment.on if moment else None


_EXPECT_KEYS = {
    "deadline",
    "absent",
    "due_at",
    "due_on",
    "opens_at",
    "opens_on",
    "alternative_on",
    "last_open_day",
    "closed_day_moves_to",
    "status",
    "clock",
    "certainty",
    "order_in_force",
}


def _read(file: Path, name: str) -> Iterator[Scenario]:
    try:
        tables = tomllib.loads(file.read_bytes().decode()).get("scenario", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{file}: not TOML: {error}") from error
    if not isinstance(tables, list):
        raise ScenarioError(f"{file}: scenario: {tables!r} is not a list of tables")
    for table in tables:
        try:
            yield _scenario(table, name)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            id_ = table.get("id", "without id") if isinstance(table, dict) else table
            raise ScenarioError(f"{file}, scenario {id_}: {_problem(error)}") from error


def _problem(error: Exception) -> str:
    return f"{error.args[0]}: missing" if isinstance(error, KeyError) else str(error)


def _scenario(table: dict[str, Any], file: str) -> Scenario:
    order = table["order"]
    _reject_unknown(order, _ORDER_KEYS)
    for expected in table["expect"]:
        _reject_unknown(expected, _EXPECT_KEYS)
        if ("deadline" in expected) == ("order_in_force" in expected):
            raise ValueError("expect: give either deadline or order_in_force")
    return Scenario(
        id=table["id"],
        name=table.get("name", ""),
        as_of=_instant(table, "as_of"),
        file=file,
        facts=Facts(
            jurisdiction=order["jurisdiction"],
            kind=Kind(order["kind"]),
            issued_on=_day(order, "issued_on"),
            issued_at=_instant(order, "issued_at"),
            expires_on=_day(order, "expires_on") if "expires_on" in order else None,
            firearms_indicated=_flag(order, "firearms_indicated"),
            permit_indicated=_flag(order, "permit_indicated"),
            permit_known=_flag(order, "permit_known"),
            firearms_listed=_flag(order, "firearms_listed"),
            financial_support=_flag(order, "financial_support"),
            area=order.get("area", ""),
            events=tuple(_event_of(event) for event in table.get("events", [])),
        ),
        expectations=tuple(table["expect"]),
    )


#: Names of event kinds in scenario files that are older than version 0.1.0.
_FORMER_KINDS = {"term_set": "condition_set", "term_met": "condition_satisfied"}


def _event_of(event: dict[str, Any]) -> Event:
    _reject_unknown(event, _EVENT_KEYS)
    kind = _FORMER_KINDS.get(event["kind"], event["kind"])
    if kind not in EVENT_KINDS:
        raise ValueError(f"“{event['kind']}” is not an event; choose from {', '.join(sorted(EVENT_KINDS))}")
    if ("at" in event) == ("on" in event):
        raise ValueError(f"event {event['kind']}: give either at (an instant) or on (a date)")
    if (way := event.get("way", "")) and way not in SERVICE_WAYS:
        raise ValueError(
            f"way: “{way}” is not a way of service; choose from {', '.join(sorted(SERVICE_WAYS))}"
        )
    return Event(
        kind=kind,
        at=_instant(event, "at"),
        on=_day(event, "on") if "on" in event else None,
        key=event.get("key", ""),
        purpose=event.get("purpose", "application"),
        complete=_flag(event, "all"),
        in_custody=_flag(event, "in_custody"),
        way=way,
    )


def _reject_unknown(table: dict[str, Any], allowed: set[str]) -> None:
    if unknown := set(table) - allowed:
        raise ValueError(f"{min(unknown)}: unknown key; choose from {', '.join(sorted(allowed))}")


def _flag(table: dict[str, Any], key: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise ValueError(f"{key}: {value!r} is not true or false")
    return value


def _instant(table: dict[str, Any], key: str) -> datetime | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"{key}: {value!r} is not an instant with an offset")
    return value


def _day(table: dict[str, Any], key: str) -> date:
    value = table[key]
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError(f"{key}: {value!r} is not a date")
    return value
