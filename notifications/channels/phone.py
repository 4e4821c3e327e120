"""Telephone numbers in one form, and only those that an SMS can reach."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult

#: Where an SMS goes unless somebody says otherwise.
REGIONS = frozenset({"US"})

_RIGHT_FORM = "Give one such as +1 860 555 0100."
#: In North America nobody can tell a mobile number from a fixed line's by its digits.
_REACHED = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


class NumberError(ValueError):
    """A number that no SMS is sent to. The text says what is wrong and would be right, not the number."""


def normalise(text: str, *, regions: frozenset[str] = REGIONS) -> str:
    """The number in the form of E.164, such as +18605550100. Raises `NumberError`.

    Without a country it is taken for one of the United States.
    """
    try:
        number = phonenumbers.parse(text, "US")
    except NumberParseException as error:
        raise NumberError(f"Not a telephone number. {_RIGHT_FORM}") from error
    if number.extension:
        raise NumberError(f"An SMS reaches no extension. {_RIGHT_FORM}")
    # A number that is whole, and not one that only a neighbour can dial.
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        raise NumberError(f"It has too few or too many digits. {_RIGHT_FORM}")
    if not phonenumbers.is_valid_number(number):
        raise NumberError(f"There is no such number. {_RIGHT_FORM}")
    if phonenumbers.region_code_for_number(number) not in regions:
        raise NumberError(f"No SMS is sent to that country. {_RIGHT_FORM}")
    if phonenumbers.number_type(number) not in _REACHED:
        raise NumberError(f"No SMS reaches a number of this kind. {_RIGHT_FORM}")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
