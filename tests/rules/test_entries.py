"""Entries checked when facts are entered: who may file, standards of proof, requirements for a return."""

from __future__ import annotations

from pathlib import Path

import pytest

from orders.rules.facts import Facts
from orders.rules.loading import RulebookError, load
from orders.rules.model import Entry
from orders.rules.pages import conditions, entry_type
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import EntryType, Filer, FirearmRecipient, ReturnRequirement, StandardOfProof
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
type = "information"
sources = ["a statute"]
source_status = "seen"
"""

FAMILY = {"intimate_partner", "household_member"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    state = tmp_path / "rules" / "us_ct"
    state.mkdir(parents=True)
    (state / "jurisdiction.toml").write_text(JURISDICTION, encoding="utf-8")
    return tmp_path / "rules"


def book(folder: Path, asks: str) -> Rulebook:
    text = ENTRY.replace('type = "information"', asks)
    (folder / "us_ct" / "note.toml").write_text(text, encoding="utf-8")
    return load(folder)


@pytest.mark.parametrize(
    ("asks", "message"),
    [
        ('type = "filers"', "line 3, CT-NOTE: allows: missing; give a list of texts"),
        (
            'type = "filers"\nallows = ["licensed_dealer"]',
            "line 7, CT-NOTE: allows: 'licensed_dealer' is not one of attorney_general",
        ),
        (
            'type = "recipients"\nallows = ["school"]',
            "line 7, CT-NOTE: allows: 'school' is not one of law_enforcement",
        ),
        ('type = "proof"', "line 3, CT-NOTE: standard: missing; give a text in quotes"),
        (
            'type = "proof"\nstandard = "belief"',
            "line 7, CT-NOTE: standard: “belief” is not one of reasonable_grounds",
        ),
        (
            'type = "recipients"\nallows = ["law_enforcement"]\nfrom_custody = ["neighbor"]',
            "line 8, CT-NOTE: from_custody: 'neighbor' is not one of law_enforcement",
        ),
        (
            'type = "proof"\nstandard = "preponderance"\nfiled_by = ["press"]',
            "line 8, CT-NOTE: filed_by: 'press' is not one of attorney_general",
        ),
        (
            'type = "proof"\nstandard = "preponderance"\nafter_hearing = 1',
            "line 8, CT-NOTE: after_hearing: 1 is not true or false",
        ),
        ('type = "return"', "line 3, CT-NOTE: requires: missing; give a list of texts"),
        ('type = "return"\nrequires = []', "line 7, CT-NOTE: requires: empty; name at least one"),
        (
            'type = "return"\nrequires = ["a_wish"]',
            "line 7, CT-NOTE: requires: 'a_wish' is not one of background_check",
        ),
        ('type = "information"\nstandard = "preponderance"', "line 7, CT-NOTE: standard: unknown key"),
        ('type = "information"\nrequires = ["requested"]', "line 7, CT-NOTE: requires: unknown key"),
        (
            'type = "information"\nuntil = 2019',
            "line 7, CT-NOTE: until: 2019 is not a date such as 2016-10-01",
        ),
        (
            'type = "information"\neffective = 2019-09-01\nuntil = 2019-09-01',
            "line 8, CT-NOTE: until: 2019-09-01 is not after 2019-09-01, the day it takes effect",
        ),
    ],
)
def test_file_is_refused_when_an_entry_has_a_key_of_another_type(
    folder: Path, asks: str, message: str
) -> None:
    with pytest.raises(RulebookError) as refused:
        book(folder, asks)

    assert message in str(refused.value)


def test_entry_no_longer_binds_from_the_day_it_ended(folder: Path) -> None:
    (entry,) = book(folder, 'type = "information"\neffective = 2018-01-01\nuntil = 2019-09-01').entries

    days = ("2017-12-31", "2018-01-01", "2019-08-31", "2019-09-01")
    assert [entry.binds_order(order(issued=day)) for day in days] == [False, True, True, False]


def test_who_may_take_a_firearm_from_custody_may_not_take_it_from_the_respondent(folder: Path) -> None:
    rulebook = book(
        folder, 'type = "recipients"\nallows = ["law_enforcement"]\nfrom_custody = ["third_party"]'
    )
    third, dealer = FirearmRecipient.THIRD_PARTY, FirearmRecipient.LICENSED_DEALER

    assert rulebook.refusal(order(), third) == "Something holds. (a statute)"
    assert rulebook.custody_refusal(order(), third) == ""
    assert rulebook.custody_refusal(order(), FirearmRecipient.LAW_ENFORCEMENT) == ""
    assert rulebook.custody_refusal(order(), dealer) == "Something holds. (a statute)"


def test_filer_is_refused_with_the_rules_citation_when_it_is_not_listed(folder: Path) -> None:
    rulebook = book(folder, 'type = "filers"\nallows = ["school"]')

    assert rulebook.filer_refusal(order(), Filer.SCHOOL) == ""
    assert rulebook.filer_refusal(order(), Filer.OTHER_PERSON) == "Something holds. (a statute)"
    assert rulebook.filer_refusal(order(jurisdiction="us_de"), Filer.OTHER_PERSON) == ""


CAUSE = [StandardOfProof.REASONABLE_GROUNDS, StandardOfProof.REASONABLE_CAUSE, StandardOfProof.PROBABLE_CAUSE]


@pytest.mark.parametrize(
    ("standard", "enough"),
    [
        *((one, set(StandardOfProof)) for one in CAUSE),
        (StandardOfProof.PREPONDERANCE, set(StandardOfProof) - set(CAUSE)),
        (StandardOfProof.CLEAR_AND_CONVINCING, {StandardOfProof.CLEAR_AND_CONVINCING}),
    ],
)
def test_proof_is_refused_only_below_the_standard(
    folder: Path, standard: StandardOfProof, enough: set[StandardOfProof]
) -> None:
    rulebook = book(folder, f'type = "proof"\nstandard = "{standard}"')

    refusals = {one: rulebook.proof_refusal(order(), one, "") for one in StandardOfProof}

    assert {one for one, refusal in refusals.items() if not refusal} == enough
    assert set(refusals.values()) <= {"", "Something holds. (a statute)"}


def test_standard_that_depends_on_the_filer_applies_to_that_filer_only(folder: Path) -> None:
    rulebook = book(
        folder, 'type = "proof"\nstandard = "clear_and_convincing"\nfiled_by = ["household_member"]'
    )

    assert rulebook.proof_refusal(order(), StandardOfProof.PREPONDERANCE, Filer.HOUSEHOLD_MEMBER)
    assert not rulebook.proof_refusal(order(), StandardOfProof.PREPONDERANCE, Filer.STATES_ATTORNEY)
    assert not rulebook.proof_refusal(order(), StandardOfProof.PREPONDERANCE, "")


def test_standard_of_the_hearing_applies_once_the_application_was_heard(folder: Path) -> None:
    rulebook = book(folder, 'type = "proof"\nstandard = "clear_and_convincing"\nafter_hearing = true')

    def refused(*events: str, purpose: str = "application") -> bool:
        facts = order(events=[happened(one, "2026-12-14", purpose=purpose) for one in events])
        return bool(rulebook.proof_refusal(facts, StandardOfProof.PROBABLE_CAUSE, ""))

    assert not refused()
    assert not refused("hearing_scheduled")
    assert not refused("heard", purpose="compliance")
    assert refused("hearing_scheduled", "heard")


def test_conditions_of_an_entry_are_sentences(folder: Path) -> None:
    def said(asks: str) -> tuple[str, list[str]]:
        (entry,) = book(folder, asks).entries
        return entry_type(entry), list(conditions(entry))

    assert said('type = "information"') == ("information", [])
    assert said('type = "order_condition"') == ("order condition", [])
    assert said('type = "recipients"\nallows = ["law_enforcement", "true_owner"]') == (
        "lawful recipients of firearms",
        ["Firearms may go to: law enforcement, true owner"],
    )
    assert said('type = "filers"\nallows = ["school"]') == ("who may file", ["May file: school"])
    assert said('type = "proof"\nstandard = "preponderance"') == (
        "standard of proof",
        ["Requires preponderance"],
    )
    assert said(
        'type = "proof"\nstandard = "preponderance"\nfiled_by = ["school"]\nafter_hearing = true'
    ) == ("standard of proof", ["Requires preponderance, if filed by school, after a hearing"])
    assert said('type = "return"\nrequires = ["order_over", "requested"]') == (
        "requirements for a return",
        ["Before firearms are returned: order over, requested"],
    )


# --- the entries in files -----------------------------------------------------------------------------------


def _facts(jurisdiction: str, kind: str = "final_erpo", issued: str = "2026-12-01") -> Facts:
    return order(kind, issued, jurisdiction=f"us_{jurisdiction}")


@pytest.mark.parametrize(
    ("facts", "may_file"),
    [
        (_facts("ct", "ex_parte_restraining_order"), FAMILY),
        (_facts("ct", "risk_protection_order"), {"law_enforcement", "states_attorney"}),
        (_facts("ct", "civil_protection_order"), set(Filer)),
        (_facts("ca", issued="2020-08-31"), {"law_enforcement"} | FAMILY),
        (_facts("ca", issued="2020-09-01"), {"law_enforcement", "school", "other_person"} | FAMILY),
        (_facts("de"), {"law_enforcement"} | FAMILY),
        (_facts("de", "temporary_erpo", issued="2025-08-19"), {"law_enforcement"} | FAMILY),
        (_facts("de", "temporary_erpo", issued="2025-08-20"), {"law_enforcement"}),
        (_facts("fl"), {"law_enforcement"}),
        (_facts("il"), {"law_enforcement"} | FAMILY),
        (_facts("in"), {"law_enforcement"}),
        (_facts("ma", issued="2023-11-30"), {"law_enforcement"} | FAMILY),
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


_TEMPORARY = dict.fromkeys(("ca", "fl", "il", "in", "ma", "md", "nj", "ri", "wa"), 0) | {
    "de": 1,
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
    for standard in StandardOfProof:
        refusal = rulebook.proof_refusal(_facts(state, kind), standard, "")
        assert bool(refusal) == (standard.rank < rank), standard


def test_family_in_vermont_proves_an_ex_parte_order_clearly(rulebook: Rulebook) -> None:
    facts = _facts("vt", "temporary_erpo")

    assert not rulebook.proof_refusal(facts, StandardOfProof.PREPONDERANCE, Filer.STATES_ATTORNEY)
    assert "ex parte proof: preponderance" in rulebook.proof_refusal(
        facts, StandardOfProof.PREPONDERANCE, Filer.HOUSEHOLD_MEMBER
    )


def test_risk_protection_order_requires_more_after_its_hearing(rulebook: Rulebook) -> None:
    heard = order("risk_protection_order", events=[happened("heard", "2026-12-14")])

    assert not rulebook.proof_refusal(order("risk_protection_order"), StandardOfProof.PROBABLE_CAUSE, "")
    assert "§ 29-38c(e)" in rulebook.proof_refusal(heard, StandardOfProof.PROBABLE_CAUSE, "")


#: What precedes a return of firearms that were surrendered under a Connecticut order.
SURRENDERED = {"order_over", "no_other_order", "requested", "eligible", "lawful_at_surrender"}


@pytest.mark.parametrize(
    ("facts", "before"),
    [
        (_facts("ct", "restraining_order"), SURRENDERED),
        (_facts("ct", "risk_protection_order"), {"order_over", "requested", "eligible"}),
        (_facts("ct", "foreign_order"), SURRENDERED),
        (_facts("ca"), {"state_application", "background_check"}),
        (_facts("de"), {"order_over", "eligible"}),
        (
            _facts("fl"),
            {"order_over", "requested", "background_check", "court_confirmation", "family_notified"},
        ),
        (_facts("il"), {"order_over"}),
        (_facts("in"), {"not_dangerous"}),
        (_facts("ma"), {"requested", "eligible"}),
        (_facts("md"), {"order_over", "requested", "background_check"}),
        (_facts("nj"), {"requested", "family_notified"}),
        (_facts("or"), {"order_over", "requested", "background_check"}),
        (_facts("ri"), {"order_over", "requested", "court_confirmation", "background_check"}),
        (_facts("vt"), {"order_over", "court_release"}),
        (_facts("wa"), {"order_over", "background_check", "court_confirmation", "family_notified"}),
    ],
)
def test_what_comes_before_a_return_is_that_of_the_law(
    rulebook: Rulebook, facts: Facts, before: set[str]
) -> None:
    entries: list[Entry] = rulebook.entries_of(facts, EntryType.RETURN)

    assert {one for entry in entries for one in entry.requires} == before
    assert before <= set(ReturnRequirement)


def test_area_is_named_as_the_rulebook_writes_it(rulebook: Rulebook) -> None:
    indiana = rulebook.jurisdictions["us_in"]

    assert indiana.area_named(" LAPORTE ") == "LaPorte"
    assert indiana.area_named("Marion") == ""
    assert indiana.area_named("") == ""
