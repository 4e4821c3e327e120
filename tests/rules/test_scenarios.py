from __future__ import annotations

import os
from pathlib import Path

import pytest

from orders.rules.rulebook import Rulebook
from orders.rules.scenarios import Scenario, ScenarioError, load, run

OWN = Path(__file__).parents[1] / "scenarios"
# The dossier lies beside the repository where it was made; elsewhere its folder can be named.
DOSSIER = Path(os.environ.get("CTC_LAW", Path(__file__).parents[3] / "shared" / "law")) / "scenarios"

SCENARIOS = load(OWN)
WORKED = load(DOSSIER) if DOSSIER.is_dir() else []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.id)
def test_own_scenario_comes_out_as_expected(rulebook: Rulebook, scenario: Scenario) -> None:
    assert run(scenario, rulebook).differences == ()


@pytest.mark.parametrize("scenario", WORKED, ids=lambda one: one.id)
def test_worked_example_of_the_dossier_comes_out_as_expected(rulebook: Rulebook, scenario: Scenario) -> None:
    assert run(scenario, rulebook).differences == ()


def test_own_scenarios_have_ids_of_their_own_and_name_rules_that_exist(rulebook: Rulebook) -> None:
    ids = [one.id for one in SCENARIOS]
    assert len(set(ids)) == len(ids)
    named = {
        expected["deadline"] for one in SCENARIOS for expected in one.expectations if "deadline" in expected
    }
    assert named <= set(rulebook.by_id) | {rule.part_of for rule in rulebook.rules}


BEFORE = """\
[[scenario]]
id = "S-1"
name = "Served on a Friday evening"
certainty = "certain"
as_of = 2026-12-07T09:00:00-05:00
[scenario.order]
jurisdiction = "us_ct"
kind = "ex_parte_restraining_order"
issued_on = 2026-12-04
firearms_indicated = true
[[scenario.events]]
kind = "served"
at = 2026-12-04T18:30:00-05:00
[[scenario.expect]]
deadline = "CT-SUR-01"
due_at = 2026-12-05T18:30:00-05:00
status = "overdue"
clock = "passed"
[[scenario.expect]]
order_in_force = true
"""


def outcome(tmp_path: Path, rulebook: Rulebook, text: str) -> tuple[str, ...]:
    (tmp_path / "one.toml").write_text(text, encoding="utf-8")
    (scenario,) = load(tmp_path)
    return run(scenario, rulebook).differences


def test_scenario_passes_when_the_plan_is_as_expected(tmp_path: Path, rulebook: Rulebook) -> None:
    assert outcome(tmp_path, rulebook, BEFORE) == ()


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        (
            "due_at = 2026-12-05",
            "due_at = 2026-12-06",
            "CT-SUR-01: due_at: expected 2026-12-06 18:30:00-05:00",
        ),
        ('"overdue"', '"open"', "CT-SUR-01: status: expected open, got overdue"),
        (
            "due_at = 2026-12-05T18:30:00-05:00",
            "due_on = 2026-12-05",
            "CT-SUR-01: due_on: expected 2026-12-05, got None",
        ),
        ("CT-SUR-01", "CT-SUR-99", "CT-SUR-99: no such deadline"),
        ('status = "overdue"', "absent = true", "CT-SUR-01: expected to be absent"),
        ("order_in_force = true", "order_in_force = false", "order_in_force: expected False, got True"),
        ("as_of = 2026-12-07T09:00:00-05:00\n", "", "order_in_force is asked without as_of"),
        ('"us_ct"', '"us_zz"', "no rules for jurisdiction us_zz"),
    ],
)
def test_scenario_names_what_differs(
    tmp_path: Path, rulebook: Rulebook, old: str, new: str, difference: str
) -> None:
    assert old in BEFORE

    assert any(one.startswith(difference) for one in outcome(tmp_path, rulebook, BEFORE.replace(old, new)))


def test_fact_after_the_instant_asked_is_not_known(tmp_path: Path, rulebook: Rulebook) -> None:
    earlier = BEFORE.replace("as_of = 2026-12-07T09", "as_of = 2026-12-04T09").replace(
        "passed", "not_started"
    )

    differences = outcome(tmp_path, rulebook, earlier)

    assert "CT-SUR-01: status: expected overdue, got not_started" in differences


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "ex_parte_restraining_order"', 'kind = "decree"', "'decree' is not a valid Kind"),
        ("issued_on = 2026-12-04\n", "", "issued_on: missing"),
        ("issued_on = 2026-12-04", 'issued_on = "2026-12-04"', "issued_on: '2026-12-04' is not a date"),
        (
            "firearms_indicated = true",
            'firearms_indicated = "yes"',
            "firearms_indicated: 'yes' is not true or false",
        ),
        (
            "firearms_indicated = true",
            "firearms = true",
            "firearms: not known here; allowed are area, expires_on",
        ),
        ('kind = "served"', 'kind = "shouted"', "“shouted” is no event; known are application_filed"),
        ("at = 2026-12-04T18:30:00-05:00\n", "", "event served: give either at (an instant) or on (a date)"),
        (
            "at = 2026-12-04T18:30:00-05:00",
            "at = 2026-12-04T18:30:00",
            "at: datetime.datetime(2026, 12, 4, 18, 30)",
        ),
        (
            "at = 2026-12-04T18:30:00-05:00",
            "on = 2026-12-04\nat = 2026-12-04T18:30:00-05:00",
            "give either at",
        ),
        (
            "at = 2026-12-04T18:30:00-05:00",
            "on = 2026-12-04\nhow = 1",
            "how: not known here; allowed are all, at",
        ),
        ('deadline = "CT-SUR-01"\n', "", "expect: give either deadline or order_in_force"),
        (
            'status = "overdue"',
            'state = "overdue"',
            "state: not known here; allowed are absent, alternative_on",
        ),
        (
            "as_of = 2026-12-07T09:00:00-05:00",
            "as_of = 2026-12-07",
            "as_of: datetime.date(2026, 12, 7) is not",
        ),
        ("[[scenario]]", "scenario = 1", "not TOML"),
        ("[[scenario.expect]]", "[[scenario.wish]]", "expect: missing"),
    ],
)
def test_file_is_refused_with_scenario_and_key_when_it_is_not_of_the_form(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in BEFORE
    (tmp_path / "one.toml").write_text(BEFORE.replace(old, new), encoding="utf-8")

    with pytest.raises(ScenarioError) as refused:
        load(tmp_path)

    assert message in str(refused.value)
    assert "one.toml" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scenario = ['x']", "scenario x: "),
        ("scenario = 'x'", "scenario: 'x' is not a list of tables"),
        ("other = 1", "no scenario below it"),
    ],
)
def test_file_is_refused_when_it_holds_no_scenario(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "one.toml").write_text(text, encoding="utf-8")

    with pytest.raises(ScenarioError, match=message):
        load(tmp_path)


def test_folder_is_refused_when_it_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="not a folder; name one that holds scenario files"):
        load(tmp_path / "nowhere")


def test_file_is_refused_when_it_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_bytes(b"\xff")

    with pytest.raises(ScenarioError, match=r"one\.toml: not TOML"):
        load(tmp_path)
