"""Normalize phone numbers, and accept only those that can receive text messages."""

from __future__ import annotations

import re

import phonenumbers
from django.utils.translation import gettext, gettext_lazy
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult

from accounts.text import clean, in_normal_form, plain_dashes

#: Where text messages are sent to by default: the states and the territories, which share the country code 1.
REGIONS = frozenset({"US", "PR", "VI", "GU", "AS", "MP"})

_EXAMPLE = gettext_lazy("Give one such as +1 860 555 0100.")
#: In North America the digits do not show whether a number is mobile or a landline.
_CAN_RECEIVE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})

#: The beginning of a link to a number, as browsers copy it.
_LINK = re.compile(r"^tel:", re.IGNORECASE)
#: An extension after a number, in the ways that people write it.
_EXTENSION = re.compile(r"\d[\s,;]*(?:extension|extn?|x|#)[\s.:=]*\d+$", re.IGNORECASE)
#: Digits, and what people write between them.
_NUMBER = re.compile(r"\+?[0-9 ().-]+")


class NumberError(ValueError):
    """A number that text messages are not sent to. The message gives the problem and the remedy only."""


def normalize(text: str, *, regions: frozenset[str] = REGIONS) -> str:
    """Return the number in E.164 form, such as +18605550100. Raises `NumberError`.

    A number without a country code is a number of the United States.
    """
    try:
        number = phonenumbers.parse(_digits(text), "US")
    except NumberParseException as error:
        raise NumberError(_with_example(gettext("Not a phone number."))) from error
    # Possible nationwide, not only when dialed locally.
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        raise NumberError(_with_example(gettext("The number has too few or too many digits.")))
    if not phonenumbers.is_valid_number(number):
        raise NumberError(_with_example(gettext("There is no such number.")))
    if phonenumbers.region_code_for_number(number) not in regions:
        raise NumberError(_with_example(gettext("Text messages are not sent to that country.")))
    if phonenumbers.number_type(number) not in _CAN_RECEIVE:
        raise NumberError(_with_example(gettext("This kind of number cannot receive text messages.")))
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _with_example(problem: str) -> str:
    return f"{problem} {_EXAMPLE}"


def readable(number: str) -> str:
    """Return a number in E.164 form as people read it: +1 860-555-0100."""
    return phonenumbers.format_number(phonenumbers.parse(number), PhoneNumberFormat.INTERNATIONAL)


def _digits(text: str) -> str:
    """Return the typed number without what cannot be a part of one. Raises `NumberError`.

    `phonenumbers` would take the letters of a telephone keypad for digits: of “860 555 O1OO” it makes the
    number of a stranger. Full-width digits become plain ones; digits of other scripts are refused.
    """
    typed = _LINK.sub("", plain_dashes(clean(in_normal_form("NFKC", text))))
    if _EXTENSION.search(typed):
        raise NumberError(_with_example(gettext("Text messages do not reach an extension.")))
    if any(character.isdecimal() for character in typed):
        if any(character.isalpha() for character in typed):
            raise NumberError(
                _with_example(gettext("The number has letters in it, such as an O in place of a zero."))
            )
        if any(character.isdecimal() and not character.isascii() for character in typed):
            raise NumberError(_with_example(gettext("Write the number with the digits 0 to 9.")))
    if not _NUMBER.fullmatch(typed):
        raise NumberError(_with_example(gettext("Not a phone number.")))
    return typed
