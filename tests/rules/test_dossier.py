from __future__ import annotations

import re
from pathlib import Path

import pytest

from orders.rules.dossier import Dossier, DossierError, carriers, carrying, gaps, load
from orders.rules.rulebook import Rulebook
from orders.rules.scenarios import Scenario
from orders.rules.scenarios import load as load_scenarios
from orders.rules.vocabulary import AUDIENCES, EntryType, FirearmRecipient, Purpose, SourceStatus
from tests.rules.orders import order
from tests.rules.test_scenarios import DOSSIER, OWN


@pytest.fixture(scope="module")
def scenarios() -> list[Scenario]:
    return load_scenarios(OWN)


def test_rulebook_carries_the_whole_dossier_and_scenarios_pin_every_rule(
    rulebook: Rulebook, scenarios: list[Scenario]
) -> None:
    assert gaps(rulebook, scenarios, load()) == []


def test_dossier_has_82_ids_of_connecticut_and_10_of_counting_time() -> None:
    ids = load().ids

    assert len([one for one in ids if one.startswith("CT-")]) == 82
    assert len([one for one in ids if one.startswith("TIME-")]) == 10
    assert len(set(ids)) == len(ids)


def test_every_state_of_the_seed_is_there(rulebook: Rulebook) -> None:
    dossier = load()

    assert len(dossier.cells) == 13
    assert dossier.cells.keys() == dossier.silent.keys() == rulebook.jurisdictions.keys()


@pytest.mark.skipif(not DOSSIER.is_dir(), reason="the dossier is not beside the repository")
def test_list_of_the_dossier_is_the_dossiers_own(rulebook: Rulebook) -> None:
    yaml = pytest.importorskip("yaml")
    records = yaml.safe_load((DOSSIER.parent / "states.yaml").read_text(encoding="utf-8"))
    dossier = load()

    apart = {"time_zone", "year_passed", "current_law"}
    for jurisdiction, name in {one.id: one.name for one in rulebook.jurisdictions.values()}.items():
        record = records[name.lower().replace(" ", "_")]
        cells = {cell: body["value"] for cell, body in record.items() if cell not in apart}
        points = {f"current: {point['point']}" for point in record["current_law"]}
        assert set(dossier.silent[jurisdiction]) == {
            cell for cell, value in cells.items() if value == "silent"
        }
        assert set(dossier.cells[jurisdiction]) == (cells.keys() - set(dossier.silent[jurisdiction])) | points
    law = (DOSSIER.parent / "law.md").read_text(encoding="utf-8")
    assert all(f"| {id_} |" in law for id_ in dossier.ids)


def test_gaps_name_what_nothing_carries(rulebook: Rulebook, scenarios: list[Scenario]) -> None:
    dossier = Dossier(
        ids=("CT-SUR-01", "CT-XYZ-01"), cells={"us_ca": ("temporary_order", "moonlight")}, silent={}
    )

    few = ("CT-SVC-09-b", "CT-SVC-09-c")

    found = gaps(
        rulebook,
        [one for one in scenarios if not one.id.startswith("CT-SVC-09-") or one.id in few],
        dossier,
    )

    assert "CT-XYZ-01: no rule or entry carries it" in found
    assert "us_ca, moonlight: no rule or entry covers it" in found
    assert "CA-FIN: covers “final_order”, which is not in the dossier" in found
    assert "CT-SVC-09: 2 scenarios pin it; write at least 3" in found


def test_part_of_a_rule_carries_its_id(rulebook: Rulebook) -> None:
    assert [one.id for one in carrying(rulebook, "CT-CPO-01")] == ["CT-CPO-01", "CT-CPO-01-YEAR"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ids = []\n", "line 1, ids: empty; name at least one"),
        ("ids = ['A']\n[cells]\nus_ct = 'x'\n", "line 2, cells: us_ct = 'x' is not a list of texts"),
        ("ids = ['A']\n[cells]\nus_ct = [1]\n", "line 2, cells: us_ct = [1] is not a list of texts"),
        (
            "ids = ['A']\nmore = 1\n[cells]\n[silent]\n",
            "line 2, more: unknown key; choose from cells, ids, silent",
        ),
    ],
    ids=["empty", "text", "list", "key"],
)
def test_list_is_refused_when_it_is_not_of_the_form(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "dossier.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(DossierError) as refused:
        load(file)

    assert str(refused.value) == f"dossier.toml, {message}."


# --- the rules in the data files ----------------------------------------------------------------------------


def test_ids_fit_the_column_they_are_stored_in(rulebook: Rulebook) -> None:
    assert all(len(rule.id) <= 20 for rule in rulebook.rules)


def test_titles_are_sentences(rulebook: Rulebook) -> None:
    for one in carriers(rulebook):
        assert one.title.endswith((".", ").")), one.id
        assert one.title.lstrip("“")[0].isupper(), one.id


def test_checkpoint_names_are_used_once_in_a_rule(rulebook: Rulebook) -> None:
    for rule in rulebook.rules:
        names = [checkpoint.name for checkpoint in rule.checkpoints]
        assert len(set(names)) == len(names), rule.id


def test_audiences_are_capacities_of_agencies_or_need_a_release() -> None:
    agencies = {
        "court",
        "licensing",
        "marshal",
        "prosecutor",
        "respondent_police",
        "school",
        "service_police",
        "state_police",
    }
    assert agencies | {"supervisor", "advocate", "protected_person"} == AUDIENCES


def test_connecticut_notifies_advocates_and_protected_persons_of_what_they_can_act_on(
    rulebook: Rulebook,
) -> None:
    told = {
        (rule.id, checkpoint.name): {"advocate", "protected_person"} & set(checkpoint.audience)
        for rule in rulebook.rules
        if rule.jurisdiction == "us_ct"
        for checkpoint in rule.checkpoints
        if {"advocate", "protected_person"} & set(checkpoint.audience)
    }

    assert set(told) == {
        ("CT-SUR-01", "check"),
        ("CT-SUR-02", "check"),
        ("CT-SUR-02-NOTICE", "check"),
        ("CT-HRG-CLOSED", "remind-3d"),
        ("CT-HRG-REM", "remind-2d"),
        ("CT-HRG-REM-2", "remind-2d"),
        ("CT-CMP-01", "remind-7d"),
        ("CT-CMP-01", "remind-1d"),
        ("CT-EXT-01", "opens"),
        ("CT-EXT-03", "remind-7d"),
        ("CT-EXT-03", "expired"),
        ("CT-RET-01", "before-release"),
        ("CT-RET-01", "remind-2d"),
    }
    assert all(both == {"advocate", "protected_person"} for both in told.values())


def test_parts_name_what_they_are_a_part_of(rulebook: Rulebook) -> None:
    entries = {entry.id for entry in rulebook.entries}
    assert {rule.part_of for rule in rulebook.rules if rule.part_of} <= set(rulebook.by_id) | entries


def test_value_from_memory_has_its_status_and_is_debatable(rulebook: Rulebook) -> None:
    for rule in rulebook.rules:
        for value in rule.values:
            if value.source_status is SourceStatus.RECOLLECTION:
                assert rule.under(value).doubt, f"{rule.id}: a value from memory needs a doubt"


def test_recipients_are_those_of_the_track(rulebook: Rulebook) -> None:
    third = FirearmRecipient.THIRD_PARTY
    for kind in ("ex_parte_restraining_order", "foreign_order"):
        assert "no friend or relative" in rulebook.refusal(order(kind), third)
        assert rulebook.refusal(order(kind), FirearmRecipient.LICENSED_DEALER) == ""
    assert rulebook.refusal(order("risk_protection_order", "2022-05-31"), third) == ""
    assert "§ 29-38c(h)" in rulebook.refusal(order("risk_protection_order", "2022-06-01"), third)


def test_every_rule_with_a_duty_has_a_check_or_a_reason(rulebook: Rulebook) -> None:
    for rule in rulebook.rules:
        assert rule.has_check or rule.no_check or not rule.has_duty, rule.id
        checked = [one.audience for one in rule.checkpoints if one.purpose is Purpose.CHECK]
        assert all(checked), rule.id


def test_sources_name_what_a_clerk_can_open(rulebook: Rulebook) -> None:
    sources = {one for rule in rulebook.rules for value in rule.values for one in value.sources}
    sources |= {one for entry in rulebook.entries for one in entry.sources}
    texts = {text for one in carriers(rulebook) for text in (one.title, one.doubt)}
    texts |= {value.note for rule in rulebook.rules for value in rule.values}
    texts |= {entry.note for entry in rulebook.entries}

    assert not [one for one in sources | texts if re.search(r"\bseeds?\b|dossier|https?://", one)]
    assert not [one for one in sources if re.search(r"recollection|memory|not read|a guide|the page", one)]


@pytest.mark.parametrize(
    ("jurisdiction", "allowed"),
    [
        ("us_ca", {"law_enforcement", "licensed_dealer"}),
        ("us_de", {"law_enforcement", "third_party"}),
        ("us_fl", {"law_enforcement"}),
        ("us_il", {"law_enforcement"}),
        ("us_in", {"law_enforcement"}),
        ("us_ma", {"law_enforcement", "licensed_dealer"}),
        ("us_md", {"law_enforcement", "true_owner"}),
        ("us_nj", {"law_enforcement", "true_owner"}),
        ("us_or", {"law_enforcement", "licensed_dealer", "third_party", "true_owner"}),
        ("us_ri", {"law_enforcement"}),
        ("us_vt", {"law_enforcement", "licensed_dealer", "third_party"}),
        ("us_wa", {"law_enforcement", "true_owner"}),
    ],
)
def test_recipients_are_those_of_the_state(rulebook: Rulebook, jurisdiction: str, allowed: set[str]) -> None:
    facts = order("final_erpo", jurisdiction=jurisdiction)

    assert {one.value for one in FirearmRecipient if not rulebook.refusal(facts, one)} == allowed


def test_foreign_order_is_not_announced_to_the_respondent(rulebook: Rulebook) -> None:
    care = rulebook.entries_of(order("foreign_order"), EntryType.CONFIDENTIALITY)

    assert "CT-FED-03" in {one.id for one in care}
    assert "CT-FED-03" not in {one.id for one in rulebook.entries_of(order(), EntryType.CONFIDENTIALITY)}
