"""Dates and times in templates, in the one format of all screens."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone

from accounts.dates import (
    COURT_TIME,
    court_date,
    format_birth_date,
    format_clock,
    format_day,
    format_instant,
    format_short_day,
)

register = template.Library()


@register.filter
def us_time(value: datetime | date | time | None, language: str = "en") -> str:
    """Return an instant in court time, a day, or a time of day; empty for None."""
    match value:
        case datetime():
            return format_instant(value, COURT_TIME, language)
        case date():
            return format_day(value, language)
        case time():
            return format_clock(value, language)
    return ""


@register.filter
def before_stop(text: str) -> str:
    """Return the end of a sentence without a stop of its own: “1:37 p.m.” has one."""
    return text.removesuffix(".")


@register.filter
def last_day(value: datetime | None, language: str = "en") -> str:
    """Return the last day, in court time, of what ends at an instant; empty for None.

    What ends at midnight ends with the day before, as it is on the paper.
    """
    return format_day(court_date(value - timedelta.resolution), language) if value else ""


@register.filter
def in_zone(value: datetime | None, zone: ZoneInfo) -> str:
    """Return an instant on the clock of `zone`; empty for None."""
    return format_instant(value, zone) if value else ""


@register.filter
def birth_date(value: date | None) -> str:
    """Return a date of birth, such as "Feb 29, 1980"; empty for None."""
    return format_birth_date(value) if value else ""


@register.filter
def short_day(value: date) -> str:
    """Return a date for a dense list, such as "Nov 28"; with the year if it is not this one."""
    return format_short_day(value, court_date(timezone.now()))


@register.filter
def day_in_week(value: date) -> str:
    """Return a date near today with its weekday, such as "Sat, Nov 28"."""
    return format_day(value).rpartition(",")[0]
