"""Court time: convert wall time to instants and count days in a time zone. Only this module does so.

Instants are aware datetimes. Hours are elapsed hours (TIME-01). Days are whole calendar days in the court's
time zone; the day of the event does not count, and the last day does (TIME-02).
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


class TimeError(ValueError):
    """A text that is not a single instant. `code` is the reason for programs."""

    code = "invalid_timestamp"


class AmbiguousTimeError(TimeError):
    """A wall time that occurs twice because the clock goes back."""

    code = "ambiguous_local_time"


class NonexistentTimeError(TimeError):
    """A wall time that does not occur because the clock goes forward."""

    code = "nonexistent_local_time"


_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)?")
_LONGEST_OFFSET = timedelta(hours=14)
# Other years are typing errors, and arithmetic on them may leave the range of `date`.
_FIRST_YEAR, _LAST_YEAR = 1900, 2199


def parse_instant(text: str, zone: ZoneInfo) -> datetime:
    """Parse an ISO time with an offset, or a wall time in `zone` without one.

    Raises `TimeError` for another form or a date that does not exist, `AmbiguousTimeError` for a wall time
    that occurs twice and `NonexistentTimeError` for one that does not occur. Nothing is guessed.
    """
    if not _TIMESTAMP.fullmatch(text):
        raise TimeError(f"“{text}” is not a time. Write it as 2026-12-04T18:30-05:00 or 2026-12-04T18:30.")
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise TimeError(f"“{text}” is not a date and time of the calendar.") from error
    if not _FIRST_YEAR <= parsed.year <= _LAST_YEAR:
        raise TimeError(f"“{text}” is not in a year from {_FIRST_YEAR} to {_LAST_YEAR}.")
    if parsed.tzinfo is None:
        return from_wall(parsed, zone)
    offset = parsed.utcoffset() or timedelta()
    if abs(offset) > _LONGEST_OFFSET:
        raise TimeError(f"“{text}” has an offset from UTC that is not in use anywhere.")
    return parsed


def from_wall(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which clocks in `zone` show `wall`, a naive datetime.

    Raises `AmbiguousTimeError` or `NonexistentTimeError` unless there is exactly one.
    """
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    # PEP 495: `fold` chooses the offset before or after a change of the clock. The two instants differ only
    # at a change: the first is earlier if the clock goes back and later if it goes forward.
    if first.timestamp() < second.timestamp():
        raise AmbiguousTimeError(
            f"{wall:%Y-%m-%d %H:%M} occurs twice because the clock goes back that night. "
            f"Add the offset: {first:%z} for the first time, {second:%z} for the second."
        )
    if first.timestamp() > second.timestamp():
        raise NonexistentTimeError(
            f"{wall:%Y-%m-%d %H:%M} does not occur because the clock goes forward that night. "
            "Enter the time that the clock showed."
        )
    return first


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """Return the calendar day of `instant` in `zone`."""
    return instant.astimezone(zone).date()


def at_wall(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the instant of a time of day that the system chooses, such as 9 a.m. for a reminder.

    If the time occurs twice, the first instant is returned. If it does not occur, the offset from before the
    change of the clock applies. For times that people enter use `parse_instant`.
    """
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which `day` is over in `zone`; the whole last day counts (TIME-10)."""
    return at_wall(day + timedelta(days=1), time.min, zone)


def add_elapsed_hours(instant: datetime, hours: float) -> datetime:
    """Return the instant `hours` elapsed hours after `instant`, in UTC; 24 are 86,400 seconds (TIME-01)."""
    return instant.astimezone(UTC) + timedelta(hours=hours)


def add_months(day: date, months: int) -> date:
    """Return the same day of the month `months` later, at most the last day of that month (TIME-08)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
