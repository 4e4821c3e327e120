from __future__ import annotations

from datetime import date, timedelta

import pytest

from orders.rules.court_calendar import CourtCalendar, Holiday, observed
from orders.rules.rulebook import Rulebook
from tests.rules.orders import on


@pytest.fixture(scope="module")
def court(rulebook: Rulebook) -> CourtCalendar:
    return rulebook.jurisdictions["us_ct"].calendar


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        # TIME-07, in the order of C.G.S. § 1-4.
        ("2026-01-01", "New Year's Day"),
        ("2026-01-19", "Martin Luther King Day"),
        ("2027-01-18", "Martin Luther King Day"),
        ("2024-01-15", "Martin Luther King Day"),  # the 15th itself is a Monday
        ("2026-02-12", "Lincoln's Birthday"),
        ("2026-02-16", "Washington's Birthday"),
        ("2026-05-25", "Memorial Day"),
        ("2027-05-31", "Memorial Day"),
        ("2026-06-19", "Juneteenth"),
        ("2025-07-04", "Independence Day"),
        ("2026-09-07", "Labor Day"),
        ("2026-10-12", "Columbus Day"),
        ("2026-11-11", "Veterans Day"),
        ("2026-12-25", "Christmas Day"),
        # Proclaimed: entered by a person because no rule gives them.
        ("2026-04-03", "Good Friday"),
        ("2026-11-26", "Thanksgiving Day"),
        # Saturday moves to the Friday before, Sunday to the Monday after.
        ("2026-07-03", "Independence Day"),
        ("2027-07-05", "Independence Day"),
        ("2027-12-24", "Christmas Day"),
        ("2027-12-31", "New Year's Day"),  # 1 January 2028 is a Saturday
        ("2023-01-02", "New Year's Day"),
        ("2021-12-31", "New Year's Day"),
        # The weekend.
        ("2026-12-05", "Saturday"),
        ("2026-12-06", "Sunday"),
        ("2028-01-01", "Saturday"),
        # Open.
        ("2026-12-24", ""),
        ("2027-12-30", ""),
        ("2028-01-03", ""),
        ("2028-02-29", ""),
        ("2022-06-20", ""),  # Juneteenth was not kept before 2023
        ("2023-06-19", "Juneteenth"),
        ("2026-11-27", ""),  # the day after Thanksgiving is no holiday of the state
    ],
)
def test_court_is_closed_for_the_reason_that_the_statute_gives(
    court: CourtCalendar, day: str, reason: str
) -> None:
    assert court.closed_because(on(day)) == reason
    assert court.is_open(on(day)) is (reason == "")


def test_court_is_closed_on_a_special_closing(court: CourtCalendar) -> None:
    snow = court.with_closings({on("2026-12-16"): "Snow"})

    assert snow.closed_because(on("2026-12-16")) == "Snow"
    assert snow.closed_because(on("2026-12-25")) == "Christmas Day"
    assert snow.closed_because(on("2026-11-26")) == "Thanksgiving Day"
    assert court.is_open(on("2026-12-16"))


@pytest.mark.parametrize(
    ("year", "last"), [(2026, ("2026-12-25", "Ice")), (2027, ("2027-12-31", "New Year's Day"))]
)
def test_closed_days_of_a_year_are_those_of_its_weekdays_in_their_order(
    court: CourtCalendar, year: int, last: tuple[str, str]
) -> None:
    closings = {"2027-02-03": "Flood", "2026-12-16": "Snow", "2026-12-19": "A Saturday", "2026-12-25": "Ice"}
    closed = court.with_closings({on(day): name for day, name in closings.items()})

    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    weekdays = [day for day in days if day.weekday() < 5 and not closed.is_open(day)]
    found = list(closed.closed_in(year).items())
    assert found == [(day, closed.closed_because(day)) for day in weekdays]
    assert found[-1] == (on(last[0]), last[1])


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        ("2026-12-24", "2026-12-24", "2026-12-24"),
        ("2026-12-25", "2026-12-24", "2026-12-28"),
        ("2026-12-27", "2026-12-24", "2026-12-28"),
        ("2027-12-31", "2027-12-30", "2028-01-03"),
        ("2028-01-02", "2027-12-30", "2028-01-03"),
        ("2026-11-26", "2026-11-25", "2026-11-27"),
    ],
)
def test_open_day_is_found_around_a_closed_one(
    court: CourtCalendar, day: str, before: str, after: str
) -> None:
    assert court.last_open_day(on(day)) == on(before)
    assert court.next_open_day(on(day)) == on(after)


@pytest.mark.parametrize(
    ("day", "count", "found"),
    [
        ("2026-12-22", 5, "2026-12-30"),  # 23, 24, 28, 29, 30: the 25th to the 27th are closed
        ("2026-12-21", -2, "2026-12-17"),  # 18, 17
        ("2026-12-28", -1, "2026-12-24"),
        ("2026-12-25", 1, "2026-12-28"),
        ("2026-12-26", -1, "2026-12-24"),
        ("2027-12-29", 2, "2028-01-03"),  # 30, then 3 January
        ("2026-12-25", 0, "2026-12-25"),
    ],
)
def test_open_days_are_counted_without_the_first(
    court: CourtCalendar, day: str, count: int, found: str
) -> None:
    assert court.add_open_days(on(day), count) == on(found)


@pytest.mark.parametrize(
    ("saturday_to_friday", "friday"), [(True, "Christmas Day"), (False, "")], ids=["moves", "stays"]
)
def test_saturday_holiday_moves_only_where_the_state_moves_it(
    *, saturday_to_friday: bool, friday: str
) -> None:
    christmas = Holiday(name="Christmas Day", month=12, day=25)
    court = CourtCalendar(holidays=(christmas,), saturday_to_friday=saturday_to_friday)

    assert court.closed_because(on("2027-12-24")) == friday
    assert court.closed_because(on("2027-12-25")) == "Saturday"
    # Sunday moves to Monday in either case.
    assert court.closed_because(on("2022-12-26")) == "Christmas Day"


@pytest.mark.parametrize(
    ("holiday", "day"),
    [
        # Thanksgiving Day 2024 was the fourth Thursday and November 28; the day after was the fifth Friday.
        (Holiday(name="Day after", month=11, weekday=3, nth=4, plus=1), "2024-11-29"),
        (Holiday(name="First Monday", month=9, weekday=0, nth=1), "2024-09-02"),
        (Holiday(name="Last Monday", month=5, weekday=0, nth=-1), "2024-05-27"),
        (Holiday(name="Boxing Day", month=12, day=25, plus=1), "2024-12-26"),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_holiday_is_found_in_its_year(holiday: Holiday, day: str) -> None:
    assert holiday.in_year(2024) == on(day)


@pytest.mark.parametrize(
    ("day", "kept"),
    [
        ("2026-12-25", "2026-12-25"),
        ("2027-12-25", "2027-12-24"),
        ("2022-12-25", "2022-12-26"),
    ],
    ids=["weekday", "Saturday", "Sunday"],
)
def test_holiday_is_observed_on_a_weekday(day: str, kept: str) -> None:
    assert observed(on(day)) == on(kept)


@pytest.mark.parametrize("holiday", [{}, {"weekday": 0}, {"nth": 1}, {"weekday": 0, "nth": 0}], ids=str)
def test_holiday_is_refused_when_no_day_can_be_found(holiday: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="give a day, or a weekday and its number in the month"):
        Holiday(name="Nothing", month=1, **holiday).in_year(2027)
