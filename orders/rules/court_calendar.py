"""The days on which a court is open: legal holidays by rule, proclaimed days and special closings by list."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

_SATURDAY, _SUNDAY = 5, 6
_WEEKEND = {_SATURDAY: "Saturday", _SUNDAY: "Sunday"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Holiday:
    """A legal holiday in every year from `since` on.

    It is a `day` of `month`, or the `nth` `weekday` of `month` (Monday is 0; an `nth` of -1 is the last).
    `plus` is a number of days after that: the day after Thanksgiving is not a fixed weekday of the month.
    """

    name: str
    month: int
    day: int | None = None
    weekday: int | None = None
    nth: int | None = None
    since: int = 1
    plus: int = 0

    def in_year(self, year: int) -> date:
        """Return its day in `year`, before a weekend moves it. Raises `ValueError` if it has no day."""
        if self.day is not None:
            return date(year, self.month, self.day) + timedelta(days=self.plus)
        if self.weekday is None or not self.nth:
            raise ValueError(f"Holiday {self.name}: give a day, or a weekday and its number in the month.")
        days = [week[self.weekday] for week in calendar.monthcalendar(year, self.month) if week[self.weekday]]
        found = date(year, self.month, days[self.nth - 1 if self.nth > 0 else self.nth])
        return found + timedelta(days=self.plus)


def observed(day: date, *, saturday_to_friday: bool = True) -> date:
    """Return the day on which a holiday is observed (TIME-07, C.G.S. § 1-4).

    A Saturday moves to the Friday before, a Sunday to the Monday after. In some states a holiday stays on its
    Saturday; `saturday_to_friday` is then false.
    """
    if day.weekday() == _SATURDAY:
        return day - timedelta(days=1) if saturday_to_friday else day
    return day + timedelta(days=1) if day.weekday() == _SUNDAY else day


@dataclass(frozen=True, kw_only=True)
class CourtCalendar:
    """The open and closed days of a court.

    `closings` are the days that cannot be computed, with their names: proclaimed days (Thanksgiving, Good
    Friday) and special closings (weather).
    """

    holidays: tuple[Holiday, ...] = ()
    closings: dict[date, str] = field(default_factory=dict)
    saturday_to_friday: bool = True
    _observed: dict[int, dict[date, str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def closed_because(self, day: date) -> str:
        """Return why the court is closed on `day`; empty if it is open (TIME-06)."""
        return (
            _WEEKEND.get(day.weekday()) or self.closings.get(day) or self._holidays_of(day.year).get(day, "")
        )

    def _holidays_of(self, year: int) -> dict[date, str]:
        """Return the observed days in `year`. New Year's Day of the next year may be observed in this one."""
        if year not in self._observed:
            self._observed[year] = {
                observed(holiday.in_year(its_year), saturday_to_friday=self.saturday_to_friday): holiday.name
                for its_year in (year, year + 1)
                for holiday in self.holidays
                if its_year >= holiday.since
            }
        return self._observed[year]

    def closed_in(self, year: int) -> dict[date, str]:
        """Return the weekdays of the year on which the court is closed, each with the reason."""
        found = self._holidays_of(year) | self.closings
        return {
            day: found[day] for day in sorted(found) if day.year == year and day.weekday() not in _WEEKEND
        }

    def is_open(self, day: date) -> bool:
        """True from Monday to Friday unless the day is a legal holiday or a closing."""
        return not self.closed_because(day)

    def last_open_day(self, day: date) -> date:
        """Return `day` if it is open, otherwise the last open day before it."""
        while not self.is_open(day):
            day -= timedelta(days=1)
        return day

    def next_open_day(self, day: date) -> date:
        """Return `day` if it is open, otherwise the first open day after it."""
        while not self.is_open(day):
            day += timedelta(days=1)
        return day

    def nearest_open_day(self, day: date) -> date:
        """Return the open day nearest to `day`; of two that are equally near, the earlier."""
        before, after = self.last_open_day(day), self.next_open_day(day)
        return before if day - before <= after - day else after

    def add_open_days(self, day: date, count: int) -> date:
        """Return the open day number `count` after `day`, or before it if negative. `day` does not count."""
        step = timedelta(days=1 if count > 0 else -1)
        for _ in range(abs(count)):
            day += step
            while not self.is_open(day):
                day += step
        return day

    def with_closings(self, closings: dict[date, str]) -> CourtCalendar:
        """Return the same calendar with more days closed."""
        return replace(self, closings={**self.closings, **closings})
