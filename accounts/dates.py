"""Dates and times as people in the United States read and type them.

Every screen and message formats its dates here. English: "Sat, Nov 28, 2026, 1:37 p.m."; Spanish:
"sáb., 28 nov 2026, 1:37 p. m.". Seconds are shown only in the access log. The module imports nothing of
Django, so that the rules can use it.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

#: The clock of Connecticut's courts. Pages name it once, so an instant on this clock needs no zone.
COURT_TIME: Final = ZoneInfo("America/New_York")


def court_date(instant: datetime) -> date:
    """Return the day of an instant on the clock of Connecticut's courts."""
    return instant.astimezone(COURT_TIME).date()


_WEEKDAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "es": ("lun.", "mar.", "mié.", "jue.", "vie.", "sáb.", "dom."),
}
_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
}
#: For sentences in Spanish, in which the short names above read like a table.
_SPOKEN_WEEKDAYS = {
    "en": _WEEKDAYS["en"],
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
_SPOKEN_MONTHS = {
    "en": _MONTHS["en"],
    "es": (
        "enero",
        "feb.",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "sept.",
        "oct.",
        "nov.",
        "dic.",
    ),
}
_SPOKEN_DAY = {"en": "{weekday}, {month} {day}", "es": "{weekday} {day} de {month}"}
_SPOKEN_YEAR = {"en": "{day}, {year}", "es": "{day} de {year}"}
_HALVES = {"en": ("a.m.", "p.m."), "es": ("a. m.", "p. m.")}
_DAY = {
    "en": "{weekday}, {month} {day}, {year}",
    "es": "{weekday}, {day} {month} {year}",
}
_NOON = 12

_CLOCK = re.compile(
    r"(?P<hour>[0-9]{1,2})(?:[:.]?(?P<minute>[0-9]{2}))?(?:[:.](?P<second>[0-9]{2}))?"
    r"\s*(?:(?P<half>[ap])\.?(?:\s?m)?\.?)?",
    re.IGNORECASE,
)
_NOON_WORDS = re.compile(r"(?:12(?::00)?\s*)?noon", re.IGNORECASE)
_MIDNIGHT_WORDS = re.compile(r"(?:12(?::00)?\s*)?midnight", re.IGNORECASE)


class ClockError(ValueError):
    """A typed time of day that cannot be read. The message states what to type instead."""


def format_day(day: date, language: str = "en") -> str:
    """Return a date such as "Sat, Nov 28, 2026"."""
    return _DAY[language].format(
        weekday=_WEEKDAYS[language][day.weekday()],
        month=_MONTHS[language][day.month - 1],
        day=day.day,
        year=day.year,
    )


def format_spoken_day(day: date, today: date, language: str = "en") -> str:
    """Return a date for plain pages: "Tue, Dec 8", "martes 8 de dic."; with the year if it is another one."""
    spoken = _SPOKEN_DAY[language].format(
        weekday=_SPOKEN_WEEKDAYS[language][day.weekday()],
        month=_SPOKEN_MONTHS[language][day.month - 1],
        day=day.day,
    )
    return spoken if day.year == today.year else _SPOKEN_YEAR[language].format(day=spoken, year=day.year)


def format_birth_date(day: date, language: str = "en") -> str:
    """Return a date without its weekday, such as "Feb 29, 1980"."""
    return (
        _DAY[language]
        .partition(", ")[2]
        .format(month=_MONTHS[language][day.month - 1], day=day.day, year=day.year)
    )


def format_short_day(day: date, today: date) -> str:
    """Return a date for a dense list: "Nov 28", with the year only if it is not that of `today`."""
    text = f"{_MONTHS['en'][day.month - 1]} {day.day}"
    return text if day.year == today.year else f"{text}, {day.year}"


def format_short_instant(instant: datetime, today: date, zone: ZoneInfo = COURT_TIME) -> str:
    """Return an instant for a dense list: "Nov 28, 1:37 p.m."; of `today` only the time of day."""
    local = instant.astimezone(zone)
    clock = format_clock(local.time())
    return f"today, {clock}" if local.date() == today else f"{format_short_day(local.date(), today)}, {clock}"


def age_on(born: date, day: date) -> int:
    """Return the age in whole years, on `day`, of someone born on `born`."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def format_clock(clock: time, language: str = "en", *, seconds: bool = False) -> str:
    """Return a time of day such as "1:37 p.m."."""
    hour = (clock.hour - 1) % _NOON + 1
    shown = f":{clock.second:02}" if seconds else ""
    return f"{hour}:{clock.minute:02}{shown} {_HALVES[language][clock.hour >= _NOON]}"


def format_instant(
    instant: datetime,
    zone: ZoneInfo = COURT_TIME,
    language: str = "en",
    *,
    names_zone: bool = False,
    seconds: bool = False,
) -> str:
    """Return an aware datetime on the clock of `zone`, such as "Sat, Nov 28, 2026, 1:37 p.m.".

    The name of the zone follows ("1:37 p.m. CST") with `names_zone`, where the clock differs from court
    time, and in the hour that happens twice when clocks go back.
    """
    local = instant.astimezone(zone)
    text = f"{format_day(local.date(), language)}, {format_clock(local.time(), language, seconds=seconds)}"
    elsewhere = local.utcoffset() != instant.astimezone(COURT_TIME).utcoffset()
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{text} {local.tzname()}" if names_zone or elsewhere or twice else text


def at_the_end(text: str) -> str:
    """Return what ends a sentence with one period: “1:37 p.m.” has it."""
    return f"{text.removesuffix('.')}."


def format_short(instant: datetime | None, zone: ZoneInfo = COURT_TIME) -> str:
    """Return an instant for a narrow column, such as “Nov 28, 1:37 p.m.”; empty for None."""
    if instant is None:
        return ""
    local = instant.astimezone(zone)
    return f"{local:%b} {local.day}, {format_clock(local.time().replace(second=0, microsecond=0))}"


def parse_clock(typed: str) -> time:
    """Return the time of day that a person typed: 7pm, 7:15p, 9:30 a.m., 1915, 0715, 19:15 or noon.

    Raises `ClockError` for text that is not a time, and for text that could mean two times, such as "7"
    or "midnight".
    """
    text = typed.strip()
    if _NOON_WORDS.fullmatch(text):
        return time(_NOON)
    if _MIDNIGHT_WORDS.fullmatch(text):
        raise ClockError(
            "Midnight can be the start or the end of a day. Write 12:00 a.m. for the start of the day, or "
            "11:59 p.m. for its end."
        )
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise ClockError(_not_a_time(typed))
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    is_on_dial = 1 <= hour <= _NOON
    if not half and found["minute"] is None and is_on_dial:
        raise ClockError(f"“{typed}” can be morning or afternoon. Write {hour} a.m. or {hour} p.m.")
    if (half and not is_on_dial) or (not half and found["minute"] is None):
        raise ClockError(_not_a_time(typed))
    if half:
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    try:
        return time(hour, int(found["minute"] or 0), int(found["second"] or 0))
    except ValueError as error:
        raise ClockError(_not_a_time(typed)) from error


def _not_a_time(typed: str) -> str:
    return f"“{typed}” is not a time of day. Write 6:30 p.m., 18:30 or noon."
