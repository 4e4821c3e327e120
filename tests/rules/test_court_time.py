from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from orders.rules.court_time import (
    AmbiguousTimeError,
    NonexistentTimeError,
    TimeError,
    add_elapsed_hours,
    add_months,
    at_wall,
    end_of_day,
    from_wall,
    local_date,
    parse_instant,
)
from tests.rules.orders import HARTFORD, at, on, utc

CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2026-12-04T18:30:00-05:00", HARTFORD, "2026-12-04T23:30:00"),
        ("2026-12-04T18:30-05:00", HARTFORD, "2026-12-04T23:30:00"),
        ("2026-12-04 18:30", HARTFORD, "2026-12-04T23:30:00"),
        ("2026-12-04T18:30", CHICAGO, "2026-12-05T00:30:00"),
        ("2026-07-04T12:00:00", HARTFORD, "2026-07-04T16:00:00"),
        ("2026-12-04T23:30:00Z", HARTFORD, "2026-12-04T23:30:00"),
        ("2026-12-04T23:30:00.250Z", HARTFORD, "2026-12-04T23:30:00.250"),
        # The given offset decides, even if it is not that of the court.
        ("2026-12-04T12:00+14:00", HARTFORD, "2026-12-03T22:00:00"),
        # With an offset, each of the two 01:30 of November 7, 2027, is certain.
        ("2027-11-07T01:30-04:00", HARTFORD, "2027-11-07T05:30:00"),
        ("2027-11-07T01:30-05:00", HARTFORD, "2027-11-07T06:30:00"),
        # The last and the first certain wall times around both changes.
        ("2027-03-14T01:59:59", HARTFORD, "2027-03-14T06:59:59"),
        ("2027-03-14T03:00", HARTFORD, "2027-03-14T07:00:00"),
        ("2027-11-07T00:59:59", HARTFORD, "2027-11-07T04:59:59"),
        ("2027-11-07T02:00", HARTFORD, "2027-11-07T07:00:00"),
        ("2027-03-14T03:00", CHICAGO, "2027-03-14T08:00:00"),
        ("1900-01-01T12:00", HARTFORD, "1900-01-01T17:00:00"),
        ("2199-12-31T12:00", HARTFORD, "2199-12-31T17:00:00"),
    ],
)
def test_instant_is_found_when_text_is_certain(text: str, zone: ZoneInfo, instant: str) -> None:
    assert parse_instant(text, zone) == utc(instant)


@pytest.mark.parametrize(
    ("text", "error", "code"),
    [
        ("", TimeError, "invalid_timestamp"),
        ("yesterday", TimeError, "invalid_timestamp"),
        ("2026-12-04", TimeError, "invalid_timestamp"),
        ("12/04/2026 18:30", TimeError, "invalid_timestamp"),
        ("2026-12-04T18", TimeError, "invalid_timestamp"),
        ("2026-12-04T18:30 EST", TimeError, "invalid_timestamp"),
        ("2026-12-04T18:30-05:00 ", TimeError, "invalid_timestamp"),
        ("2026-12-04T24:00", TimeError, "invalid_timestamp"),
        ("2026-02-29T12:00", TimeError, "invalid_timestamp"),
        ("2026-13-01T12:00", TimeError, "invalid_timestamp"),
        ("2026-12-04T12:60", TimeError, "invalid_timestamp"),
        ("2026-12-04T12:00+14:01", TimeError, "invalid_timestamp"),
        ("2026-12-04T12:00-23:00", TimeError, "invalid_timestamp"),
        ("2026-12-04T12:00+25:00", TimeError, "invalid_timestamp"),
        ("0001-01-01T00:00+14:00", TimeError, "invalid_timestamp"),
        ("1899-12-31T23:59", TimeError, "invalid_timestamp"),
        ("9999-12-31T23:30", TimeError, "invalid_timestamp"),
        ("2200-01-01T00:00", TimeError, "invalid_timestamp"),
        ("٢٠٢٦-12-04T18:30", TimeError, "invalid_timestamp"),
        ("2027-11-07T01:00", AmbiguousTimeError, "ambiguous_local_time"),
        ("2027-11-07T01:59:59", AmbiguousTimeError, "ambiguous_local_time"),
        ("2027-03-14T02:00", NonexistentTimeError, "nonexistent_local_time"),
        ("2027-03-14T02:59:59", NonexistentTimeError, "nonexistent_local_time"),
    ],
)
def test_time_is_refused_when_text_is_not_one_instant(text: str, error: type[TimeError], code: str) -> None:
    with pytest.raises(TimeError) as refused:
        parse_instant(text, HARTFORD)

    assert type(refused.value) is error
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("noon", "“noon” is not a time. Write it as 2026-12-04T18:30-05:00 or 2026-12-04T18:30."),
        ("2026-02-29T12:00", "“2026-02-29T12:00” is not a date and time of the calendar."),
        ("2200-01-01T00:00", "“2200-01-01T00:00” is not in a year from 1900 to 2199."),
        (
            "2026-12-04T12:00+14:01",
            "“2026-12-04T12:00+14:01” has an offset from UTC that is not in use anywhere.",
        ),
    ],
    ids=["form", "calendar", "year", "offset"],
)
def test_message_names_the_problem_with_the_text(text: str, message: str) -> None:
    with pytest.raises(TimeError) as refused:
        parse_instant(text, HARTFORD)

    assert str(refused.value) == message


@pytest.mark.parametrize("zone", [HARTFORD, CHICAGO], ids=str)
def test_message_names_both_offsets_when_wall_time_occurs_twice(zone: ZoneInfo) -> None:
    with pytest.raises(AmbiguousTimeError) as refused:
        from_wall(datetime.fromisoformat("2027-11-07T01:30"), zone)

    first, second = {HARTFORD: ("-0400", "-0500"), CHICAGO: ("-0500", "-0600")}[zone]
    assert str(refused.value) == (
        "2027-11-07 01:30 occurs twice because the clock goes back that night. "
        f"Add the offset: {first} for the first time, {second} for the second."
    )


@pytest.mark.parametrize("zone", [HARTFORD, CHICAGO], ids=str)
def test_message_asks_for_the_clock_when_wall_time_does_not_occur(zone: ZoneInfo) -> None:
    with pytest.raises(NonexistentTimeError) as refused:
        from_wall(datetime.fromisoformat("2027-03-14T02:30"), zone)

    assert str(refused.value) == (
        "2027-03-14 02:30 does not occur because the clock goes forward that night. "
        "Enter the time that the clock showed."
    )


def test_instant_keeps_the_zone_that_its_wall_time_was_read_in() -> None:
    assert parse_instant("2026-12-04T18:30", HARTFORD).tzinfo is HARTFORD


@pytest.mark.parametrize(
    ("instant", "zone", "day"),
    [
        ("2026-12-05T04:59:59+00:00", HARTFORD, "2026-12-04"),
        ("2026-12-05T05:00:00+00:00", HARTFORD, "2026-12-05"),
        ("2026-12-05T05:00:00+00:00", CHICAGO, "2026-12-04"),
    ],
)
def test_day_is_that_of_the_zone(instant: str, zone: ZoneInfo, day: str) -> None:
    assert local_date(at(instant), zone) == on(day)


@pytest.mark.parametrize(
    ("day", "clock", "instant"),
    [
        ("2026-12-04", time(9), "2026-12-04T14:00:00"),
        ("2027-07-01", time(9), "2027-07-01T13:00:00"),
        # 02:30 does not occur: two and a half hours after midnight the clock shows 03:30.
        ("2027-03-14", time(2, 30), "2027-03-14T07:30:00"),
        # 01:30 occurs twice: the first is used.
        ("2027-11-07", time(1, 30), "2027-11-07T05:30:00"),
    ],
)
def test_chosen_time_of_day_always_has_an_instant(day: str, clock: time, instant: str) -> None:
    found = at_wall(on(day), clock, HARTFORD)

    assert found == utc(instant)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("day", "hours"), [("2027-03-14", 23), ("2027-03-15", 24), ("2027-11-07", 25)], ids=str
)
def test_whole_day_counts_when_clock_changes(day: str, hours: int) -> None:
    length = end_of_day(on(day), HARTFORD) - at_wall(on(day), time.min, HARTFORD)

    assert length == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("instant", "hours", "later"),
    [
        ("2026-12-04T18:30:00-05:00", 24, "2026-12-05T18:30:00-05:00"),
        ("2027-03-13T12:00:00-05:00", 24, "2027-03-14T13:00:00-04:00"),
        ("2027-11-06T15:00:00-04:00", 24, "2027-11-07T14:00:00-05:00"),
        ("2027-11-07T01:00:00-04:00", 24, "2027-11-08T00:00:00-05:00"),
        ("2026-12-04T18:30:00-05:00", -6, "2026-12-04T12:30:00-05:00"),
    ],
)
def test_hours_are_elapsed_hours(instant: str, hours: int, later: str) -> None:
    found = add_elapsed_hours(at(instant), hours)

    assert found == at(later)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ("2026-09-01", 6, "2027-03-01"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2027-08-31", 6, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2026-12-31", 1, "2027-01-31"),
        ("2027-01-31", -2, "2026-11-30"),
        ("2026-12-14", 12, "2027-12-14"),
    ],
)
def test_month_is_a_calendar_month_clamped_to_its_last_day(day: str, months: int, later: str) -> None:
    assert add_months(on(day), months) == on(later)
