"""Which people are the same without question, and who is offered as a candidate."""

from __future__ import annotations

from datetime import date

import pytest

from orders.matching.names import LEAST_SCORE, MOST, Named, is_same_person, rank

BORN = date(1980, 4, 19)
OTHER = date(1981, 4, 19)


@pytest.mark.parametrize(
    ("other", "born", "same"),
    [
        ("JOSE\u0301 O\u2019NEILL", BORN, True),
        ("jose oneill\u200b", BORN, True),
        ("Jose O\u02bcNeill", BORN, True),
        ("Jose O\u02bb Neill", BORN, True),
        ("Jose O\ua78cNeill", BORN, True),
        ("José O'Neill", OTHER, False),
        ("José O'Neill", None, False),
        ("Joseph O'Neill", BORN, False),
    ],
)
def test_only_an_equal_name_and_an_equal_birthday_are_one_person(
    other: str, born: date | None, *, same: bool
) -> None:
    assert is_same_person("José O'Neill", BORN, other, born) is same


def test_words_in_place_of_a_name_are_no_name() -> None:
    words = ("UNKNOWN", "N/A", "#NAME?", "John Doe", "DOE, JANE", "Unknown Unknown", "not given")

    assert [one for one in words if is_same_person(one, BORN, one, BORN)] == []
    assert is_same_person("Nadia Doe", BORN, "Nadia Doe", BORN)


def test_without_a_birthday_no_two_are_the_same() -> None:
    assert not is_same_person("Ash Birch", None, "Ash Birch", None)


@pytest.mark.parametrize(
    "name",
    [
        "Bob Hawthorn",
        "Robert Hawthorne",
        "Hawthorn, Robert",
        "Roberto Hawthorn",
        "ROBERT HAWTHORN JR",
        "Robrt Hawthorn",
    ],
)
def test_a_likely_spelling_is_a_candidate(name: str) -> None:
    assert [one.key for one in rank(name, None, [Named(key=7, name="Robert Hawthorn")])] == [7]


def test_another_person_is_no_candidate() -> None:
    assert rank("Robert Hawthorn", None, [Named(key=7, name="Ivy Oakley")]) == []


def test_the_most_likely_comes_first() -> None:
    stored = [
        Named(key=1, name="Mario Garcia", date_of_birth=OTHER),
        Named(key=2, name="Maria Garcia"),
        Named(key=3, name="Maria Garcia", date_of_birth=BORN),
        Named(key=4, name="Mary Garcia", date_of_birth=BORN),
    ]
    found = rank("María García", BORN, stored)
    assert found[0].key in (2, 3)
    assert {one.key for one in found if one.is_same_name and one.is_same_birthday} == {3}
    assert all(LEAST_SCORE <= one.score <= 100 for one in found)


def test_a_list_of_candidates_is_short() -> None:
    assert len(rank("Ash Birch", None, [Named(key=key, name="Ash Birch") for key in range(30)])) == MOST
