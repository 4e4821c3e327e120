"""The guides: plain, in both languages, with the numbers of the rules, and about no person."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from guidance.services import directory, guides
from guidance.services.words import LANGUAGES, words
from orders.rules.model import Offset
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import Unit
from orders.services.planning.rulebooks import bundled
from tests.reading import english_grade, spanish_ease, syllables

TODAY = date(2026, 12, 4)
NAMES = [one.name for one in guides.guides("en", TODAY)]

#: The school grade of an English text, and the ease of a Spanish one after Szigriszt: "normal" begins at 55,
#: "fairly easy" at 65, which is what a reader of grade 8 reads.
MOST_GRADE = 8.0
LEAST_EASE = 65.0


@pytest.mark.parametrize("name", NAMES)
def test_an_english_guide_reads_at_grade_eight_or_lower(name: str) -> None:
    found = guides.guide(name, "en", TODAY)
    assert found is not None

    assert english_grade(found.sentences()) <= MOST_GRADE


@pytest.mark.parametrize("name", NAMES)
def test_a_spanish_guide_reads_as_easily(name: str) -> None:
    found = guides.guide(name, "es", TODAY)
    assert found is not None

    assert spanish_ease(found.sentences()) >= LEAST_EASE


def test_entries_and_words_read_as_easily() -> None:
    shown = directory.shipped().values()
    english = [*(one.en for one in shown), *(text for text in words("en").values() if " " in text)]
    spanish = [*(one.es for one in shown), *(text for text in words("es").values() if " " in text)]

    assert english_grade(english) <= MOST_GRADE
    assert spanish_ease(spanish) >= LEAST_EASE


def test_the_measure_would_notice_the_language_of_statutes() -> None:
    statute = (
        "Notwithstanding any provision of the general statutes, a person so ordered shall, immediately, but "
        "in no event more than twenty-four hours after notice has been provided, transfer in accordance with "
        "this section all firearms, electronic defense weapons and ammunition in possession of that person."
    )

    assert english_grade([statute]) > MOST_GRADE


@pytest.mark.parametrize(
    ("word", "count"),
    [("gun", 1), ("order", 2), ("hired", 1), ("wanted", 2), ("Connecticut", 4), ("place", 1), ("people", 2)],
)
def test_syllables_are_counted_as_they_are_spoken(word: str, count: int) -> None:
    assert syllables(word) == count


def test_both_languages_have_the_same_parts() -> None:
    english, spanish = (guides.guides(one, TODAY) for one in LANGUAGES)

    assert len(english) == len(spanish) == 11
    for one, other in zip(english, spanish, strict=True):
        assert one.name == other.name
        assert len([*one.sentences()]) == len([*other.sentences()]), one.name
        for part, translated in zip(one.parts, other.parts, strict=True):
            lengths = [[len(rows) for rows in (p.text, p.points, p.steps)] for p in (part, translated)]
            assert lengths[0] == lengths[1], (one.name, part.title)


def test_no_text_types_a_number_of_law() -> None:
    """Digits are only in the names of forms and in 911; every other number is filled in from the rules."""
    for name, data in guides._files():
        text = re.sub(r"JD-FM-\d+|911", "", str([data["title"], data["short"], data["part"]]))
        assert not re.search(r"\d", text), name


def test_numbers_are_those_of_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    assert guides.numbers(TODAY)["surrender_hours"] == 24
    changed = replace(bundled().by_id["CT-SUR-01"].values[-1], due=Offset(amount=12, unit=Unit.ELAPSED_HOURS))
    _with(monkeypatch, "CT-SUR-01", changed)

    found = guides.guide("hours", "es", TODAY)

    assert found is not None
    assert found.title == "Qué significan las 12 horas"


def test_a_rule_in_another_unit_stops_the_guides(monkeypatch: pytest.MonkeyPatch) -> None:
    value = bundled().by_id["CT-SUR-01"].values[-1]
    _with(monkeypatch, "CT-SUR-01", replace(value, due=Offset(amount=2, unit=Unit.BUSINESS_DAYS)))

    with pytest.raises(guides.NumberChanged, match="surrender_hours"):
        guides.numbers(TODAY)


def test_a_value_of_a_later_day_does_not_count_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    value = bundled().by_id["CT-SUR-01"].values[-1]
    later = replace(
        value, effective=TODAY + timedelta(days=1), due=Offset(amount=12, unit=Unit.ELAPSED_HOURS)
    )
    _with(monkeypatch, "CT-SUR-01", value, later)

    assert guides.numbers(TODAY)["surrender_hours"] == 24
    assert guides.numbers(TODAY + timedelta(days=1))["surrender_hours"] == 12


def test_a_guide_is_old_a_year_after_its_newest_source() -> None:
    found = guides.guide("ask", "en", TODAY)
    assert found is not None
    last = max(one.read for one in found.sources if one.read) + guides.SOURCE_LASTS

    assert not found.is_old(last)
    assert found.is_old(last + timedelta(days=1))
    assert replace(found, sources=()).is_old(TODAY)


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_guide_with_old_sources_warns_the_reader(
    language: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "/guides/ask/" if language == "en" else "/guides/ask/es/"
    monkeypatch.setattr("guidance.views.guides.today", lambda: TODAY)
    assert words(language)["old_sources"] not in client.get(address).content.decode()

    monkeypatch.setattr("guidance.views.guides.today", lambda: date(2028, 1, 3))

    assert words(language)["old_sources"] in client.get(address).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_guide_has_its_sources_and_who_reviewed_it(name: str, language: str, client: Client) -> None:
    found = guides.guide(name, language, TODAY)
    assert found is not None
    address = f"/guides/{name}/" if language == "en" else f"/guides/{name}/es/"

    page = client.get(address).content.decode()

    assert f'<html lang="{language}">' in page
    assert "{" not in page
    for source in found.sources:
        assert source.name in page
    assert words(language)["not_reviewed"] in page
    assert words(language)["not_advice"] in page


@pytest.mark.django_db
def test_the_contents_lead_to_every_guide_without_a_query(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        page = client.get("/guides/").content.decode()
        client.get("/guides/respondent/")

    for name in NAMES:
        assert f'href="/guides/{name}/"' in page
    assert page.index("If you need protection") < page.index("If you got an order")


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/guides/atlantis/", "/guides/atlantis/es/"])
def test_an_unknown_guide_is_not_found(address: str, client: Client) -> None:
    assert client.get(address).status_code == 404


@pytest.mark.django_db
def test_the_page_of_a_guide_takes_no_form(client: Client) -> None:
    assert client.post("/guides/hours/").status_code == 405


def _with(monkeypatch: pytest.MonkeyPatch, rule: str, *values: Any) -> None:
    """Let the rulebook have these values of the rule."""
    book = bundled()
    rules = {one.id: one for one in book.rules}
    rules[rule] = replace(rules[rule], values=values)
    changed: Rulebook = replace(book, rules=tuple(rules.values()))
    monkeypatch.setattr(guides, "bundled", lambda: changed)
