"""Text is cleaned and folded in one way."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.text import clean, clean_lines, fold, fold_words, show_invisible
from orders.matching.dockets import clean_docket, is_connecticut_docket


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Ash   Birch ", "Ash Birch"),
        ("Ash\u00a0Birch", "Ash Birch"),
        ("Ash\u200bBirch", "AshBirch"),
        ("\u202eAsh\u202c Birch\ufeff", "Ash Birch"),
        ("Jose\u0301", "José"),
        ("Ash\r\nBirch\tJr.", "Ash Birch Jr."),
        ("\u200b\u00a0\u2060", ""),
        ("\u3164", ""),
        ("\u2800\u2800", ""),
        ("Ren\ufe0fé", "René"),
        ("A\x00B\x07", "AB"),
    ],
)
def test_text_is_stored_without_what_nobody_sees(typed: str, stored: str) -> None:
    assert clean(typed) == stored


def test_lines_stay_lines() -> None:
    assert clean_lines("one \r\n\u200btwo\n\n\n\nthree\u2028four  ") == "one\ntwo\n\nthree\nfour"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("José O'Neill-Díaz", "JOSE\u0301 O\u2019NEILL DIAZ"),
        ("O\u2019Brien, Ash", "OBRIEN ASH"),
        ("Łukasz Straße", "lukasz strasse"),
        ("Øystein Æbel", "Oystein Aebel"),
        ("Ash\u200b Birch", "ASH BIRCH"),
        ("Núñez", "Nunez"),
        ("D'Angelo Jr.", "Dangelo jr"),
    ],
)
def test_spellings_of_one_name_fold_to_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Maria Garcia", "Mario Garcia"), ("Ann Lee", "Anne Lee"), ("李", "王")]
)
def test_other_names_fold_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_a_hyphen_separates_words_and_an_apostrophe_does_not() -> None:
    assert fold_words("Anne-Marie O'Neill") == ["anne", "marie", "oneill"]


@given(st.text(max_size=40))
def test_cleaning_is_done_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert unicodedata.is_normalized("NFC", clean(text))
    assert fold(clean(text)) == fold(text)


def test_an_error_message_shows_what_nobody_sees() -> None:
    assert show_invisible("por\u200b_number\u00a0x") == "por[U+200B]_number[U+00A0]x"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("HHD-FA26-ZW1\u200b-S", "HHD-FA26-ZW1-S"),
        ("HHD\u2013FA26\u2013ED1\u2013S", "HHD-FA26-ED1-S"),
        ("\u200fHHD-FA26-RT1-S", "HHD-FA26-RT1-S"),
        ("HHD-FA26-NB\u00a01-S", "HHD-FA26-NB1-S"),
        ("hhd - fa26 - 6012345 - s", "HHD-FA26-6012345-S"),
        ("26CV 1234", "26CV 1234"),
        ("\u200b", ""),
    ],
)
def test_a_docket_number_is_stored_in_one_form(typed: str, stored: str) -> None:
    assert clean_docket(typed) == stored


@pytest.mark.parametrize(
    ("docket", "known"),
    [
        ("HHD-FA26-6012345-S", True),
        ("HHD-FA-26-6012345-S", True),
        ("H14H-CR26-0712345-S", True),
        ("26CV1234", False),
        ("HHD-FA26-6012345", False),
    ],
)
def test_the_form_of_connecticut_is_recognized(docket: str, *, known: bool) -> None:
    assert is_connecticut_docket(docket) is known
