"""Telephone numbers: one form, and a refusal that shows it."""

from __future__ import annotations

import pytest

from notifications.channels.phone import NumberError, normalize, readable


@pytest.mark.parametrize(
    "text",
    [
        "+1 860 555 0100",
        "8605550100",
        "(860) 555-0100",
        "1-860-555-0100",
        "tel:+18605550100",
        " 860.555.0100 ",
        # As copied from a phone's contacts, a PDF, and an East Asian keyboard.
        "\u202a+1 (860)\u00a0555\u20110100\u202c",
        "860\u2013555\u20130100",
        "\uff18\uff16\uff10 \uff15\uff15\uff15 \uff10\uff11\uff10\uff10",
    ],
)
def test_a_number_has_one_form(text: str) -> None:
    assert normalize(text) == "+18605550100"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "Not a phone number."),
        ("nobody", "Not a phone number."),
        ("8" * 300, "Not a phone number."),
        ("555 0199", "too few or too many digits"),
        ("911", "too few or too many digits"),
        ("+1 860 555 01000", "too few or too many digits"),
        ("+1 060 555 0100", "no such number"),
        ("+1 860 555 0100 x5", "do not reach an extension"),
        ("860 555 0100, ext. 12", "do not reach an extension"),
        ("860 555 0100 #12", "do not reach an extension"),
        ("860-555-0100;ext=12", "do not reach an extension"),
        # The letter O; on a telephone keypad it is a 6.
        ("860 555 O1OO", "letters in it"),
        ("860.CALL.NOW", "letters in it"),
        ("860 555 o100", "letters in it"),
        ("86O5550100", "letters in it"),
        ("860 555 0l00", "letters in it"),
        # A Cyrillic O, and full-width letters.
        ("860 555 \u041e100", "letters in it"),
        ("860 555 \uff2f\uff11\uff10\uff10", "letters in it"),
        ("\u0668\u0666\u0660\u0665\u0665\u0665\u0660\u0661\u0660\u0660", "with the digits 0 to 9"),
        ("860*555*0100", "Not a phone number."),
        ("860 555 0100 / 0101", "Not a phone number."),
        ("+1 416 555 0100", "to that country"),
        ("+1 809 555 0100", "to that country"),
        ("+44 7400 123456", "to that country"),
        ("+1 800 555 0100", "This kind of number"),
        ("+1 900 555 0100", "This kind of number"),
    ],
)
def test_a_wrong_number_is_refused_with_the_right_form_and_is_not_repeated(text: str, wrong: str) -> None:
    with pytest.raises(NumberError) as refused:
        normalize(text)

    assert wrong in str(refused.value)
    assert str(refused.value).endswith("Give one such as +1 860 555 0100.")
    assert len(text) < 3 or text not in str(refused.value)


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("787 555 0123", id="Puerto Rico"),
        pytest.param("+1 939 555 0123", id="Puerto Rico, second code"),
        pytest.param("340 774 1234", id="Virgin Islands"),
        pytest.param("671 646 1234", id="Guam"),
        pytest.param("684 733 1234", id="American Samoa"),
        pytest.param("670 234 1234", id="Northern Marianas"),
    ],
)
def test_numbers_of_the_territories_are_taken(number: str) -> None:
    digits = "".join(filter(str.isdigit, number))

    assert normalize(number) == f"+1{digits[-10:]}"


def test_a_stored_number_is_readable() -> None:
    assert readable("+18605550100") == "+1 860-555-0100"


def test_other_countries_may_be_let_in() -> None:
    assert normalize("+44 7400 123456", regions=frozenset({"US", "GB"})) == "+447400123456"
