"""Letters of other scripts that look like Latin ones: never silently another thing."""

from __future__ import annotations

from datetime import date

import pytest

from accounts.text import plain_letters
from orders.matching.dockets import clean_docket
from orders.matching.lookup import asked_beginnings, asked_keys, stored_keys
from orders.matching.names import Named, folded_name, is_no_name, rank
from orders.matching.registry_numbers import registry_key
from orders.matching.serials import exact_key, is_identifying, near_matches

BORN = date(1990, 1, 2)
#: Latin, Cyrillic, Greek and full width. Each looks the same.
SERIALS = ["SAB12345", "\u0405\u0410\u041212345", "S\u0391\u039212345", "\uff33\uff21\uff22\uff11\uff12345"]
NAMES = ["Ash Pope", "\u0410sh Pope", "Ash \u0420\u043e\u0440\u0435", "Ash \u03a1\u03bfpe"]


@pytest.mark.parametrize("one", SERIALS[1:])
def test_a_serial_number_in_other_letters_is_a_near_match(one: str) -> None:
    assert near_matches(one, SERIALS[:1]) == SERIALS[:1]
    assert near_matches(SERIALS[0], [one]) == [one]
    assert exact_key(one) != exact_key(SERIALS[0])


@pytest.mark.parametrize("one", ["12345.0", "'12345", "'12345.00", "12\u0417\u041745"])
def test_what_a_program_or_a_keyboard_adds_leaves_a_near_match(one: str) -> None:
    listed = "123345" if "\u0417" in one else "12345"
    assert near_matches(one, [listed]) == [listed]


def test_a_word_for_no_number_is_one_in_other_letters() -> None:
    assert not is_identifying("\u039d\u039f\u039d\u0395 1")
    assert is_no_name("\u039d\u039f\u039d\u0395")


@pytest.mark.parametrize(
    "one",
    [
        "\u041d\u041dD-F\u041026-6012345-\u0405",
        "\uff28\uff28D-FA26-6012345-S",
        "\u0397\u0397D-F\u039126-6012345-S",
    ],
)
def test_a_docket_has_one_form_in_other_letters(one: str) -> None:
    assert clean_docket(one) == "HHD-FA26-6012345-S"


@pytest.mark.parametrize("one", ["\u0420\u041e\u0420\u041012", "\uff30\uff2f\uff30\uff21\uff11\uff12"])
def test_a_registry_number_has_one_key_in_other_letters(one: str) -> None:
    assert registry_key(one) == "POPA12"


@pytest.mark.parametrize("one", NAMES[1:])
def test_a_name_in_other_letters_is_a_candidate_and_never_joins_by_itself(one: str) -> None:
    for typed, stored in ((one, NAMES[0]), (NAMES[0], one)):
        (found,) = rank(typed, BORN, [Named(key=1, name=stored, date_of_birth=BORN)])
        assert (found.score, found.is_same_name) == (100.0, False)
        for asks in (asked_keys, asked_beginnings):
            assert all(set(keys) & set(stored_keys(stored)) for keys in asks(typed))
    assert folded_name(one) != folded_name(NAMES[0])


def test_a_name_keeps_its_letters() -> None:
    assert plain_letters("Jos\u00e9 \u00d8rsted") == "Jos\u00e9 \u00d8rsted"
    assert set(stored_keys("\u0416\u0430\u043d\u043d\u0430")) >= {"\u0436\u0430\u043d\u043d\u0430"}
