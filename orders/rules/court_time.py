"""Court time: the one place where wall time becomes an instant and days are counted in a zone.

Instants are aware datetimes. Hours are elapsed hours (TIME-01); days are whole calendar days of the
court's zone, the day of the event not counted and the last day counted (TIME-02).
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


class TimeError(ValueError):
    """A text that is not one certain instant; `code` says in what way."""

    code = "invalid_timestamp"


class AmbiguousTimeError(TimeError):
    """A wall time that happens twice, on the day the clock goes back."""

    code = "ambiguous_local_time"


class NonexistentTimeError(TimeError):
    """A wall time that never happens, on the day the clock goes forward."""

    code = "nonexistent_local_time"


_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?")
_LONGEST_OFFSET = timedelta(hours=14)
# Outside these years a date is a slip of the keyboard, and arithmetic on it may leave the calendar.
_FIRST_YEAR, _LAST_YEAR = 1900, 2199


def parse_instant(text: str, zone: ZoneInfo) -> datetime:
    """The instant that `text` names: with its offset as given, else as wall time in `zone`.

    Raises `TimeError` for a text of another form or a date that is not, `AmbiguousTimeError` for a wall
    time that happens twice and `NonexistentTimeError` for one that never happens. Nothing is guessed.
    """
    if not _TIMESTAMP.fullmatch(text):
        raise TimeError(f"“{text}” is not a time. Write it as 2026-12-04T18:30-05:00 or 2026-12-04T18:30.")
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise TimeError(f"“{text}” is no date and time of the calendar.") from error
    if not _FIRST_YEAR <= parsed.year <= _LAST_YEAR:
        raise TimeError(f"“{text}” is not of a year from {_FIRST_YEAR} to {_LAST_YEAR}.")
    if parsed.tzinfo is None:
        return from_wall(parsed, zone)
    offset = parsed.utcoffset() or timedelta()
    if abs(offset) > _LONGEST_OFFSET:
        raise TimeError(f"“{text}” has an offset from UTC that no place uses.")
    return parsed


def from_wall(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which clocks in `zone` show `wall`, a naive datetime.

    Raises `AmbiguousTimeError` or `NonexistentTimeError` where there is not exactly one.
    """
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    # PEP 495: read before the change of the clock and after it, the two are the same instant on every other
    # night; where the clock goes back the first comes first, and where it goes forward it comes second.
    if first.timestamp() < second.timestamp():
        raise AmbiguousTimeError(
            f"{wall:%Y-%m-%d %H:%M} happens twice, for the clock goes back that night. "
            f"Add the offset: {first:%z} for the first time, {second:%z} for the second."
        )
    if first.timestamp() > second.timestamp():
        raise NonexistentTimeError(
            f"{wall:%Y-%m-%d %H:%M} never happens, for the clock goes forward that night. "
            "Give the time that the clock really showed."
        )
    return first


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day of `instant` in `zone`."""
    return instant.astimezone(zone).date()


def at_wall(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The instant of a time of day that the system itself chooses, such as 09:00 for a reminder.

    Where the clock shows it twice the first is taken; where it never does, the instant that follows by the
    same count of hours. Facts given by people go through `parse_instant` instead.
    """
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which `day` is over in `zone`: the whole last day counts (TIME-10)."""
    return at_wall(day + timedelta(days=1), time.min, zone)


def add_elapsed_hours(instant: datetime, hours: float) -> datetime:
    """`hours` elapsed hours after `instant`, in UTC: 24 are 86,400 seconds on every day (TIME-01)."""
    return instant.astimezone(UTC) + timedelta(hours=hours)


def add_months(day: date, months: int) -> date:
    """The same day of the month, `months` later; clamped to the month's last day (TIME-08)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
