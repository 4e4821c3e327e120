"""Single cells of an export: times, days, answers and words, in the forms that other systems write."""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from accounts.text import fold_words, plain_dashes
from orders.rules.court_time import TimeError, parse_instant
from orders.services.registry.columns import OPEN_CENTURY


class Rejected(Exception):
    """A row that cannot be imported. `detail` has the cell, the problem and the remedy, never a person."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


#: A time as databases write it: more digits of a second, a blank before the offset, UTC as a word.
_DATABASE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,12}))? ?"
    r"(Z|UTC|GMT|E[SD]T|[+-]\d\d(?::?\d\d)?(?::?00)?)?",
    re.IGNORECASE | re.ASCII,
)
#: The same without signs between the parts.
_BASIC_TIME = re.compile(
    r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)?((?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?)", re.IGNORECASE | re.ASCII
)
#: The words for the clock of the courts, and the offset of each.
_EASTERN = {"EST": "-05:00", "EDT": "-04:00"}


def read_instant(column: str, text: str, zone: ZoneInfo) -> datetime:
    """The instant in a cell. Raises `Rejected`."""
    try:
        found = parse_instant(_plain_time(text), zone)
        word = text[-3:].upper()
        if word in _EASTERN and found.astimezone(zone).tzname() != word:
            raise TimeError(f"“{text}” is not in the time that its {word} names. Write its offset.")
        return found
    except TimeError as error:
        detail = str(error) if len(text) <= len("2026-11-01T01:30:00.000000-04:00") else "not a time."
        if not _DATABASE_TIME.fullmatch(text):
            detail += _FORMATS.format(key="datetime_format", form="%m/%d/%Y %I:%M %p")
        raise Rejected(error.code, f"{column}: {detail}") from error


def _plain_time(text: str) -> str:
    text = plain_dashes(text)
    if basic := _BASIC_TIME.fullmatch(text):
        year, month, day, hour, minute, second, rest = basic.groups(default="00")
        text = f"{year}-{month}-{day}T{hour}:{minute}:{second}{rest}"
    if not (found := _DATABASE_TIME.fullmatch(text)):
        return text
    clock, fraction, offset = found.groups(default="")
    offset = offset.upper()
    offset = _EASTERN.get(offset, offset.replace("UTC", "Z").replace("GMT", "Z"))
    if offset.count(":") == len("::"):
        offset = offset.removesuffix(":00")
    return f"{clock.upper()}{'.' if fraction else ''}{fraction[:6]}{offset}"


#: A day, also at midnight as databases and spreadsheets write it.
_DAY = re.compile(r"((?:19|20|21)\d\d-\d\d-\d\d)(?:[T ]00:00(?::00(?:[.,]0+)?)?)?")
#: What databases write for an empty value. In a text, only these letters: Null is a name.
_NULLS = frozenset({"", "null", "\\n", "0000-00-00", "0000-00-00 00:00:00"})
_TEXT_NULLS = frozenset({"NULL", "\\N"})
#: A day of the calendar in any year.
_ANY_DAY = re.compile(r"\d{4}-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])(?:[T ]00:00(?::00(?:[.,]0+)?)?)?")
#: A day as spreadsheets count it: from 1954 to 2119.
_DAY_NUMBER = re.compile(r"[2-7]\d{4}(?:\.\d+)?")
_FORMATS = ' A mapping names another format, such as {key} = "{form}".'


def is_empty(text: str) -> bool:
    """True for a cell without a value, also as databases write it."""
    return text.casefold() in _NULLS


def without_null(text: str) -> str:
    """Return the text of a cell; an empty one for what databases write for no value."""
    return "" if text in _TEXT_NULLS else text


def read_day(column: str, text: str) -> date | None:
    """The day in a cell; None if the cell is empty. Raises `Rejected`, without a date of birth."""
    if is_empty(text):
        return None
    try:
        if found := _DAY.fullmatch(text):
            return date.fromisoformat(found[1])
    except ValueError:
        pass
    # Without the text, which may be a date of birth.
    if _DAY_NUMBER.fullmatch(text):
        raise Rejected(
            "invalid_timestamp",
            f"{column}: a spreadsheet's day number, not a date. Format the column as yyyy-mm-dd and save it "
            "again.",
        )
    if _ANY_DAY.fullmatch(text):
        raise Rejected(
            "invalid_timestamp",
            f"{column}: the year must be from 1900 to 2199. Correct it, or empty the cell for no day.",
        )
    formats = _FORMATS.format(key="date_format", form="%m/%d/%Y")
    raise Rejected("invalid_timestamp", f"{column}: not a date. Write it as 2026-12-04.{formats}")


def read_birth(column: str, text: str, *, before: date) -> date | None:
    """The date of birth in a cell; a year of two digits is the latest one that is not after `before`."""
    if not text.startswith(OPEN_CENTURY):
        return read_day(column, text)
    rest, century = text.removeprefix(OPEN_CENTURY), before.year // 100
    late = read_day(column, f"{century}{rest}")
    return late if late and late <= before else read_day(column, f"{century - 1}{rest}")


_FLAGS = {"y": True, "yes": True, "true": True, "t": True, "1": True} | {
    "n": False,
    "no": False,
    "false": False,
    "f": False,
    "0": False,
}


def read_flag(column: str, text: str) -> bool:
    """The answer in a cell. Raises `Rejected`."""
    # Programs write 1.0 in a column of numbers with empty cells.
    found = _FLAGS.get(text.casefold().removesuffix(".0"))
    if found is None:
        raise Rejected(
            "invalid_flag", f"{column}: “{text[:10]}” is neither Y nor N. {words_of_a_map(column)}"
        )
    return found


def word_of(text: str) -> str:
    """A word of a list as it is stored: “Ex parte restraining order” is ex_parte_restraining_order."""
    return "_".join(fold_words(text.replace("_", " ")))


def words_of_a_map(column: str) -> str:
    """How other words than ours are translated, as the end of a reason."""
    return f"A mapping translates other words: [orders.values.{column}]."
