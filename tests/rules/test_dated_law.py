"""Values that change more than a time, events that rule a deadline out, ends, and the words for them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from orders.rules.explain import sentences
from orders.rules.facts import Event, Facts, Kind
from orders.rules.loading import RulebookError, load
from orders.rules.model import MetBy, Offset, Unless
from orders.rules.moments import alternative
from orders.rules.pages import rule_page
from orders.rules.plan import plan
from orders.rules.planned import Moment
from orders.rules.rulebook import Rulebook
from orders.rules.scenarios import load as load_scenarios
from orders.rules.vocabulary import Certainty, Unit
from orders.rules.words import words
from tests.rules.files import JURISDICTION, RULE
from tests.rules.orders import at, deadline, deadlines, happened, on, order
from tests.rules.test_scenarios import OWN

RISK = Kind.RISK_PROTECTION_ORDER


@pytest.mark.parametrize(
    ("issued", "start"),
    [("2023-06-28", "served"), ("2023-06-29", "issued")],
)
def test_value_replaces_the_start_of_its_rule(rulebook: Rulebook, issued: str, start: str) -> None:
    facts = order(
        RISK, issued, events=[happened("served", "2023-07-03"), happened("warrant_executed", issued)]
    )

    planned = deadline(facts, rulebook, "CT-RPO-01")

    assert planned.start is not None
    assert planned.start.kind == start


@pytest.mark.parametrize(
    ("issued", "certainty"), [("2022-05-31", Certainty.DEBATABLE), ("2022-06-01", Certainty.CERTAIN)]
)
def test_value_replaces_the_certainty_of_its_rule(
    rulebook: Rulebook, issued: str, certainty: Certainty
) -> None:
    rule = rulebook.by_id["CT-RPO-03"]

    assert rule.under(rule.value_on(on(issued))).certainty is certainty


def test_value_replaces_the_actor(rulebook: Rulebook) -> None:
    served = [happened("served", "2022-07-02T10:00:00-07:00")]
    actors = {
        issued: deadline(
            order("final_erpo", issued, jurisdiction="us_wa", events=served), rulebook, "WA-RCPT"
        ).rule.actor
        for issued in ("2022-06-30", "2022-07-01")
    }

    assert actors == {"2022-06-30": "respondent", "2022-07-01": "police"}


def test_value_that_replaces_one_thing_leaves_the_others(rulebook: Rulebook) -> None:
    rule = rulebook.by_id["CT-SUR-01"]

    under = rule.under(replace(rule.values[0], actor="police"))

    assert under == replace(rule, actor="police")


def test_value_of_a_rule_dated_by_its_start_replaces_the_certainty(rulebook: Rulebook) -> None:
    rule = rulebook.by_id["CT-RET-01"]
    sure = replace(rule, values=(replace(rule.values[0], certainty=Certainty.CERTAIN),))
    facts = order(
        "restraining_order",
        "2016-01-04",
        expires_on=on("2016-12-01"),
        events=[happened("return_requested", "2016-12-05")],
    )

    (planned,) = plan(facts, replace(rulebook, rules=(sure,)))

    assert planned.rule.certainty is Certainty.CERTAIN


@pytest.mark.parametrize(
    ("event", "by", "is_given"),
    [
        ("2026-12-18", -3, False),
        ("2026-12-19", -3, True),
        ("2026-12-24", None, False),
    ],
)
def test_event_rules_a_deadline_out_if_it_is_in_time(
    rulebook: Rulebook, event: str, by: int | None, *, is_given: bool
) -> None:
    offset = None if by is None else Offset(amount=by, unit=Unit.CALENDAR_DAYS)
    rule = replace(rulebook.by_id["CT-SVC-02"], unless=(Unless(event="proof_filed", by=offset),))
    facts = order(events=[happened("hearing_scheduled", "2026-12-21"), happened("proof_filed", event)])

    assert bool(plan(facts, replace(rulebook, rules=(rule,)))) is is_given


def test_deadline_without_a_dated_start_is_ruled_out_only_by_an_event_at_any_time(rulebook: Rulebook) -> None:
    by = Offset(amount=-3, unit=Unit.CALENDAR_DAYS)
    facts = order(events=[Event(kind="hearing_scheduled"), happened("proof_filed", "2026-12-07")])
    found = {}
    for offset in (by, None):
        rule = replace(rulebook.by_id["CT-SVC-02"], unless=(Unless(event="proof_filed", by=offset),))
        found[offset] = len(plan(facts, replace(rulebook, rules=(rule,))))

    assert found == {by: 1, None: 0}


def test_event_rules_a_deadline_out_by_the_open_days_and_the_day_of_the_state(rulebook: Rulebook) -> None:
    """The start is late on Tuesday in Los Angeles, Wednesday elsewhere. Two court days before is Friday."""
    offset = Offset(amount=-2, unit=Unit.COURT_DAYS)
    start = happened("served", "2026-12-08T23:00:00-08:00")
    rule = replace(
        rulebook.by_id["CT-SVC-02"],
        jurisdiction="us_ca",
        starts="served",
        unless=(Unless(event="proof_filed", by=offset),),
    )
    given = {}
    for day in ("2026-12-04", "2026-12-05"):
        facts = order(jurisdiction="us_ca", events=[start, happened("proof_filed", day)])
        given[day] = bool(plan(facts, replace(rulebook, rules=(rule,))))

    assert given == {"2026-12-04": False, "2026-12-05": True}


@pytest.mark.parametrize(("purpose", "is_given"), [("compliance", False), ("application", True)])
def test_event_rules_out_what_no_hearing_of_its_purpose_met(
    rulebook: Rulebook, purpose: str, *, is_given: bool
) -> None:
    rule = replace(
        rulebook.by_id["CT-SVC-02"],
        met_by=(MetBy(event="heard", purpose="application"),),
        unless=(Unless(event="proof_filed", unmet=True),),
    )
    facts = order(
        events=[
            happened("hearing_scheduled", "2026-12-21"),
            happened("proof_filed", "2026-12-07"),
            happened("heard", "2026-12-21", purpose=purpose),
        ]
    )

    assert bool(plan(facts, replace(rulebook, rules=(rule,)))) is is_given


def test_served_in_time_the_extension_is_withdrawn_and_not_met(rulebook: Rulebook) -> None:
    events = [
        happened("hearing_scheduled", "2026-12-11"),
        happened("ex_parte_extension_requested", "2026-12-07"),
        happened("service_failed", "2026-12-07"),
    ]
    served = happened("served", "2026-12-08T09:00:00-05:00")

    assert deadlines(order(events=events), rulebook, "CT-CON-02")
    assert not deadlines(order(events=[*events, served]), rulebook, "CT-CON-02")


@pytest.mark.parametrize(
    ("due", "nearest"),
    [
        ("2026-09-07", "2026-09-08"),
        ("2026-09-12", "2026-09-11"),
        ("2026-09-13", "2026-09-14"),
        ("2026-09-15", "2026-09-15"),
        # Of two that are equally near, the earlier: Veterans Day is a Wednesday.
        ("2026-11-11", "2026-11-10"),
    ],
)
def test_open_day_nearest_to_a_day(rulebook: Rulebook, due: str, nearest: str) -> None:
    assert rulebook.jurisdictions["us_ct"].calendar.nearest_open_day(on(due)) == on(nearest)


def test_act_on_the_nearest_day_is_in_time_and_its_check_waits_for_that_day(rulebook: Rulebook) -> None:
    events = [happened("heard", "2026-02-10"), happened("termination_petitioned", "2026-08-10")]
    planned = deadline(order(RISK, "2026-02-02", events=events), rulebook, "CT-RPO-07")

    assert planned.due == Moment(on=on("2026-09-07"))
    assert planned.due_at == at("2026-09-09T00:00:00-04:00")
    checks = {one.name: one.fires_at for one in planned.checkpoints}
    assert checks["check"] == at("2026-09-09T00:00:00-04:00")


def test_nearest_day_before_the_due_day_leaves_the_due_day(rulebook: Rulebook) -> None:
    events = [happened("heard", "2026-02-10"), happened("termination_petitioned", "2026-08-15")]
    planned = deadline(order(RISK, "2026-02-02", events=events), rulebook, "CT-RPO-07")

    assert planned.closed_day_moves_to == on("2026-09-11")
    assert planned.due_at == at("2026-09-13T00:00:00-04:00")


# --- a year from February 29 --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("issued", "due", "other"),
    [
        ("2024-02-29", "2025-02-28", "2025-03-01"),
        ("2024-02-28", "2025-02-28", None),
        ("2023-02-28", "2024-02-28", None),
    ],
)
def test_year_from_february_29_has_two_readings(
    rulebook: Rulebook, issued: str, due: str, other: str | None
) -> None:
    planned = deadline(order("restraining_order", issued), rulebook, "CT-ORD-01")

    assert planned.due == Moment(on=on(due))
    assert planned.alternative_on == (on(other) if other else None)
    assert planned.certainty is (Certainty.DEBATABLE if other else Certainty.CERTAIN)


YEAR = Offset(amount=1, unit=Unit.YEARS)
#: In Los Angeles; elsewhere it is March 1 by then.
LEAP_DAY = happened("issued", "2024-02-29T23:00:00-08:00")


@pytest.mark.parametrize(
    ("other", "due", "unit", "found"),
    [
        (None, Moment(on=on("2025-02-28")), Unit.YEARS, "2025-03-01"),
        (None, Moment(on=on("2025-02-28")), Unit.CALENDAR_DAYS, None),
        (None, None, Unit.YEARS, None),
        (Offset(amount=0, unit=Unit.AS_ORDERED), Moment(on=on("2025-02-28")), Unit.YEARS, None),
        (YEAR, None, Unit.CALENDAR_DAYS, "2025-02-28"),
    ],
)
def test_the_other_reading_of_a_value(
    rulebook: Rulebook, other: Offset | None, due: Moment | None, unit: Unit, found: str | None
) -> None:
    value = replace(rulebook.by_id["CT-ORD-01"].values[0], due=Offset(amount=1, unit=unit), alternative=other)

    day = alternative(value, LEAP_DAY, due, rulebook.jurisdictions["us_ca"])

    assert day == (on(found) if found else None)


def test_reasons_for_a_year_from_february_29_give_the_other_day(rulebook: Rulebook) -> None:
    planned = deadline(order("restraining_order", "2024-02-29"), rulebook, "CT-ORD-01")

    assert sentences(planned)[-2:] == (
        "Debatable: the law does not state whether a year from February 29 ends on February 28 or March 1.",
        "The other reading gives Sat, Mar 1, 2025.",
    )
    assert "This reading is considered certain." not in sentences(planned)
    assert sentences(planned, "es")[-1] == "La otra interpretación da sábado 1 de marzo de 2025."


def test_no_other_reading_where_the_order_gives_the_day(rulebook: Rulebook) -> None:
    facts = order("restraining_order", "2024-02-29", expires_on=on("2025-03-01"))
    planned = deadline(facts, rulebook, "CT-ORD-01")

    assert planned.certainty is Certainty.CERTAIN
    assert "This reading is considered certain." in sentences(planned)


# --- words --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hearing", "held", "english", "spanish"),
    [
        (
            "2026-12-10",
            None,
            "A hearing is set for Thu, Dec 10, 2026, in time.",
            "Hay una audiencia fijada para el jueves 10 de diciembre de 2026, dentro del plazo.",
        ),
        (
            "2026-12-10",
            "2026-12-10",
            "It was met on Thu, Dec 10, 2026.",
            "Se cumplió el jueves 10 de diciembre de 2026.",
        ),
    ],
)
def test_hearing_that_is_only_set_was_not_held(
    rulebook: Rulebook, hearing: str, held: str | None, english: str, spanish: str
) -> None:
    events = [happened("hearing_scheduled", hearing), *([happened("heard", held)] if held else [])]
    planned = deadline(order(firearms_indicated=True, events=events), rulebook, "CT-HRG-07")

    assert english in sentences(planned)
    assert spanish in sentences(planned, "es")
    assert held or not [one for one in sentences(planned) if "met on" in one]


def test_hearing_set_too_late_is_not_called_in_time(rulebook: Rulebook) -> None:
    rule = rulebook.by_id["CT-HRG-07"]
    later = replace(rule, met_by=tuple(replace(one, set_by_due=False) for one in rule.met_by))
    facts = order(firearms_indicated=True, events=[happened("hearing_scheduled", "2026-12-21")])

    (planned,) = plan(facts, replace(rulebook, rules=(later,)))

    assert "A hearing is set for Mon, Dec 21, 2026." in sentences(planned)


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("CT-ORD-01", order("restraining_order")),
        ("CT-CPO-01-YEAR", order("civil_protection_order")),
        ("CT-ORD-02", order("restraining_order", financial_support=True)),
    ],
)
def test_an_end_is_no_duty_of_anyone(rulebook: Rulebook, rule: str, facts: Facts) -> None:
    planned = deadline(facts, rulebook, rule)

    assert not [one for one in sentences(planned) if "Who must act" in one]
    assert any(one.endswith("This is an end, not a duty.") for one in sentences(planned))
    assert any(one.endswith("Es el final de algo, no una obligación.") for one in sentences(planned, "es"))


def test_end_at_a_hearing_that_is_checked_names_who_must_act(rulebook: Rulebook) -> None:
    planned = deadline(order("interim_erpo", jurisdiction="us_md"), rulebook, "MD-INT")

    assert any(one.endswith("Who must act: court.") for one in sentences(planned))


def test_reasons_explain_why_there_is_no_check(rulebook: Rulebook) -> None:
    facts = order(events=[happened("hearing_scheduled", "2026-12-21")])
    planned = deadline(facts, rulebook, "CT-SVC-08")

    assert planned.rule.no_check in sentences(planned)
    assert words("es").texts["no_check.CT-SVC-08"] in sentences(planned, "es")


#: Words of English that no Spanish sentence has. Names and words that both languages share are left out.
ENGLISH = re.compile(
    r"\b(the|of|and|or|an|is|are|was|were|be|by|with|from|within|after|before|until|since|on|at|to|for|not|if"
    r"|that|this|which|who|must|may|shall|day|days|hour|hours|year|years|month|months|week|court|clerk|police"
    r"|order|orders|hearing|served|service|firearm|firearms|petitioner|respondent|applicant|law|laws|act|acts"
    r"|public|section|sections|chapter|code|statutes?|seed|guide|page|table|restraining|protection|risk|extreme"
    r"|surrender|return|length|proof|enforcement|safeguards|sale|transfer|memory|seen|read|receipt|calendar"
    r"|second|hand|form|firm|practice|own|itself|extending|seizure|january|february|march|april|june|july"
    r"|august|september|october|november|december|monday|friday|saturday|sunday|expiration|effective)\b",
    re.IGNORECASE,
)


#: The id of a rule, and a place to fill in.
ID = re.compile(r"\b[A-Z]{2}-[A-Z0-9-]+")
PLACE = re.compile(r"\{\w+\}")


def test_spanish_reasons_are_wholly_spanish(rulebook: Rulebook) -> None:
    found: dict[str, set[str]] = {}
    seen: set[str] = set()
    for scenario in load_scenarios(OWN):
        facts = scenario.facts
        events = tuple(
            replace(one, source=source)
            for one, source in zip(
                facts.events, ("the return of service", "the court's calendar", "a receipt") * 9, strict=False
            )
        )
        for planned in plan(replace(facts, events=events), rulebook):
            seen.add(planned.rule.id)
            for sentence in sentences(planned, "es"):
                if english := set(ENGLISH.findall(ID.sub("", sentence).lower())):
                    found.setdefault(f"{planned.rule.id}: {sentence}", set()).update(english)

    assert found == {}
    assert seen >= {rule.id for rule in rulebook.rules} - {
        "CT-RPO-03",
        "CT-SUR-05-ALL",
        "CT-CMP-01-ALL",
        "IN-FIN",
    }


def test_every_spanish_text_is_wholly_spanish() -> None:
    texts = {
        key: text
        for key, text in words("es").texts.items()
        if not key.startswith(("closed.", "form.instant"))
    }

    assert {key: text for key, text in texts.items() if ENGLISH.search(PLACE.sub("", text))} == {}


# --- rule files of another form -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'name = "check"\npurpose = "check"',
            'name = "remind"\npurpose = "remind"',
            "line 23, CT-ONE: checkpoint: missing; give one with the purpose check, or no_check with the "
            "reason",
        ),
        (
            'certainty = "certain"',
            'certainty = "certain"\nno_check = "No one is late."',
            "line 10, CT-ONE: no_check: the rule has a check, or it is an end",
        ),
        (
            'due = { amount = 7, unit = "calendar_days" }',
            'due = { amount = 7, unit = "calendar_days" }\ncertainty = "debatable"',
            "line 17, CT-ONE: doubt: missing; a debatable rule explains its doubt",
        ),
        (
            'due = { amount = 7, unit = "calendar_days" }',
            'due = { amount = 7, unit = "calendar_days" }\nstarts = "heart"',
            None,
        ),
    ],
)
def test_rule_of_another_form_is_refused(tmp_path: Path, old: str, new: str, message: str | None) -> None:
    with pytest.raises(RulebookError) as refused:
        load(_folder(tmp_path, old, new))

    if message:
        assert str(refused.value).endswith(f"{message}.")
    else:
        assert "starts: “heart” is not an event" in str(refused.value)


def test_value_with_its_own_start_cannot_be_dated_by_the_start(tmp_path: Path) -> None:
    text = RULE.replace('certainty = "certain"', 'dated_by = "start"\ncertainty = "certain"')
    text = text.replace("effective = 2020-01-01", 'effective = 2020-01-01\nstarts = "served"')

    with pytest.raises(RulebookError) as refused:
        load(_written(tmp_path, text))

    assert str(refused.value).endswith("dated_by: a value with its own start is chosen by the day of issue.")


@pytest.mark.parametrize("end", ["ends_order", "is_end"])
def test_an_end_needs_no_check(tmp_path: Path, end: str) -> None:
    text = RULE.replace('certainty = "certain"', f'{end} = true\ncertainty = "certain"')
    text = text.replace('purpose = "check"', 'purpose = "remind"')

    (rule,) = load(_written(tmp_path, text)).rules
    assert not rule.has_check
    assert not rule.has_duty


def test_page_shows_what_a_value_replaces_and_what_rules_it_out(rulebook: Rulebook) -> None:
    page = rule_page(rulebook.by_id["CT-CON-02"], rulebook, [])
    assert (
        "- Not if “the order was served” is recorded, at the latest 3 calendar days before the start" in page
    )
    page = rule_page(rulebook.by_id["CT-SVC-09-F"], rulebook, [])
    assert "- Not if “the order was served” is recorded\n" in page
    page = rule_page(rulebook.by_id["CT-RPO-01"], rulebook, [])
    assert "2023-06-29: runs from “the order was issued”." in page
    assert "Certain, but debatable if the court is closed on the last day. The section does not state" in page
    page = rule_page(rulebook.by_id["WA-RCPT"], rulebook, [])
    assert "2022-07-01: who must act: police." in page
    page = rule_page(rulebook.by_id["DE-FIN"], rulebook, [])
    assert "2025-08-20: debatable. The day on which chapter 148 took effect was not seen" in page
    page = rule_page(rulebook.by_id["WA-SUR"], rulebook, [])
    assert "2022-07-01: served in court: the day itself; this reading is considered certain." in page
    page = rule_page(rulebook.by_id["CT-SUR-02-NOTICE"], rulebook, [])
    assert "- For orders issued before 2016-10-01" in page
    page = rule_page(rulebook.by_id["WA-RCPT"], rulebook, [])
    assert "2022-07-01: this reading is considered certain." in page
    page = rule_page(rulebook.by_id["CT-ORD-02"], rulebook, [])
    assert "- The due day is an end, not a duty" in page
    page = rule_page(rulebook.by_id["CT-RPO-07"], rulebook, [])
    assert "- If the court is closed on the last day, the open day nearest to it is shown" in page
    page = rule_page(rulebook.by_id["CT-SVC-08"], rulebook, [])
    assert "No check: It is advice" in page


def _folder(tmp_path: Path, old: str, new: str) -> Path:
    assert old in RULE
    return _written(tmp_path, RULE.replace(old, new))


def _written(tmp_path: Path, text: str) -> Path:
    state = tmp_path / "rules" / "us_ct"
    state.mkdir(parents=True)
    (state / "jurisdiction.toml").write_text(JURISDICTION, encoding="utf-8")
    (state / "one.toml").write_text(text, encoding="utf-8")
    return state.parent
