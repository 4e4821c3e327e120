from __future__ import annotations

import string
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orders.rules import words as words_module
from orders.rules.adjust import Adjustment, adjusted
from orders.rules.explain import day_words, event_name, instant_words
from orders.rules.facts import HAPPENINGS, Facts, Kind
from orders.rules.rulebook import WITHOUT_AMOUNT, Mark, Offset, Rulebook, Unit
from orders.rules.words import WordsError, languages, words
from tests.rules.orders import HARTFORD, at, deadline, happened, on, order

SERVED = happened("served", "2026-12-04T18:30:00-05:00", source="return of service by Marshal Reed")
PLACES = string.Formatter()


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in PLACES.parse(text) if name}


def armed(**more: Any) -> Facts:
    happenings = more.pop("happenings", [SERVED])
    return order(firearms_indicated=True, happenings=happenings, **more)


def test_event_source_rule_arithmetic_and_certainty_are_said(rulebook: Rulebook) -> None:
    assert deadline(armed(), rulebook, "CT-SUR-01").explanation == (
        "It counts from Friday 4 December 2026 at 18:30 (EST, UTC-05:00), when the order was served "
        "(return of service by Marshal Reed).",
        "It is due 24 elapsed hours after it, nights, weekends and holidays counted: "
        "Saturday 5 December 2026 at 18:30 (EST, UTC-05:00).",
        "Rule CT-SUR-01: Firearms and ammunition are surrendered to police, or sold to a federally licensed "
        "dealer. Who must act: respondent.",
        "Source: C.G.S. § 29-36k(b); seed 000: within 24 hours of being served; Public Act 16-34 for ex "
        "parte orders (seen in a published text, in force since Saturday 1 October 2016).",
        "Debatable: The statute speaks of cases of physical force, and one guide says that ex parte orders "
        "do not reach possession; it is counted for every such order, the reading that protects.",
    )


def test_the_same_is_said_in_spanish(rulebook: Rulebook) -> None:
    said = deadline(armed(), rulebook, "CT-SUR-01").explain("es")

    assert said[0] == (
        "Se cuenta desde el viernes 4 de diciembre de 2026 a las 18:30 (EST, UTC-05:00), cuando se notificó "
        "la orden (return of service by Marshal Reed)."
    )
    assert said[1] == (
        "Vence 24 horas transcurridas después, contando noches, fines de semana y feriados: "
        "sábado 5 de diciembre de 2026 a las 18:30 (EST, UTC-05:00)."
    )
    assert said[2].endswith("Quién debe actuar: la persona demandada.")
    assert said[4].startswith("Discutible: La ley habla de casos de fuerza física")


def test_a_note_of_the_rule_and_its_other_reading_are_said_in_both_languages(rulebook: Rulebook) -> None:
    facts = armed(issued="2026-12-14", happenings=[happened("hearing_scheduled", "2026-12-21")])
    planned = deadline(facts, rulebook, "CT-SVC-02")

    assert planned.explanation == (
        "It counts from Monday 21 December 2026, the hearing's date.",
        "It is due 3 calendar days before it, that day itself not counted: Friday 18 December 2026.",
        "Rule CT-SVC-02: The respondent is served not less than three days before the hearing. "
        "Who must act: proper officer.",
        "Source: C.G.S. § 46b-15(h) as changed by Public Act 16-34; seed 001: at least 3 days before "
        "(seen in a published text, in force since Saturday 1 October 2016).",
        "That the change took effect on 1 October 2016 is recollection.",
        "Debatable: Whether “three days before” is the hearing date less three, or three clear days.",
        "The other reading gives Thursday 17 December 2026.",
    )
    assert planned.explain("es") == (
        "Se cuenta desde el lunes 21 de diciembre de 2026, la fecha de la audiencia.",
        "Vence 3 días corridos antes, sin contar ese mismo día: viernes 18 de diciembre de 2026.",
        "Regla CT-SVC-02: La persona demandada es notificada no menos de tres días antes de la audiencia. "
        "Quién debe actuar: el oficial competente.",
        "Fuente: C.G.S. § 46b-15(h) as changed by Public Act 16-34; seed 001: at least 3 days before "
        "(visto en un texto publicado, en vigor desde el sábado 1 de octubre de 2016).",
        "Que el cambio rigió desde el 1 de octubre de 2016 es de memoria.",
        "Discutible: Si «tres días antes» es la fecha de la audiencia menos tres o tres días completos.",
        "La otra lectura da jueves 17 de diciembre de 2026.",
    )


def test_nothing_is_said_of_a_beginning_that_was_not_looked_up(rulebook: Rulebook) -> None:
    facts = order(Kind.RESTRAINING_ORDER, happenings=[happened("contempt_motion_served", "2026-12-22")])

    said = deadline(facts, rulebook, "CT-CTM-01").explanation

    assert "Source: C.G.S. § 46b-15(j), on a guide's page of January 2024 (seen in a published text)." in said


def test_actor_without_words_of_its_own_is_said_as_the_rule_names_it(rulebook: Rulebook) -> None:
    planned = deadline(armed(), rulebook, "CT-SUR-01")
    sheriffs = replace(planned, rule=replace(planned.rule, actor="sheriff"))

    assert sheriffs.explanation[2].endswith("Who must act: sheriff.")


def test_skipped_days_are_named_with_their_reason(rulebook: Rulebook) -> None:
    facts = order(
        Kind.RESTRAINING_ORDER, happenings=[happened("contempt_motion_served", "2026-12-22T10:00:00-05:00")]
    )
    planned = deadline(facts, rulebook, "CT-CTM-01")

    assert (
        "Not counted, for the court is closed: Friday 25 December 2026 (Christmas Day); "
        "Saturday 26 December 2026 (Saturday); Sunday 27 December 2026 (Sunday)."
    ) in planned.explanation
    assert any("(Navidad)" in sentence for sentence in planned.explain("es"))


@pytest.mark.parametrize(
    ("served", "named"),
    [
        # The evening before Christmas Day in Hartford, where it is already Christmas Day in Greenwich.
        (
            "2026-12-24T23:30:00-05:00",
            "Friday 25 December 2026 (Christmas Day); Saturday 26 December 2026 (Saturday); "
            "Sunday 27 December 2026 (Sunday)",
        ),
        # The day it counts from is not counted anyhow.
        (
            "2026-12-26T10:00:00-05:00",
            "Sunday 27 December 2026 (Sunday); Friday 1 January 2027 (New Year's Day)",
        ),
    ],
)
def test_days_are_skipped_from_the_day_after_the_start_as_the_court_dates_it(
    rulebook: Rulebook, served: str, named: str
) -> None:
    facts = order(Kind.RESTRAINING_ORDER, happenings=[happened("contempt_motion_served", served)])

    said = deadline(facts, rulebook, "CT-CTM-01").explanation

    (skipped,) = [sentence for sentence in said if sentence.startswith("Not counted")]
    assert skipped.startswith(f"Not counted, for the court is closed: {named}")


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        (
            "CT-SUR-02",
            order(Kind.RESTRAINING_ORDER, happenings=[happened("disqualifying_event", "2026-12-01")]),
        ),
        # Fourteen calendar days pass over weekends, and those count.
        ("CT-HRG-07", armed(issued="2026-12-18")),
    ],
)
def test_no_skipped_day_is_named_when_none_was(rulebook: Rulebook, rule: str, facts: Facts) -> None:
    said = deadline(facts, rulebook, rule).explanation

    assert not any("Not counted" in sentence for sentence in said)


def test_all_facts_that_are_wanted_are_named_in_the_language_asked_for(rulebook: Rulebook) -> None:
    nothing_yet = deadline(order(), rulebook, "CT-LE-48")
    petition = happened("termination_petitioned", "2027-06-14")
    facts = order(Kind.RISK_PROTECTION_ORDER, "2026-12-01", happenings=[petition])
    half = deadline(facts, rulebook, "CT-RPO-07")
    wanting = ("time:issued", "date:heard")

    english = "the time of day of “the order was issued”, the day of “the hearing was held”"
    spanish = "la hora de «se emitió la orden», el día de «se celebró la audiencia»"
    for planned, place in ((nothing_yet, 0), (half, 1)):
        said = replace(planned, wanting=wanting)
        assert english in said.explanation[place]
        assert spanish in said.explain("es")[place]


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (
            Offset(amount=1, unit=Unit.ELAPSED_HOURS),
            "1 elapsed hour after it, nights, weekends and holidays counted",
        ),
        (Offset(amount=2, unit=Unit.COURT_DAYS), "2 court days after it"),
        (Offset(amount=1, unit=Unit.MONTHS), "1 calendar month after it"),
    ],
)
def test_one_is_said_in_the_singular(rulebook: Rulebook, due: Offset, said: str) -> None:
    decided = adjusted(rulebook, [Adjustment(rule_id="CT-SUR-05-ALL", due=due)])

    assert deadline(armed(), decided, "CT-SUR-05-ALL").explanation[1].startswith(f"It is due {said}: ")


@pytest.mark.parametrize(
    ("rule", "facts", "sentence"),
    [
        (
            "CT-SUR-01",
            order(),
            "Nothing is due yet: the time runs from when the order was served, and that is not recorded.",
        ),
        (
            "CT-LE-48",
            order(),
            "This cannot be computed: the time of day of “the order was issued” is not recorded. Record it; "
            "nothing is guessed.",
        ),
        (
            "CT-HRG-07",
            armed(issued="2026-12-18"),
            "The court is closed that day (Christmas Day); the law then gives Monday 28 December 2026.",
        ),
        (
            "CT-HRG-CLOSED",
            armed(issued="2026-12-18", happenings=[happened("hearing_scheduled", "2026-12-25")]),
            "It is due on the next open day, for the court is closed that day (Christmas Day): "
            "Monday 28 December 2026.",
        ),
        (
            "CT-SVC-02",
            armed(issued="2026-12-14", happenings=[happened("hearing_scheduled", "2026-12-21")]),
            "It counts from Monday 21 December 2026, the hearing's date.",
        ),
        (
            "CT-SVC-02",
            armed(issued="2026-12-14", happenings=[happened("hearing_scheduled", "2026-12-21")]),
            "The other reading gives Thursday 17 December 2026.",
        ),
        (
            "CT-SVC-02",
            armed(issued="2026-12-14", happenings=[happened("hearing_scheduled", "2026-12-21")]),
            "It is due 3 calendar days before it, that day itself not counted: Friday 18 December 2026.",
        ),
        (
            "CT-CTM-01",
            order(
                Kind.RESTRAINING_ORDER,
                happenings=[happened("contempt_motion_served", "2026-12-22T10:00:00-05:00")],
            ),
            "It opens 24 elapsed hours after it, nights, weekends and holidays counted: "
            "Wednesday 23 December 2026 at 10:00 (EST, UTC-05:00).",
        ),
        # Still Christmas Day in Hartford, though not in Greenwich.
        (
            "CT-HRG-CLOSED",
            armed(
                issued="2026-12-18", happenings=[happened("hearing_scheduled", "2026-12-25T22:00:00-05:00")]
            ),
            "It is due on the next open day, for the court is closed that day (Christmas Day): "
            "Monday 28 December 2026.",
        ),
        (
            "CT-EXT-01",
            order(Kind.RESTRAINING_ORDER, "2026-12-14"),
            "It counts from Tuesday 14 December 2027, the order's last day "
            "(computed, for no date is printed).",
        ),
        (
            "CT-EXT-03",
            order(Kind.RESTRAINING_ORDER, "2026-12-14", expires_on=on("2027-12-14")),
            "It is due on that day: Tuesday 14 December 2027.",
        ),
        (
            "CT-ORD-01",
            order(Kind.RESTRAINING_ORDER, "2026-12-14", expires_on=on("2027-06-14")),
            "The date printed on the order stands: Monday 14 June 2027. The rule by itself gives "
            "Tuesday 14 December 2027.",
        ),
        (
            "CT-SUR-01",
            armed(happenings=[SERVED, happened("surrendered", "2026-12-05T10:00:30-05:00", complete=True)]),
            "It was met on Saturday 5 December 2026 at 10:00:30 (EST, UTC-05:00).",
        ),
        (
            "CT-RPO-07",
            order(Kind.RISK_PROTECTION_ORDER, "2026-12-01", happenings=[happened("heard", "2026-12-14")]),
            "It opens 180 calendar days after it, that day itself not counted: Saturday 12 June 2027. "
            "No last day is set.",
        ),
        (
            "CT-RPO-07",
            order(
                Kind.RISK_PROTECTION_ORDER,
                "2026-12-01",
                happenings=[
                    happened("heard", "2026-12-14"),
                    happened("termination_petitioned", "2027-06-14"),
                ],
            ),
            "It opens on Saturday 12 June 2027.",
        ),
        (
            "CT-RPO-07",
            order(
                Kind.RISK_PROTECTION_ORDER,
                "2026-12-01",
                happenings=[happened("termination_petitioned", "2027-06-14")],
            ),
            "When it opens cannot be computed: the day of “the hearing was held” is not recorded.",
        ),
        (
            "CT-CTM-01",
            order(Kind.RESTRAINING_ORDER, happenings=[happened("contempt_motion_served", "2026-12-22")]),
            "When it opens cannot be computed: the time of day of “the contempt motion was served” is not "
            "recorded.",
        ),
        (
            "CT-RET-01",
            order(
                Kind.RESTRAINING_ORDER,
                "2025-09-30",
                expires_on=on("2026-09-30"),
                happenings=[happened("return_requested", "2026-09-20")],
            ),
            "It counts from Wednesday 30 September 2026, when the order ended.",
        ),
        (
            "FL-SUR",
            order(
                Kind.FINAL_ERPO,
                jurisdiction="us_fl",
                happenings=[happened("served", "2026-12-04T18:30:00-05:00")],
            ),
            "It is due at once: Friday 4 December 2026 at 18:30 (EST, UTC-05:00).",
        ),
        (
            "DE-SUR",
            order(
                Kind.TEMPORARY_ERPO,
                jurisdiction="us_de",
                happenings=[happened("served", "2026-12-04T18:30:00-05:00", in_custody=True)],
            ),
            "The respondent was in custody when the order was served; the time runs from when the respondent "
            "was released from custody, and that is not recorded.",
        ),
        ("CT-ORD-01", order(Kind.RESTRAINING_ORDER, "2026-12-14"), "This reading is held to be certain."),
    ],
)
def test_what_is_particular_to_a_deadline_is_said(
    rulebook: Rulebook, rule: str, facts: Facts, sentence: str
) -> None:
    planned = deadline(facts, rulebook, rule)

    assert sentence in planned.explanation
    assert len(planned.explain("es")) == len(planned.explanation)
    assert not set(planned.explain("es")) & set(planned.explanation)


def test_missing_facts_fit_the_column_they_are_stored_in() -> None:
    said = words("en")
    wanted = [
        said.fill(f"form.{sort}_of", event=said.said[f"event.{kind}"])
        for sort in ("time", "date")
        for kind in HAPPENINGS
    ]
    assert max(map(len, wanted)) <= 120


# --- the words themselves -----------------------------------------------------------------------------------


def test_there_are_english_and_spanish() -> None:
    assert languages() == ("en", "es")


def test_every_language_has_the_same_keys_with_the_same_places_to_fill(rulebook: Rulebook) -> None:
    own = words("en").said
    texts = {f"title.{rule.id}" for rule in rulebook.rules}
    texts |= {f"doubt.{rule.id}" for rule in rulebook.rules if rule.doubt}
    texts |= {
        f"note.{rule.id}@{value.effective}" for rule in rulebook.rules for value in rule.values if value.note
    }

    for language in languages():
        said = words(language).said
        assert own.keys() | (texts if language != "en" else set()) == said.keys()
        for key in own:
            assert places(own[key]) == places(said[key]), (language, key)


def test_everything_that_may_be_said_has_words(rulebook: Rulebook) -> None:
    said = words("en").said.keys()
    courts = [one.calendar for one in rulebook.jurisdictions.values()]

    assert {f"event.{kind}" for kind in HAPPENINGS | {"issued", "expiry", "ended"}} == {
        key for key in said if key.startswith("event.")
    }
    assert {f"mark.{mark}" for mark in Mark} <= said
    assert {f"unit.{unit}" for unit in Unit if unit not in WITHOUT_AMOUNT} <= said
    assert {f"actor.{rule.actor}" for rule in rulebook.rules} <= said
    assert {f"closed.{holiday.name}" for court in courts for holiday in court.holidays} <= said
    assert {f"closed.{name}" for court in courts for name in court.closings.values()} <= said


def test_event_without_words_of_its_own_is_said_plainly() -> None:
    assert event_name("served") == "the order was served"
    assert event_name("served", "es") == "se notificó la orden"
    assert event_name("firearm_listed") == "firearm listed"


def test_days_and_instants_are_said_in_the_zone() -> None:
    assert day_words(on("2026-12-04")) == "Friday 4 December 2026"
    assert day_words(on("2026-12-04"), "es") == "viernes 4 de diciembre de 2026"
    assert instant_words(at("2027-11-07T06:30:00+00:00"), HARTFORD) == (
        "Sunday 7 November 2027 at 01:30 (EST, UTC-05:00)"
    )


def test_unknown_language_is_refused(rulebook: Rulebook) -> None:
    with pytest.raises(WordsError) as refused:
        deadline(order(), rulebook, "CT-SUR-01").explain("fr")

    assert str(refused.value) == "“fr” is no language of the rulebook; there are en, es"


def test_words_are_refused_when_they_are_not_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "words"
    folder.mkdir()
    (folder / "xx.toml").write_text("[sentence]\ndue = 1\n", encoding="utf-8")
    monkeypatch.setattr(words_module, "_FOLDER", folder)

    with pytest.raises(WordsError) as refused:
        words("xx")

    assert str(refused.value) == "words/xx.toml, line 1, sentence: due = 1 is not a text."
