"""What entries ask where facts are entered: who may file, on what proof, what comes before a return."""

from __future__ import annotations

from pathlib import Path

import pytest

from orders.rules.facts import Facts
from orders.rules.pages import asked, became
from orders.rules.rulebook import Becomes, Before, Entry, Filer, Rulebook, RulebookError, Standard, load
from tests.rules.orders import happened, order

JURISDICTION = """\
id = "us_ct"
name = "Connecticut"
zone = "America/New_York"
"""

ENTRY = """\
jurisdiction = "us_ct"

[[entry]]
id = "CT-NOTE"
title = "Something holds."
becomes = "fact"
sources = ["a statute"]
mark = "seen"
"""

FAMILY = {"intimate_partner", "household_member"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    state = tmp_path / "rules" / "us_ct"
    state.mkdir(parents=True)
    (state / "jurisdiction.toml").write_text(JURISDICTION, encoding="utf-8")
    return tmp_path / "rules"


def book(folder: Path, asks: str) -> Rulebook:
    text = ENTRY.replace('becomes = "fact"', asks)
    (folder / "us_ct" / "note.toml").write_text(text, encoding="utf-8")
    return load(folder)


@pytest.mark.parametrize(
    ("asks", "message"),
    [
        ('becomes = "filers"', "line 3, CT-NOTE: allows: missing; give a list of texts"),
        (
            'becomes = "filers"\nallows = ["licensed_dealer"]',
            "line 7, CT-NOTE: allows: 'licensed_dealer' is not among attorney_general",
        ),
        (
            'becomes = "recipients"\nallows = ["school"]',
            "line 7, CT-NOTE: allows: 'school' is not among law_enforcement",
        ),
        ('becomes = "proof"', "line 3, CT-NOTE: standard: missing; give a text in quotes"),
        (
            'becomes = "proof"\nstandard = "belief"',
            "line 7, CT-NOTE: standard: “belief” is not among reasonable_grounds",
        ),
        (
            'becomes = "proof"\nstandard = "preponderance"\nfiled_by = ["press"]',
            "line 8, CT-NOTE: filed_by: 'press' is not among attorney_general",
        ),
        (
            'becomes = "proof"\nstandard = "preponderance"\nafter_hearing = 1',
            "line 8, CT-NOTE: after_hearing: 1 is not true or false",
        ),
        ('becomes = "return"', "line 3, CT-NOTE: before: missing; give a list of texts"),
        ('becomes = "return"\nbefore = []', "line 7, CT-NOTE: before: empty; name at least one"),
        (
            'becomes = "return"\nbefore = ["a_wish"]',
            "line 7, CT-NOTE: before: 'a_wish' is not among background_check",
        ),
        ('becomes = "fact"\nstandard = "preponderance"', "line 7, CT-NOTE: standard: not known here"),
        ('becomes = "fact"\nbefore = ["requested"]', "line 7, CT-NOTE: before: not known here"),
        ('becomes = "fact"\nuntil = 2019', "line 7, CT-NOTE: until: 2019 is not a date such as 2016-10-01"),
        (
            'becomes = "fact"\neffective = 2019-09-01\nuntil = 2019-09-01',
            "line 8, CT-NOTE: until: 2019-09-01 is not after 2019-09-01, the day it takes effect",
        ),
    ],
)
def test_file_is_refused_when_an_entry_asks_what_it_cannot(folder: Path, asks: str, message: str) -> None:
    with pytest.raises(RulebookError) as refused:
        book(folder, asks)

    assert message in str(refused.value)


def test_entry_no_longer_binds_from_the_day_it_ended(folder: Path) -> None:
    (entry,) = book(folder, 'becomes = "fact"\neffective = 2018-01-01\nuntil = 2019-09-01').entries

    days = ("2017-12-31", "2018-01-01", "2019-08-31", "2019-09-01")
    assert [entry.binds_order(order(issued=day)) for day in days] == [False, True, True, False]


def test_filer_is_refused_in_the_rules_words_when_it_is_not_named(folder: Path) -> None:
    rulebook = book(folder, 'becomes = "filers"\nallows = ["school"]')

    assert rulebook.filer_refusal(order(), Filer.SCHOOL) == ""
    assert rulebook.filer_refusal(order(), Filer.OTHER_PERSON) == "Something holds. (CT-NOTE; a statute)"
    assert rulebook.filer_refusal(order(jurisdiction="us_de"), Filer.OTHER_PERSON) == ""


CAUSE = [Standard.REASONABLE_GROUNDS, Standard.REASONABLE_CAUSE, Standard.PROBABLE_CAUSE]


@pytest.mark.parametrize(
    ("standard", "enough"),
    [
        *((one, set(Standard)) for one in CAUSE),
        (Standard.PREPONDERANCE, set(Standard) - set(CAUSE)),
        (Standard.CLEAR_AND_CONVINCING, {Standard.CLEAR_AND_CONVINCING}),
    ],
)
def test_proof_is_refused_only_below_the_standard(
    folder: Path, standard: Standard, enough: set[Standard]
) -> None:
    rulebook = book(folder, f'becomes = "proof"\nstandard = "{standard}"')

    refusals = {one: rulebook.proof_refusal(order(), one) for one in Standard}

    assert {one for one, refusal in refusals.items() if not refusal} == enough
    assert set(refusals.values()) <= {"", "Something holds. (CT-NOTE; a statute)"}


def test_standard_that_depends_on_the_filer_is_asked_of_that_filer_only(folder: Path) -> None:
    rulebook = book(
        folder, 'becomes = "proof"\nstandard = "clear_and_convincing"\nfiled_by = ["household_member"]'
    )

    assert rulebook.proof_refusal(order(), Standard.PREPONDERANCE, Filer.HOUSEHOLD_MEMBER)
    assert not rulebook.proof_refusal(order(), Standard.PREPONDERANCE, Filer.STATES_ATTORNEY)
    assert not rulebook.proof_refusal(order(), Standard.PREPONDERANCE)


def test_standard_of_the_hearing_is_asked_once_the_application_was_heard(folder: Path) -> None:
    rulebook = book(folder, 'becomes = "proof"\nstandard = "clear_and_convincing"\nafter_hearing = true')

    def refused(*happenings: str, purpose: str = "application") -> bool:
        facts = order(happenings=[happened(one, "2026-12-14", purpose=purpose) for one in happenings])
        return bool(rulebook.proof_refusal(facts, Standard.PROBABLE_CAUSE))

    assert not refused()
    assert not refused("hearing_scheduled")
    assert not refused("heard", purpose="compliance")
    assert refused("hearing_scheduled", "heard")


def test_what_an_entry_asks_is_said(folder: Path) -> None:
    def said(asks: str) -> tuple[str, list[str]]:
        (entry,) = book(folder, asks).entries
        return became(entry), list(asked(entry))

    assert said('becomes = "fact"') == ("fact", [])
    assert said('becomes = "order_term"') == ("order term", [])
    assert said('becomes = "recipients"\nallows = ["law_enforcement", "true_owner"]') == (
        "list of lawful recipients",
        ["Firearms may go to: law enforcement, true owner"],
    )
    assert said('becomes = "filers"\nallows = ["school"]') == ("list of who may file", ["May file: school"])
    assert said('becomes = "proof"\nstandard = "preponderance"') == (
        "standard of proof",
        ["Asks for: preponderance"],
    )
    assert said(
        'becomes = "proof"\nstandard = "preponderance"\nfiled_by = ["school"]\nafter_hearing = true'
    ) == ("standard of proof", ["Asks for: preponderance, where filed by school, after a hearing"])
    assert said('becomes = "return"\nbefore = ["order_over", "requested"]') == (
        "list of what comes before a return",
        ["Before firearms are returned: order over, requested"],
    )


# --- what the data say --------------------------------------------------------------------------------------


def _facts(jurisdiction: str, kind: str = "final_erpo", issued: str = "2026-12-01") -> Facts:
    return order(kind, issued, jurisdiction=f"us_{jurisdiction}")


@pytest.mark.parametrize(
    ("facts", "may_file"),
    [
        (_facts("ct", "ex_parte_restraining_order"), FAMILY),
        (_facts("ct", "risk_protection_order"), {"law_enforcement", "states_attorney"}),
        (_facts("ct", "civil_protection_order"), set(Filer)),
        (_facts("ca"), {"law_enforcement"} | FAMILY),
        (_facts("de"), {"law_enforcement"} | FAMILY),
        (_facts("fl"), {"law_enforcement"}),
        (_facts("il"), {"law_enforcement"} | FAMILY),
        (_facts("in"), {"law_enforcement"}),
        (_facts("ma"), {"law_enforcement", "health_worker", "school", "licensing_authority"} | FAMILY),
        (_facts("md", "interim_erpo"), {"law_enforcement", "health_worker"} | FAMILY),
        (_facts("nj", issued="2019-08-31"), set(Filer)),
        (_facts("nj", issued="2019-09-01"), {"law_enforcement"} | FAMILY),
        (_facts("or"), {"law_enforcement"} | FAMILY),
        (_facts("ri"), set(Filer)),
        (_facts("vt"), {"states_attorney", "attorney_general"} | FAMILY),
        (_facts("wa"), {"law_enforcement"} | FAMILY),
        (_facts("wa", issued="2015-12-31"), set(Filer)),
    ],
)
def test_filers_are_those_of_the_law(rulebook: Rulebook, facts: Facts, may_file: set[str]) -> None:
    assert {one.value for one in Filer if not rulebook.filer_refusal(facts, one)} == may_file


_TEMPORARY = dict.fromkeys(("ca", "de", "fl", "il", "in", "ma", "md", "nj", "ri", "wa"), 0) | {
    "or": 2,
    "vt": 1,
}
_FINAL = dict.fromkeys(("ca", "de", "fl", "il", "in", "md", "nj", "or", "ri", "vt"), 2) | {"ma": 1, "wa": 1}


@pytest.mark.parametrize(
    ("state", "kind", "rank"),
    [
        *((state, "temporary_erpo", rank) for state, rank in _TEMPORARY.items()),
        *((state, "final_erpo", rank) for state, rank in _FINAL.items()),
    ],
)
def test_standards_are_those_of_the_state(rulebook: Rulebook, state: str, kind: str, rank: int) -> None:
    for standard in Standard:
        refusal = rulebook.proof_refusal(_facts(state, kind), standard)
        assert bool(refusal) == (standard.rank < rank), standard


def test_family_in_vermont_proves_an_ex_parte_order_clearly(rulebook: Rulebook) -> None:
    facts = _facts("vt", "temporary_erpo")

    assert not rulebook.proof_refusal(facts, Standard.PREPONDERANCE, Filer.STATES_ATTORNEY)
    assert "VT-NOW-2" in rulebook.proof_refusal(facts, Standard.PREPONDERANCE, Filer.HOUSEHOLD_MEMBER)


def test_risk_protection_order_asks_for_more_after_its_hearing(rulebook: Rulebook) -> None:
    heard = order("risk_protection_order", happenings=[happened("heard", "2026-12-14")])

    assert not rulebook.proof_refusal(order("risk_protection_order"), Standard.PROBABLE_CAUSE)
    assert "CT-RPO-PROOF-HRG" in rulebook.proof_refusal(heard, Standard.PROBABLE_CAUSE)


@pytest.mark.parametrize(
    ("facts", "before"),
    [
        (_facts("ct", "restraining_order"), {"order_over", "requested", "eligible"}),
        (_facts("ct", "risk_protection_order"), {"order_over", "requested", "eligible"}),
        (_facts("ct", "foreign_order"), set()),
        (_facts("ca"), {"state_application", "background_check"}),
        (_facts("de"), {"order_over"}),
        (_facts("fl"), {"order_over", "requested", "background_check", "family_told"}),
        (_facts("il"), {"order_over"}),
        (_facts("in"), {"not_dangerous"}),
        (_facts("ma"), {"requested", "eligible"}),
        (_facts("md"), {"order_over", "requested", "background_check"}),
        (_facts("nj"), {"requested", "family_told"}),
        (_facts("or"), {"order_over", "requested", "background_check"}),
        (_facts("ri"), {"order_over", "requested", "court_confirmation", "background_check"}),
        (_facts("vt"), {"order_over", "court_release"}),
        (_facts("wa"), {"order_over", "background_check", "court_confirmation", "family_told"}),
    ],
)
def test_what_comes_before_a_return_is_that_of_the_law(
    rulebook: Rulebook, facts: Facts, before: set[str]
) -> None:
    entries: list[Entry] = rulebook.entries_of(facts, Becomes.RETURN)

    assert {one for entry in entries for one in entry.before} == before
    assert before <= set(Before)


def test_area_is_named_as_the_rulebook_writes_it(rulebook: Rulebook) -> None:
    indiana = rulebook.jurisdictions["us_in"]

    assert indiana.area_named(" LAPORTE ") == "LaPorte"
    assert indiana.area_named("Marion") == ""
    assert indiana.area_named("") == ""
