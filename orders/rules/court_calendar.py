"""Which days a court is open: legal holidays by rule, proclaimed days and special closings by list."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

_SATURDAY, _SUNDAY = 5, 6
_WEEKEND = {_SATURDAY: "Saturday", _SUNDAY: "Sunday"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Holiday:
    """A legal holiday that comes every year from `since` on.

    Either `month` and `day`, or the weekday (Monday is 0) and which one of the month it is (-1 the last).
    `plus` counts days on from there: the day after Thanksgiving is no fixed weekday of the month.
    """

    name: str
    month: int
    day: int | None = None
    weekday: int | None = None
    nth: int | None = None
    since: int = 1
    plus: int = 0

    def in_year(self, year: int) -> date:
        """The day it falls on in `year`, before a weekend moves it."""
        if self.day is not None:
            return date(year, self.month, self.day) + timedelta(days=self.plus)
        if self.weekday is None or not self.nth:
            raise ValueError(f"Holiday {self.name}: give a day, or a weekday and which one of the month.")
        days = [week[self.weekday] for week in calendar.monthcalendar(year, self.month) if week[self.weekday]]
        found = date(year, self.month, days[self.nth - 1 if self.nth > 0 else self.nth])
        return found + timedelta(days=self.plus)


def observed(day: date, *, saturday_to_friday: bool = True) -> date:
    """Saturday moves to the Friday before, Sunday to the Monday after (TIME-07, C.G.S. § 1-4).

    Some states leave a holiday on its Saturday: there `saturday_to_friday` is false.
    """
    if day.weekday() == _SATURDAY:
        return day - timedelta(days=1) if saturday_to_friday else day
    return day + timedelta(days=1) if day.weekday() == _SUNDAY else day


@dataclass(frozen=True, kw_only=True)
class CourtCalendar:
    """Answers whether a court is open on a day, and counts open days.

    `closings` are the days nobody can compute: proclaimed days (Thanksgiving, Good Friday) and special
    closings (weather), each with its name.
    """

    holidays: tuple[Holiday, ...] = ()
    closings: dict[date, str] = field(default_factory=dict)
    saturday_to_friday: bool = True
    _kept: dict[int, dict[date, str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def closed_because(self, day: date) -> str:
        """Why the court is closed on `day`; empty when it is open (TIME-06)."""
        return (
            _WEEKEND.get(day.weekday()) or self.closings.get(day) or self._holidays_of(day.year).get(day, "")
        )

    def _holidays_of(self, year: int) -> dict[date, str]:
        """Observed days that fall in `year`; the next year's first of January may fall in this one."""
        if year not in self._kept:
            self._kept[year] = {
                observed(holiday.in_year(its_year), saturday_to_friday=self.saturday_to_friday): holiday.name
                for its_year in (year, year + 1)
                for holiday in self.holidays
                if its_year >= holiday.since
            }
        return self._kept[year]

    def closed_in(self, year: int) -> dict[date, str]:
        """Every day of the year, Saturdays and Sundays aside, on which the court is closed, and why."""
        found = self._holidays_of(year) | self.closings
        return {
            day: found[day] for day in sorted(found) if day.year == year and day.weekday() not in _WEEKEND
        }

    def is_open(self, day: date) -> bool:
        """Monday to Friday, not a legal holiday, not a closing."""
        return not self.closed_because(day)

    def last_open_day(self, day: date) -> date:
        """`day`, or the last open day before it."""
        while not self.is_open(day):
            day -= timedelta(days=1)
        return day

    def next_open_day(self, day: date) -> date:
        """`day`, or the first open day after it."""
        while not self.is_open(day):
            day += timedelta(days=1)
        return day

    def add_open_days(self, day: date, count: int) -> date:
        """The `count`-th open day after `day`, or before it where `count` is negative; `day` not counted."""
        step = timedelta(days=1 if count > 0 else -1)
        for _ in range(abs(count)):
            day += step
            while not self.is_open(day):
                day += step
        return day

    def with_closings(self, closings: dict[date, str]) -> CourtCalendar:
        """The same calendar with further days closed."""
        return replace(self, closings={**self.closings, **closings})
