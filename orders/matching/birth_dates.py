"""Dates of birth as people in the United States type them, alone or beside a name."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = re.compile(
    r"(?<![\w/.-])(?P<month>\d{1,2})([/.-])(?P<day>\d{1,2})\2(?P<year>\d{4}|\d{2})(?![\w/-])"
)
_ISO = re.compile(r"(?<![\w/.-])(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?![\w/-])")
_WORDS = re.compile(
    rf"\b(?P<month>{'|'.join(_MONTHS)})[a-z]*\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})\b",
    re.IGNORECASE,
)
#: Words that people write before a date of birth.
_LABEL = re.compile(r"\b(?:dob|d\.o\.b\.?|born(?: on)?|date of birth)\b:?", re.IGNORECASE)


def take_birth_date(text: str, *, today: date) -> tuple[date | None, str]:
    """Return the date of birth in `text`, if there is one, and the rest of the text.

    A year of two digits is the latest one that is not after `today`.
    """
    for pattern in (_NUMBERS, _ISO, _WORDS):
        for found in pattern.finditer(text):
            if (day := _date(found, today)) is not None:
                rest = f"{text[: found.start()]} {text[found.end() :]}"
                return day, " ".join(_LABEL.sub(" ", rest).split()).strip(" ,;()")
    return None, text


def _date(found: re.Match[str], today: date) -> date | None:
    month, year = found["month"].lower(), int(found["year"])
    number = int(month) if month.isdigit() else _MONTHS.index(month) + 1
    if len(found["year"]) == len("yy"):
        year += today.year // 100 * 100
        if (year, number, int(found["day"])) > (today.year, today.month, today.day):
            year -= 100
    try:
        day = date(year, number, int(found["day"]))
    except ValueError:
        return None
    return day if day <= today else None
