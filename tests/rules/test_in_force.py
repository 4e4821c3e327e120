"""The law in force: every row is carried, and every change of law has scenarios on each side of its day."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from orders.rules.facts import Event, Kind
from orders.rules.in_force import (
    InForce,
    InForceError,
    LawRow,
    carrier,
    changes_without_scenarios,
    in_force_page,
    load,
    sides,
    why_without_day,
)
from orders.rules.rulebook import Rulebook
from orders.rules.scenarios import Scenario
from orders.rules.scenarios import load as load_scenarios
from orders.rules.vocabulary import DatedBy, SourceStatus
from tests.rules.orders import happened, order
from tests.rules.test_pages import DOCS
from tests.rules.test_scenarios import DOSSIER, OWN

RECORD = DOSSIER.parent / "current.md"


@pytest.fixture(scope="module")
def scenarios() -> list[Scenario]:
    return load_scenarios(OWN)


def test_page_is_current(rulebook: Rulebook, scenarios: list[Scenario]) -> None:
    page = (DOCS / "law-in-force.md").read_text(encoding="utf-8")

    assert page == in_force_page(rulebook, scenarios, load()), "write it again with: manage.py rules pages"


def test_every_row_is_carried_by_what_is_in_the_rulebook(rulebook: Rulebook) -> None:
    missing = [(row.name, name) for row in load().rows for name in row.carried if not carrier(rulebook, name)]

    assert missing == []


def test_what_carries_a_row_was_read_or_is_debatable(rulebook: Rulebook) -> None:
    """A newest value that no text supports has a doubt in words."""
    for row in load().rows:
        for name in row.carried:
            found = carrier(rulebook, name)
            if isinstance(found, tuple) and found[1] is found[0].values[-1]:
                rule, value = found
                assert value.source_status is SourceStatus.SEEN or rule.under(value).doubt, name


@pytest.mark.skipif(not RECORD.is_file(), reason="the record of the law is not beside the repository")
def test_rows_are_those_of_the_record() -> None:
    text = RECORD.read_text(encoding="utf-8")
    found = {"Connecticut": _rows(text, "## Connecticut"), "Other states": _rows(text, "## Other states")}

    assert {
        part: [row.name for row in load().rows if row.part == part]
        for part in ("Connecticut", "Other states")
    } == found


def _rows(text: str, heading: str) -> list[str]:
    """Return the first cells of the table below a heading."""
    part = text.split(heading, 1)[1].split("\n## ", 1)[0]
    return [found[1] for found in re.finditer(r"^\| (?!Rule \|)([^|]+?) \|", part, re.MULTILINE)]


# --- before, at and after -----------------------------------------------------------------------------------


def test_every_change_has_scenarios_for_the_day_before_the_day_and_the_day_after(
    rulebook: Rulebook, scenarios: list[Scenario]
) -> None:
    assert changes_without_scenarios(rulebook, scenarios) == []


@pytest.mark.parametrize(
    ("gone", "line"),
    [
        ("2023-06-28", "CT-RPO-01, 2023-06-29: before"),
        ("2023-06-29", "CT-RPO-01, 2023-06-29: at"),
        ("2023-06-30", "CT-RPO-01, 2023-06-29: after"),
        ("2016-09-30", "CT-SUR-02-NOTICE, until 2016-10-01: before"),
        ("2016-10-01", "CT-SUR-02-NOTICE, until 2016-10-01: at"),
        ("2016-10-02", "CT-SUR-02-NOTICE, until 2016-10-01: after"),
    ],
)
def test_a_side_without_a_scenario_is_found(
    rulebook: Rulebook, scenarios: list[Scenario], gone: str, line: str
) -> None:
    left = [one for one in scenarios if one.facts.issued_on != date.fromisoformat(gone)]

    change = line.rsplit(":", 1)[0]
    assert [one for one in changes_without_scenarios(rulebook, left) if one.startswith(change)] == [line]


def test_a_rule_dated_by_its_start_needs_events_on_each_side(
    rulebook: Rulebook, scenarios: list[Scenario]
) -> None:
    left = [one for one in scenarios if one.id != "CT-RET-01-2026-before"]

    assert changes_without_scenarios(rulebook, left) == ["CT-RET-01, 2026-11-01: before"]


@pytest.mark.parametrize(
    ("event", "found"),
    [
        # Late in California, the next day has begun in Greenwich.
        (happened("served", "2026-12-21T22:30:00-08:00"), "at"),
        (happened("served", "2026-12-22"), "after"),
        (happened("surrendered", "2026-12-20"), "before"),
        (happened("heard", "2026-12-21"), None),
        (Event(kind="served"), None),
    ],
)
def test_events_that_do_not_start_the_rule_date_no_value(
    event: Event, found: str | None, rulebook: Rulebook
) -> None:
    rule = rulebook.by_id["CA-HRG"]
    value = replace(rule.values[0], effective=date(2026, 12, 21))
    rule = replace(rule, dated_by=DatedBy.START, starts="served", else_starts="surrendered", values=(value,))
    facts = order("temporary_erpo", "2026-12-21", jurisdiction="us_ca", events=[event])
    expected = ({"deadline": rule.id},)
    one = Scenario(id="ONE", name="", facts=facts, as_of=None, file="", expectations=expected)

    assert sides(rule, value, rulebook, [one]) == {
        side: ["ONE"] if side == found else [] for side in ("before", "at", "after")
    }


def test_only_an_unknown_day_excuses_a_value(rulebook: Rulebook) -> None:
    why = {
        (rule.id, str(value.effective)): why_without_day(value)
        for rule in rulebook.rules
        for value in rule.values
    }

    assert why["CT-LE-48", "1900-01-01"] == "its beginning was not looked up"
    assert why["WA-SUR", "2016-01-01"] == "dated by the year of the act"
    assert why["CT-CPO-01", "2015-01-01"] == ""
    known = {day for (_, day), reason in why.items() if not reason}
    assert all(not day.endswith("-01-01") or day == "2015-01-01" for day in known)


def test_entries_begin_and_end_on_their_days(rulebook: Rulebook) -> None:
    wrong = []
    for entry in rulebook.entries:
        kind = entry.kinds[0] if entry.kinds else Kind.FINAL_ERPO
        for day, binds in _edges(entry.effective, entry.until):
            facts = order(kind, str(day), jurisdiction=entry.jurisdiction)
            if (entry in rulebook.entries_of(facts)) is not binds:
                wrong.append((entry.id, day))

    assert wrong == []


def _edges(begins: date, ends: date | None) -> list[tuple[date, bool]]:
    """Return the days on each side of the beginning and of the end, and whether the entry binds an order."""
    day = timedelta(days=1)
    found = [(begins - day, False), (begins, True)]
    return found + ([(ends - day, True), (ends, False)] if ends else [])


# --- the list itself ----------------------------------------------------------------------------------------


def test_rule_with_an_end_gives_nothing_to_a_later_order(rulebook: Rulebook) -> None:
    rule = rulebook.by_id["CT-SUR-02-NOTICE"]

    assert rule.binds_order(order("restraining_order", "2016-09-30"))
    assert not rule.binds_order(order("restraining_order", "2016-10-01"))


@pytest.mark.parametrize("name", ["CT-RPO-01@2023-06-28", "CT-RPO-01", "CT-RPO-02@2023-06-29", "CT-XYZ"])
def test_page_refuses_a_row_that_names_nothing(rulebook: Rulebook, name: str) -> None:
    rows = InForce(rows=(LawRow(part="One", name="row", text="A text.", carried=(name,)),), unread=())

    with pytest.raises(InForceError) as refused:
        in_force_page(rulebook, [], rows)

    assert str(refused.value) == f"in_force.toml: row: “{name}” is not a value of a rule or an entry"


def test_page_shows_value_day_section_and_scenarios(rulebook: Rulebook, scenarios: list[Scenario]) -> None:
    rows = InForce(
        rows=(LawRow(part="One", name="row", text="A text.", carried=("DE-FIN@2025-08-20", "DE-RCP")),),
        unread=("a form",),
    )
    own = [one for one in scenarios if one.id.startswith("DE-FIN-2025")]

    page = in_force_page(rulebook, own, rows)

    assert "| row | A text. | [DE-FIN](rulebook/DE-FIN.md) | 5 years after | 2025-08-20 | " in page
    assert "85 Del. Laws, c. 148 | missing; missing; DE-FIN-2025-after |" in page
    assert "|  |  | [DE-RCP](rulebook/us_de.md) |  | 2018-01-01, until 2025-02-01 | " in page
    assert "- a form" in page


def test_list_is_refused_when_it_is_not_of_the_form(tmp_path: Path) -> None:
    file = tmp_path / "in_force.toml"
    file.write_text(
        "unread = ['a']\n[[row]]\npart = 'P'\nname = 'n'\ntext = 's'\ncarried = []\n", encoding="utf-8"
    )

    with pytest.raises(InForceError) as refused:
        load(file)

    assert str(refused.value) == "in_force.toml, line 6, carried: empty; name at least one."
