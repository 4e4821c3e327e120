from __future__ import annotations

import string
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orders.rules import words as words_module
from orders.rules.adjust import Adjustment, adjusted
from orders.rules.explain import day_words, event_name, instant_words, sentences
from orders.rules.facts import EVENT_KINDS, Facts, Kind
from orders.rules.model import Offset
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import UNITS_WITHOUT_AMOUNT, EntryType, SourceStatus, Unit
from orders.rules.words import WordsError, languages, words
from tests.rules.orders import HARTFORD, at, deadline, happened, on, order

SERVED = happened("served", "2026-12-04T18:30:00-05:00", source="return of service by Marshal Reed")
PLACES = string.Formatter()


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in PLACES.parse(text) if name}


def armed(**more: Any) -> Facts:
    events = more.pop("events", [SERVED])
    return order(firearms_indicated=True, events=events, **more)


def test_explanation_has_event_source_rule_arithmetic_and_certainty(rulebook: Rulebook) -> None:
    assert sentences(deadline(armed(), rulebook, "CT-SUR-01")) == (
        "It counts from Fri, Dec 4, 2026, 6:30 p.m. EST, when the order was served "
        "(return of service by Marshal Reed).",
        "It is due 24 elapsed hours after it, counting nights, weekends and holidays: "
        "Sat, Dec 5, 2026, 6:30 p.m. EST.",
        "Firearms and ammunition are surrendered to police, or sold to a federally licensed "
        "dealer, within twenty-four hours of notice of the order. Who must act: respondent.",
        "Source: C.G.S. § 29-36k(b); Public Act 16-34, section 7 (seen in a published text, in force since "
        "Sat, Oct 1, 2016).",
        "Debatable: The section covers an order in a case of physical force, attempted or threatened; "
        "whether a case is one is not recorded, so the deadline is computed for every order of these kinds.",
    )


def test_explanation_is_available_in_spanish(rulebook: Rulebook) -> None:
    said = sentences(deadline(armed(), rulebook, "CT-SUR-01"), "es")

    assert said[0] == (
        "Se cuenta desde el viernes 4 de diciembre de 2026, 6:30 p. m. (EST), cuando se notificó "
        "la orden (return of service by Marshal Reed)."
    )
    assert said[1] == (
        "Vence 24 horas corridas después, contando noches, fines de semana y días feriados: "
        "sábado 5 de diciembre de 2026, 6:30 p. m. (EST)."
    )
    assert said[2].endswith("Quién debe actuar: la parte demandada.")
    assert said[4].startswith("Discutible: La sección abarca la orden dictada en un caso de fuerza")


def test_explanation_has_note_and_other_reading_in_both_languages(rulebook: Rulebook) -> None:
    facts = armed(issued="2026-12-14", events=[happened("hearing_scheduled", "2026-12-21")])
    planned = deadline(facts, rulebook, "CT-SVC-02")

    assert sentences(planned) == (
        "It counts from Mon, Dec 21, 2026, the hearing date.",
        "It is due 3 calendar days before it, not counting that day: Fri, Dec 18, 2026.",
        "The respondent is served not less than three days before the hearing. Who must act: proper officer.",
        "Source: C.G.S. § 46b-15(h)(1); Public Act 16-34, section 3 (seen in a published text, in force "
        "since Sat, Oct 1, 2016).",
        "Debatable: Whether “three days before” means the hearing date minus three or three clear days.",
        "The other reading gives Thu, Dec 17, 2026.",
    )
    assert sentences(planned, "es") == (
        "Se cuenta desde el lunes 21 de diciembre de 2026, la fecha de la audiencia.",
        "Vence 3 días calendario antes, sin contar ese mismo día: viernes 18 de diciembre de 2026.",
        "Se notifica a la parte demandada no menos de tres días antes de la audiencia. "
        "Quién debe actuar: el agente autorizado para notificar.",
        "Fuente: Estatutos Generales de Connecticut (C.G.S.) § 46b-15(h)(1); Ley Pública 16-34, sección 3 "
        "(leída en un texto publicado, en vigor desde el sábado 1 de octubre de 2016).",
        "Discutible: Si «tres días antes» significa la fecha de la audiencia menos tres o tres días "
        "completos.",
        "La otra interpretación da jueves 17 de diciembre de 2026.",
    )


def test_explanation_leaves_out_a_beginning_that_was_not_looked_up(rulebook: Rulebook) -> None:
    facts = order(Kind.RESTRAINING_ORDER, events=[happened("contempt_motion_served", "2026-12-22")])

    said = sentences(deadline(facts, rulebook, "CT-CTM-01"))

    assert "Source: C.G.S. § 46b-15(j) (seen in a published text)." in said


def test_actor_without_a_text_is_named_as_in_the_rule(rulebook: Rulebook) -> None:
    planned = deadline(armed(), rulebook, "CT-SUR-01")
    sheriffs = replace(planned, rule=replace(planned.rule, actor="sheriff"))

    assert sentences(sheriffs)[2].endswith("Who must act: sheriff.")


def test_skipped_days_are_named_with_their_reason(rulebook: Rulebook) -> None:
    facts = order(
        Kind.RESTRAINING_ORDER, events=[happened("contempt_motion_served", "2026-12-22T10:00:00-05:00")]
    )
    planned = deadline(facts, rulebook, "CT-CTM-01")

    assert (
        "Not counted because the court is closed: Fri, Dec 25, 2026 (Christmas Day); "
        "Sat, Dec 26, 2026 (Saturday); Sun, Dec 27, 2026 (Sunday)."
    ) in sentences(planned)
    assert any("(Navidad)" in sentence for sentence in sentences(planned, "es"))


@pytest.mark.parametrize(
    ("served", "named"),
    [
        # The evening before Christmas Day in Hartford, already Christmas Day in UTC.
        (
            "2026-12-24T23:30:00-05:00",
            "Fri, Dec 25, 2026 (Christmas Day); Sat, Dec 26, 2026 (Saturday); Sun, Dec 27, 2026 (Sunday)",
        ),
        # The day it counts from does not count in any case.
        (
            "2026-12-26T10:00:00-05:00",
            "Sun, Dec 27, 2026 (Sunday); Fri, Jan 1, 2027 (New Year's Day)",
        ),
    ],
)
def test_days_are_skipped_from_the_day_after_the_start_as_the_court_dates_it(
    rulebook: Rulebook, served: str, named: str
) -> None:
    facts = order(Kind.RESTRAINING_ORDER, events=[happened("contempt_motion_served", served)])

    said = sentences(deadline(facts, rulebook, "CT-CTM-01"))

    (skipped,) = [sentence for sentence in said if sentence.startswith("Not counted")]
    assert skipped.startswith(f"Not counted because the court is closed: {named}")


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        (
            "CT-SUR-02",
            order(Kind.RESTRAINING_ORDER, events=[happened("disqualifying_event", "2026-12-01")]),
        ),
        # Fourteen calendar days include weekends, which count.
        ("CT-HRG-07", armed(issued="2026-12-18")),
    ],
)
def test_no_skipped_day_is_named_when_no_day_was_skipped(rulebook: Rulebook, rule: str, facts: Facts) -> None:
    said = sentences(deadline(facts, rulebook, rule))

    assert not any("Not counted" in sentence for sentence in said)


def test_all_missing_facts_are_named_in_the_language_requested(rulebook: Rulebook) -> None:
    nothing_yet = deadline(order(), rulebook, "CT-LE-48")
    petition = happened("termination_petitioned", "2027-06-14")
    facts = order(Kind.RISK_PROTECTION_ORDER, "2026-12-01", events=[petition])
    half = deadline(facts, rulebook, "CT-RPO-07")
    wanting = ("time:issued", "date:heard")

    english = "the time of day of “the order was issued”, the day of “the hearing was held”"
    spanish = "la hora de «se emitió la orden», el día de «se celebró la audiencia»"
    for planned, place in ((nothing_yet, 0), (half, 1)):
        said = replace(planned, missing=wanting)
        assert english in sentences(said)[place]
        assert spanish in sentences(said, "es")[place]


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (
            Offset(amount=1, unit=Unit.ELAPSED_HOURS),
            "1 elapsed hour after it, counting nights, weekends and holidays",
        ),
        (Offset(amount=2, unit=Unit.COURT_DAYS), "2 court days after it"),
        (Offset(amount=1, unit=Unit.MONTHS), "1 calendar month after it"),
    ],
)
def test_amount_of_one_is_in_the_singular(rulebook: Rulebook, due: Offset, said: str) -> None:
    decided = adjusted(rulebook, [Adjustment(rule_id="CT-SUR-05-ALL", due=due)])

    assert sentences(deadline(armed(), decided, "CT-SUR-05-ALL"))[1].startswith(f"It is due {said}: ")


@pytest.mark.parametrize(
    ("rule", "facts", "sentence"),
    [
        (
            "CT-SUR-01",
            order(),
            "Nothing is due yet. The time runs from when the order was served, which is not recorded.",
        ),
        (
            "CT-LE-48",
            order(),
            "This cannot be computed because the time of day of “the order was issued” is not recorded. "
            "Record it; the system does not guess.",
        ),
        (
            "CT-HRG-07",
            armed(issued="2026-12-18"),
            "The court is closed that day (Christmas Day), so the law gives Mon, Dec 28, 2026.",
        ),
        (
            "CT-HRG-CLOSED",
            armed(issued="2026-12-18", events=[happened("hearing_scheduled", "2026-12-25")]),
            "It is due on the next open day, because the court is closed that day (Christmas Day): "
            "Mon, Dec 28, 2026.",
        ),
        (
            "CT-SVC-02",
            armed(issued="2026-12-14", events=[happened("hearing_scheduled", "2026-12-21")]),
            "It counts from Mon, Dec 21, 2026, the hearing date.",
        ),
        (
            "CT-SVC-02",
            armed(issued="2026-12-14", events=[happened("hearing_scheduled", "2026-12-21")]),
            "The other reading gives Thu, Dec 17, 2026.",
        ),
        (
            "CT-SVC-02",
            armed(issued="2026-12-14", events=[happened("hearing_scheduled", "2026-12-21")]),
            "It is due 3 calendar days before it, not counting that day: Fri, Dec 18, 2026.",
        ),
        (
            "CT-CTM-01",
            order(
                Kind.RESTRAINING_ORDER,
                events=[happened("contempt_motion_served", "2026-12-22T10:00:00-05:00")],
            ),
            "It opens 24 elapsed hours after it, counting nights, weekends and holidays: "
            "Wed, Dec 23, 2026, 10:00 a.m. EST.",
        ),
        # Still Christmas Day in Hartford, but not in UTC.
        (
            "CT-HRG-CLOSED",
            armed(issued="2026-12-18", events=[happened("hearing_scheduled", "2026-12-25T22:00:00-05:00")]),
            "It is due on the next open day, because the court is closed that day (Christmas Day): "
            "Mon, Dec 28, 2026.",
        ),
        (
            "CT-EXT-01",
            order(Kind.RESTRAINING_ORDER, "2026-12-14"),
            "It counts from Tue, Dec 14, 2027, the order's last day (computed because no date is printed).",
        ),
        (
            "CT-EXT-03",
            order(Kind.RESTRAINING_ORDER, "2026-12-14", expires_on=on("2027-12-14")),
            "It is due on that day: Tue, Dec 14, 2027.",
        ),
        (
            "CT-ORD-01",
            order(Kind.RESTRAINING_ORDER, "2026-12-14", expires_on=on("2027-06-14")),
            "The date printed on the order applies: Mon, Jun 14, 2027. The rule alone gives "
            "Tue, Dec 14, 2027.",
        ),
        (
            "CT-SUR-01",
            armed(events=[SERVED, happened("surrendered", "2026-12-05T10:00:30-05:00", complete=True)]),
            "It was met on Sat, Dec 5, 2026, 10:00 a.m. EST.",
        ),
        (
            "CT-RPO-07",
            order(Kind.RISK_PROTECTION_ORDER, "2026-12-01", events=[happened("heard", "2026-12-14")]),
            "It opens 180 calendar days after it, not counting that day: Sat, Jun 12, 2027. "
            "It has no last day.",
        ),
        (
            "CT-RPO-07",
            order(
                Kind.RISK_PROTECTION_ORDER,
                "2026-12-01",
                events=[
                    happened("heard", "2026-12-14"),
                    happened("termination_petitioned", "2027-06-14"),
                ],
            ),
            "It opens on Sat, Jun 12, 2027.",
        ),
        (
            "CT-RPO-07",
            order(
                Kind.RISK_PROTECTION_ORDER,
                "2026-12-01",
                events=[happened("termination_petitioned", "2027-06-14")],
            ),
            "The opening cannot be computed because the day of “the hearing was held” is not recorded.",
        ),
        (
            "CT-CTM-01",
            order(Kind.RESTRAINING_ORDER, events=[happened("contempt_motion_served", "2026-12-22")]),
            "The opening cannot be computed because the time of day of “the contempt motion was served” is "
            "not recorded.",
        ),
        (
            "CT-RET-01",
            order(
                Kind.RESTRAINING_ORDER,
                "2025-09-30",
                expires_on=on("2026-09-30"),
                events=[happened("return_requested", "2026-09-20")],
            ),
            "It counts from Wed, Sep 30, 2026, when the order ended.",
        ),
        (
            "FL-SUR",
            order(
                Kind.FINAL_ERPO,
                jurisdiction="us_fl",
                events=[happened("served", "2026-12-04T18:30:00-05:00")],
            ),
            "It is due immediately: Fri, Dec 4, 2026, 6:30 p.m. EST.",
        ),
        (
            "DE-SUR",
            order(
                Kind.TEMPORARY_ERPO,
                jurisdiction="us_de",
                events=[happened("served", "2026-12-04T18:30:00-05:00", in_custody=True)],
            ),
            "The respondent was in custody when the order was served. The time runs from when the respondent "
            "was released from custody, which is not recorded.",
        ),
        ("CT-ORD-01", order(Kind.RESTRAINING_ORDER, "2026-12-14"), "This reading is considered certain."),
    ],
)
def test_explanation_has_what_is_particular_to_a_deadline(
    rulebook: Rulebook, rule: str, facts: Facts, sentence: str
) -> None:
    planned = deadline(facts, rulebook, rule)

    assert sentence in sentences(planned)
    assert len(sentences(planned, "es")) == len(sentences(planned))
    assert not set(sentences(planned, "es")) & set(sentences(planned))


def test_missing_facts_fit_the_column_they_are_stored_in() -> None:
    said = words("en")
    wanted = [
        said.fill(f"form.{sort}_of", event=said.texts[f"event.{kind}"])
        for sort in ("time", "date")
        for kind in EVENT_KINDS
    ]
    assert max(map(len, wanted)) <= 120


# --- the texts themselves -----------------------------------------------------------------------------------


def test_there_are_english_and_spanish() -> None:
    assert languages() == ("en", "es")


def test_every_language_has_the_same_keys_with_the_same_places_to_fill(rulebook: Rulebook) -> None:
    own = words("en").texts
    texts = {f"{each}.{rule.id}" for rule in rulebook.rules for each in ("title", "short")}
    texts |= {f"doubt.{rule.id}" for rule in rulebook.rules if rule.doubt}
    texts |= {f"closed_day_doubt.{rule.id}" for rule in rulebook.rules if rule.closed_day_doubt}
    texts |= {f"no_check.{rule.id}" for rule in rulebook.rules if rule.no_check}
    for rule in rulebook.rules:
        for value in rule.values:
            texts |= {f"source.{one}" for one in value.sources}
            texts |= {f"note.{rule.id}@{value.effective}"} if value.note else set()
            texts |= {f"doubt.{rule.id}@{value.effective}"} if value.doubt else set()
            ways = (one for one in value.by_way if one.doubt)
            texts |= {f"doubt.{rule.id}@{value.effective} {one.way}" for one in ways}

    for language in languages():
        said = words(language).texts
        assert own.keys() | (texts if language != "en" else set()) == said.keys()
        for key in own:
            assert places(own[key]) == places(said[key]), (language, key)


def test_lists_have_a_short_title_of_every_rule_in_every_language(rulebook: Rulebook) -> None:
    for rule in rulebook.rules:
        own = [words(language).translated(f"short.{rule.id}", rule.short) for language in languages()]
        assert len(set(own)) == len(own), rule.id
        for short in own:
            assert 0 < len(short) <= 60, (rule.id, short)
            assert short[0].isupper(), rule.id
            assert not short.endswith("."), rule.id


def test_lists_have_a_short_title_of_every_required_notice(rulebook: Rulebook) -> None:
    required = (EntryType.REQUIRED_NOTICE, EntryType.REQUIRED_DOCUMENT)
    entries = [one for one in rulebook.entries if one.type in required]

    assert entries
    for entry in entries:
        assert 0 < len(entry.short) <= 60, (entry.id, entry.short)
        assert entry.short[0].isupper(), entry.id
        assert not entry.short.endswith("."), entry.id


def test_everything_in_explanations_has_a_text(rulebook: Rulebook) -> None:
    said = words("en").texts.keys()
    courts = [one.calendar for one in rulebook.jurisdictions.values()]

    assert {f"event.{kind}" for kind in EVENT_KINDS | {"issued", "expiry", "ended"}} == {
        key for key in said if key.startswith("event.")
    }
    assert {f"source_status.{status}" for status in SourceStatus} <= said
    assert {f"unit.{unit}" for unit in Unit if unit not in UNITS_WITHOUT_AMOUNT} <= said
    assert {f"actor.{rule.actor}" for rule in rulebook.rules} <= said
    assert {f"actor.{value.actor}" for rule in rulebook.rules for value in rule.values if value.actor} <= said
    assert {f"closed.{holiday.name}" for court in courts for holiday in court.holidays} <= said
    assert {f"closed.{name}" for court in courts for name in court.closings.values()} <= said


def test_event_without_a_text_is_named_by_its_kind() -> None:
    assert event_name("served") == "the order was served"
    assert event_name("served", "es") == "se notificó la orden"
    assert event_name("firearm_listed") == "firearm listed"


def test_days_and_instants_are_formatted_in_the_zone() -> None:
    assert day_words(on("2026-12-04")) == "Fri, Dec 4, 2026"
    assert day_words(on("2026-12-04"), "es") == "viernes 4 de diciembre de 2026"
    assert instant_words(at("2027-11-07T06:30:00+00:00"), HARTFORD) == ("Sun, Nov 7, 2027, 1:30 a.m. EST")


@pytest.mark.parametrize(
    ("instant", "english", "spanish"),
    [
        ("2026-12-04T00:05:00-05:00", "12:05 a.m. EST", "12:05 a. m. (EST)"),
        ("2026-12-04T11:59:59-05:00", "11:59 a.m. EST", "11:59 a. m. (EST)"),
        ("2026-12-04T12:00:00-05:00", "12:00 p.m. EST", "12:00 p. m. (EST)"),
        ("2026-12-04T23:07:00-05:00", "11:07 p.m. EST", "11:07 p. m. (EST)"),
    ],
)
def test_hours_are_those_of_a_twelve_hour_clock(instant: str, english: str, spanish: str) -> None:
    assert instant_words(at(instant), HARTFORD) == f"Fri, Dec 4, 2026, {english}"
    assert instant_words(at(instant), HARTFORD, "es") == f"viernes 4 de diciembre de 2026, {spanish}"


def test_unknown_language_is_refused(rulebook: Rulebook) -> None:
    with pytest.raises(WordsError) as refused:
        sentences(deadline(order(), rulebook, "CT-SUR-01"), "fr")

    assert str(refused.value) == "“fr” is not a language of the rulebook; choose from en, es"


def test_words_are_refused_when_they_are_not_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "words"
    folder.mkdir()
    (folder / "xx.toml").write_text("[sentence]\ndue = 1\n", encoding="utf-8")
    monkeypatch.setattr(words_module, "_FOLDER", folder)

    with pytest.raises(WordsError) as refused:
        words("xx")

    assert str(refused.value) == "words/xx.toml, line 1, sentence: due = 1 is not a text."
