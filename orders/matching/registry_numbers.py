"""Registry numbers: how one is stored, and in which form two of them are the same number.

The number is stored as it was given, but for letters of other scripts that look like Latin ones. Case,
blanks, the kind of dash, and what spreadsheets add to a number (an apostrophe before it, `.0` after it) make
no other number.
"""

from __future__ import annotations

import re
import string

from accounts.text import clean, plain_dashes, plain_letters

#: Only these: PostgreSQL changes no other letter in the collation of the column.
_CAPITALS = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
_WHOLE = re.compile(r"[0-9]+\.0")


def clean_registry_number(text: str) -> str:
    """Return the number as it is stored: without invisible characters, with plain dashes and letters."""
    return plain_dashes(clean(plain_letters(text)))


def registry_key(number: str) -> str:
    """Return the form in which equal numbers are equal, as `orders_registry_key` in the database does."""
    text = clean_registry_number(number).replace(" ", "").translate(_CAPITALS).lstrip("'")
    return text.removesuffix(".0") if _WHOLE.fullmatch(text) else text
