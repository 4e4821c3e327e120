"""Telephone numbers: one form, and a refusal that shows it."""

from __future__ import annotations

import pytest

from notifications.channels.phone import NumberError, normalise


@pytest.mark.parametrize(
    "text",
    [
        "+1 860 555 0100",
        "8605550100",
        "(860) 555-0100",
        "1-860-555-0100",
        "tel:+18605550100",
        " 860.555.0100 ",
    ],
)
def test_a_number_has_one_form(text: str) -> None:
    assert normalise(text) == "+18605550100"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "Not a telephone number."),
        ("nobody", "Not a telephone number."),
        ("8" * 300, "Not a telephone number."),
        ("555 0199", "too few or too many digits"),
        ("911", "too few or too many digits"),
        ("+1 860 555 01000", "too few or too many digits"),
        ("+1 060 555 0100", "no such number"),
        ("+1 860 555 0100 x5", "no extension"),
        ("+44 7400 123456", "to that country"),
        ("+1 800 555 0100", "of this kind"),
        ("+1 900 555 0100", "of this kind"),
    ],
)
def test_a_wrong_number_is_refused_with_the_right_form_and_is_not_repeated(text: str, wrong: str) -> None:
    with pytest.raises(NumberError) as refused:
        normalise(text)

    assert wrong in str(refused.value)
    assert str(refused.value).endswith("Give one such as +1 860 555 0100.")
    assert len(text) < 3 or text not in str(refused.value)


def test_other_countries_may_be_let_in() -> None:
    assert normalise("+44 7400 123456", regions=frozenset({"US", "GB"})) == "+447400123456"
