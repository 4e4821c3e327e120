from __future__ import annotations

import os
from pathlib import Path

import pytest

from orders.rules.facts import EVENT_KINDS, Facts, Kind
from orders.rules.rulebook import Rulebook
from orders.rules.scenarios import Scenario, ScenarioError, load, run
from tests.rules.orders import at, happened, on, order

OWN = Path(__file__).parents[1] / "scenarios"
# The dossier is beside the repository where it was made; elsewhere CTC_LAW names its folder.
DOSSIER = Path(os.environ.get("CTC_LAW", Path(__file__).parents[3] / "shared" / "law")) / "scenarios"

SCENARIOS = load(OWN)
# EX-49 gives forty-eight hours in Washington after July 2022; LAW-110 and RCW 7.105.340(2) give twenty-four.
WORKED = [one for one in load(DOSSIER) if one.id != "EX-49"] if DOSSIER.is_dir() else []


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


WHOLE = """\
[[scenario]]
id = "S-1"
name = "Every key"
as_of = 2026-12-07T09:00:00-05:00
[scenario.order]
jurisdiction = "us_in"
kind = "ex_parte_restraining_order"
issued_on = 2026-12-04
issued_at = 2026-12-04T10:00:00-05:00
expires_on = 2027-12-04
firearms_indicated = true
permit_indicated = true
permit_known = true
firearms_listed = true
financial_support = true
area = "Lake"
[[scenario.events]]
kind = "served"
at = 2026-12-04T18:30:00-05:00
in_custody = true
way = "in_hand"
[[scenario.events]]
kind = "surrendered"
on = 2026-12-05
all = true
[[scenario.events]]
kind = "hearing_scheduled"
on = 2026-12-14
purpose = "compliance"
key = "one"
[[scenario.expect]]
order_in_force = true
"""


def test_every_key_of_a_scenario_reaches_the_facts(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(WHOLE, encoding="utf-8")

    (scenario,) = load(tmp_path)

    assert scenario == Scenario(
        id="S-1",
        name="Every key",
        as_of=at("2026-12-07T09:00:00-05:00"),
        file="one.toml",
        facts=Facts(
            jurisdiction="us_in",
            kind=Kind.EX_PARTE_RESTRAINING_ORDER,
            issued_on=on("2026-12-04"),
            issued_at=at("2026-12-04T10:00:00-05:00"),
            expires_on=on("2027-12-04"),
            firearms_indicated=True,
            permit_indicated=True,
            permit_known=True,
            firearms_listed=True,
            financial_support=True,
            area="Lake",
            events=(
                happened("served", "2026-12-04T18:30:00-05:00", in_custody=True, way="in_hand"),
                happened("surrendered", "2026-12-05", complete=True),
                happened("hearing_scheduled", "2026-12-14", purpose="compliance", key="one"),
            ),
        ),
        expectations=({"order_in_force": True},),
    )


def test_keys_that_a_scenario_leaves_out_are_false(tmp_path: Path) -> None:
    text = """\
[[scenario]]
id = "S-1"
expect = []
[scenario.order]
jurisdiction = "us_ct"
kind = "restraining_order"
issued_on = 2026-12-04
[[scenario.events]]
kind = "heard"
on = 2026-12-14
"""
    (tmp_path / "one.toml").write_text(text, encoding="utf-8")

    (scenario,) = load(tmp_path)

    assert scenario == Scenario(
        id="S-1",
        name="",
        as_of=None,
        file="one.toml",
        facts=order(Kind.RESTRAINING_ORDER, events=[happened("heard", "2026-12-14")]),
        expectations=(),
    )


@pytest.mark.parametrize(
    ("former", "kind"),
    [("term_set", "condition_set"), ("term_met", "condition_satisfied"), ("served", "served")],
)
def test_former_names_of_events_are_read(tmp_path: Path, former: str, kind: str) -> None:
    (tmp_path / "one.toml").write_text(BEFORE.replace('kind = "served"', f'kind = "{former}"'), "utf-8")

    (scenario,) = load(tmp_path)

    assert [one.kind for one in scenario.facts.events] == [kind]


@pytest.mark.parametrize(
    "more", ["", 'certainty = "debatable"\n', "absent = false\n"], ids=["no more", "certainty", "not absent"]
)
def test_scenario_passes_when_the_plan_is_as_expected(tmp_path: Path, rulebook: Rulebook, more: str) -> None:
    assert (
        outcome(tmp_path, rulebook, BEFORE.replace('clock = "passed"\n', f'clock = "passed"\n{more}')) == ()
    )


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
        ("as_of = 2026-12-07T09:00:00-05:00\n", "", "order_in_force needs as_of"),
        ('"us_ct"', '"us_zz"', "no rules for jurisdiction us_zz"),
    ],
)
def test_scenario_names_what_differs(
    tmp_path: Path, rulebook: Rulebook, old: str, new: str, difference: str
) -> None:
    assert old in BEFORE

    assert any(one.startswith(difference) for one in outcome(tmp_path, rulebook, BEFORE.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "first"),
    [
        ("as_of = 2026-12-07T09:00:00-05:00\n", "order_in_force needs as_of"),
        ("order_in_force = true", "order_in_force: expected False, got True"),
    ],
    ids=["not asked", "asked"],
)
def test_every_difference_is_named_and_not_the_first_alone(
    tmp_path: Path, rulebook: Rulebook, old: str, first: str
) -> None:
    order_first = """\
[[scenario.expect]]
order_in_force = true
[[scenario.expect]]
deadline = "CT-SUR-99"
[[scenario.expect]]
deadline = "CT-SUR-98"
"""
    text = BEFORE[: BEFORE.index("[[scenario.expect]]")] + order_first
    new = "order_in_force = false" if old.startswith("order") else ""

    assert outcome(tmp_path, rulebook, text.replace(old, new)) == (
        first,
        "CT-SUR-99: no such deadline",
        "CT-SUR-98: no such deadline",
    )


@pytest.mark.parametrize("jurisdiction", ["us_ct", "us_zz"])
def test_result_has_the_id_of_its_scenario(tmp_path: Path, rulebook: Rulebook, jurisdiction: str) -> None:
    (tmp_path / "one.toml").write_text(BEFORE.replace("us_ct", jurisdiction), encoding="utf-8")
    (scenario,) = load(tmp_path)

    assert run(scenario, rulebook).id == "S-1"


def test_fact_of_the_next_day_is_not_known_in_the_evening_as_the_court_dates_it(
    tmp_path: Path, rulebook: Rulebook
) -> None:
    # 10 p.m. on the 4th in Hartford, already the 5th in UTC.
    text = BEFORE.replace("as_of = 2026-12-07T09:00:00", "as_of = 2026-12-04T22:00:00")
    surrender = '[[scenario.events]]\nkind = "surrendered"\non = 2026-12-05\nall = true\n'
    text = text.replace("[[scenario.expect]]", surrender + "[[scenario.expect]]", 1)

    assert outcome(tmp_path, rulebook, text.replace("overdue", "open").replace("passed", "running")) == ()


def test_fact_after_the_instant_asked_is_not_known(tmp_path: Path, rulebook: Rulebook) -> None:
    earlier = BEFORE.replace("as_of = 2026-12-07T09", "as_of = 2026-12-04T09").replace(
        "passed", "not_started"
    )

    differences = outcome(tmp_path, rulebook, earlier)

    assert "CT-SUR-01: status: expected overdue, got not_started" in differences


EITHER = "event served: give either at (an instant) or on (a date)"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "ex_parte_restraining_order"', 'kind = "decree"', "'decree' is not a valid Kind"),
        ("issued_on = 2026-12-04\n", "", "issued_on: missing"),
        ("issued_on = 2026-12-04", 'issued_on = "2026-12-04"', "issued_on: '2026-12-04' is not a date"),
        (
            "issued_on = 2026-12-04",
            "issued_on = 2026-12-04T10:00:00-05:00",
            "issued_on: datetime.datetime(2026, 12, 4, 10, 0, tzinfo=datetime.timezone("
            "datetime.timedelta(days=-1, seconds=68400))) is not a date",
        ),
        (
            "firearms_indicated = true",
            'firearms_indicated = "yes"',
            "firearms_indicated: 'yes' is not true or false",
        ),
        (
            "firearms_indicated = true",
            "firearms = true",
            "firearms: unknown key; choose from area, expires_on, financial_support, firearms_indicated, "
            "firearms_listed, issued_at, issued_on, jurisdiction, kind, permit_indicated, permit_known",
        ),
        (
            'kind = "served"',
            'kind = "shouted"',
            f"“shouted” is not an event; choose from {', '.join(sorted(EVENT_KINDS))}",
        ),
        ("at = 2026-12-04T18:30:00-05:00\n", "", EITHER),
        (
            "at = 2026-12-04T18:30:00-05:00",
            "on = 2026-12-04\nat = 2026-12-04T18:30:00-05:00",
            EITHER,
        ),
        (
            "at = 2026-12-04T18:30:00-05:00",
            "at = 2026-12-04T18:30:00",
            "at: datetime.datetime(2026, 12, 4, 18, 30) is not an instant with an offset",
        ),
        (
            "at = 2026-12-04T18:30:00-05:00",
            "on = 2026-12-04\nhow = 1\nabout = 2",
            "about: unknown key; choose from all, at, in_custody, key, kind, on, purpose, way",
        ),
        (
            "at = 2026-12-04T18:30:00-05:00",
            'at = 2026-12-04T18:30:00-05:00\nway = "by_pigeon"',
            "way: “by_pigeon” is not a way of service; choose from abode, electronic, in_court, in_hand, "
            "mail, unknown",
        ),
        ('deadline = "CT-SUR-01"\n', "", "expect: give either deadline or order_in_force"),
        (
            'deadline = "CT-SUR-01"\n',
            'deadline = "CT-SUR-01"\norder_in_force = true\n',
            "expect: give either deadline or order_in_force",
        ),
        (
            'status = "overdue"',
            'state = "overdue"',
            "state: unknown key; choose from absent, alternative_on, certainty, clock, "
            "closed_day_moves_to, deadline, due_at, due_on, last_open_day, opens_at, opens_on, "
            "order_in_force, status",
        ),
        (
            "as_of = 2026-12-07T09:00:00-05:00",
            "as_of = 2026-12-07",
            "as_of: datetime.date(2026, 12, 7) is not an instant with an offset",
        ),
        ("[[scenario.expect]]", "[[scenario.wish]]", "expect: missing"),
    ],
)
def test_file_is_refused_with_scenario_and_key_when_it_is_not_of_the_form(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in BEFORE
    file = tmp_path / "one.toml"
    file.write_text(BEFORE.replace(old, new), encoding="utf-8")

    with pytest.raises(ScenarioError) as refused:
        load(tmp_path)

    assert str(refused.value) == f"{file}, scenario S-1: {message}"


def test_scenario_without_id_is_named_so(tmp_path: Path) -> None:
    file = tmp_path / "one.toml"
    file.write_text(BEFORE.replace('id = "S-1"\n', ""), encoding="utf-8")

    with pytest.raises(ScenarioError) as refused:
        load(tmp_path)

    assert str(refused.value) == f"{file}, scenario without id: id: missing"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scenario = ['x']", "{file}, scenario x: "),
        ("scenario = 'x'", "{file}: scenario: 'x' is not a list of tables"),
        ("scenario = [", "{file}: not TOML: "),
        (
            "other = 1",
            "{folder}: contains no scenario; scenarios are [[scenario]] tables in *.toml",
        ),
    ],
    ids=["no table", "no list", "no TOML", "none"],
)
def test_file_is_refused_when_it_holds_no_scenario(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "one.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ScenarioError) as refused:
        load(tmp_path)

    assert str(refused.value).startswith(message.format(file=file, folder=tmp_path))


def test_folder_is_refused_when_it_is_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"

    with pytest.raises(ScenarioError) as refused:
        load(folder)

    assert str(refused.value) == f"{folder}: not a folder; name one with scenario files (*.toml)"


def test_file_is_refused_when_it_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_bytes(b"\xff")

    with pytest.raises(ScenarioError, match=r"one\.toml: not TOML"):
        load(tmp_path)


def test_files_are_read_in_the_order_of_their_names_below_the_folder(tmp_path: Path) -> None:
    for name in ("b.toml", "a/c.toml", "a.toml"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(BEFORE.replace("S-1", name), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no scenario", encoding="utf-8")

    assert [one.id for one in load(tmp_path)] == ["a/c.toml", "a.toml", "b.toml"]
