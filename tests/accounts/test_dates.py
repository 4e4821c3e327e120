"""Dates and times as people in the United States read and type them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils.formats import date_format, time_format

from accounts.dates import (
    COURT_TIME,
    ClockError,
    format_birth_date,
    format_clock,
    format_day,
    format_instant,
    parse_clock,
)

CHICAGO = ZoneInfo("America/Chicago")
AFTERNOON = datetime(2026, 11, 28, 18, 37, 45, tzinfo=UTC)


def test_what_ends_at_midnight_ends_with_the_day_before() -> None:
    shown = Template("{% load us_time %}{{ at|last_day }}; {{ at|last_day:'es' }}")

    midnight = datetime(2027, 3, 2, tzinfo=COURT_TIME)
    assert shown.render(Context({"at": midnight})) == "Mon, Mar 1, 2027; lun., 1 mar 2027"
    noon = datetime(2027, 3, 1, 12, tzinfo=COURT_TIME)
    assert shown.render(Context({"at": noon})) == "Mon, Mar 1, 2027; lun., 1 mar 2027"
    assert shown.render(Context({"at": None})) == "; "


def test_a_day_in_both_languages() -> None:
    assert format_day(date(2026, 11, 28)) == "Sat, Nov 28, 2026"
    assert format_day(date(2026, 11, 28), "es") == "sáb., 28 nov 2026"
    assert format_day(date(2027, 1, 6)) == "Wed, Jan 6, 2027"
    assert format_day(date(2027, 1, 6), "es") == "mié., 6 ene 2027"


@pytest.mark.parametrize(
    ("clock", "english", "spanish"),
    [
        (time(0, 0), "12:00 a.m.", "12:00 a. m."),
        (time(0, 5), "12:05 a.m.", "12:05 a. m."),
        (time(9, 30), "9:30 a.m.", "9:30 a. m."),
        (time(11, 59, 59), "11:59 a.m.", "11:59 a. m."),
        (time(12, 0), "12:00 p.m.", "12:00 p. m."),
        (time(13, 37), "1:37 p.m.", "1:37 p. m."),
        (time(23, 59), "11:59 p.m.", "11:59 p. m."),
    ],
)
def test_a_time_of_day(clock: time, english: str, spanish: str) -> None:
    assert format_clock(clock) == english
    assert format_clock(clock, "es") == spanish


def test_a_date_of_birth_has_no_weekday() -> None:
    assert format_birth_date(date(1980, 2, 29)) == "Feb 29, 1980"


def test_seconds_are_shown_where_they_are_asked_for() -> None:
    assert format_instant(AFTERNOON, seconds=True) == "Sat, Nov 28, 2026, 1:37:45 p.m."


def test_an_instant_of_court_time_needs_no_zone() -> None:
    assert format_instant(AFTERNOON) == "Sat, Nov 28, 2026, 1:37 p.m."
    assert format_instant(AFTERNOON, COURT_TIME, "es") == "sáb., 28 nov 2026, 1:37 p. m."
    assert format_instant(AFTERNOON, names_zone=True) == "Sat, Nov 28, 2026, 1:37 p.m. EST"


def test_another_clock_is_named() -> None:
    assert format_instant(AFTERNOON, CHICAGO) == "Sat, Nov 28, 2026, 12:37 p.m. CST"
    assert format_instant(AFTERNOON, ZoneInfo("America/Detroit")) == "Sat, Nov 28, 2026, 1:37 p.m."


def test_the_hour_that_happens_twice_names_its_zone() -> None:
    first, second = datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)

    assert format_instant(first) == "Sun, Nov 1, 2026, 1:30 a.m. EDT"
    assert format_instant(second) == "Sun, Nov 1, 2026, 1:30 a.m. EST"
    assert format_instant(datetime(2026, 11, 1, 7, 30, tzinfo=UTC)) == "Sun, Nov 1, 2026, 2:30 a.m."


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("7pm", time(19)),
        ("7 PM", time(19)),
        ("7:15p", time(19, 15)),
        ("7:15 PM", time(19, 15)),
        ("7:15 p. m.", time(19, 15)),
        ("715p", time(19, 15)),
        ("7.15 pm", time(19, 15)),
        ("9:30 a.m.", time(9, 30)),
        ("9:30a.m", time(9, 30)),
        (" 09:30 AM ", time(9, 30)),
        ("1915", time(19, 15)),
        ("0715", time(7, 15)),
        ("7:15", time(7, 15)),
        ("19:15", time(19, 15)),
        ("19:15:30", time(19, 15, 30)),
        ("12am", time(0)),
        ("12:01 a.m.", time(0, 1)),
        ("12 p.m.", time(12)),
        ("00:00", time(0)),
        ("noon", time(12)),
        ("12 Noon", time(12)),
        ("12:00 noon", time(12)),
    ],
)
def test_what_people_type_is_read(typed: str, read: time) -> None:
    assert parse_clock(typed) == read


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("midnight", "the start or the end of a day. Write 12:00 a.m."),
        ("12 midnight", "the start or the end of a day."),
        ("7", "“7” can be morning or afternoon. Write 7 a.m. or 7 p.m."),
        ("12", "can be morning or afternoon"),
        ("19", "is not a time of day. Write 6:30 p.m., 18:30 or noon."),
        ("", "is not a time of day"),
        ("half past four", "is not a time of day"),
        ("14:00 pm", "is not a time of day"),
        ("0:30 am", "is not a time of day"),
        ("25:00", "is not a time of day"),
        ("24:00", "is not a time of day"),
        ("12:60", "is not a time of day"),
        ("1970", "is not a time of day"),
        ("7 m", "is not a time of day"),
        ("7:1 pm", "is not a time of day"),
        ("19155", "is not a time of day"),
        ("\u0667pm", "is not a time of day"),
    ],
)
def test_what_is_no_time_or_two_times_is_refused(typed: str, problem: str) -> None:
    with pytest.raises(ClockError) as refused:
        parse_clock(typed)
    assert problem in str(refused.value)


def test_every_minute_is_read_back_as_it_is_shown() -> None:
    for minute in range(24 * 60):
        clock = time(minute // 60, minute % 60)
        assert parse_clock(format_clock(clock)) == parse_clock(format_clock(clock, "es")) == clock
        assert parse_clock(f"{clock:%H%M}") == parse_clock(f"{clock:%H:%M}") == clock


def test_templates_and_the_admin_show_the_same() -> None:
    shown = Template(
        "{% load us_time %}{{ at|us_time }}|{{ day|us_time:'es' }}|{{ clock|us_time }}|{{ no|us_time }}"
    )
    facts = {"at": AFTERNOON, "day": date(2026, 11, 28), "clock": time(13, 37), "no": None}

    assert shown.render(Context(facts)) == "Sat, Nov 28, 2026, 1:37 p.m.|sáb., 28 nov 2026|1:37 p.m.|"
    local = AFTERNOON.astimezone(COURT_TIME)
    assert date_format(local, "DATETIME_FORMAT") == format_instant(AFTERNOON)
    assert date_format(local.date(), "DATE_FORMAT") == format_day(local.date())
    assert time_format(local.time(), "TIME_FORMAT") == format_clock(local.time())


def test_no_sentence_that_ends_with_a_time_has_two_stops() -> None:
    ends = re.compile(r"\{format_(?:instant|short|clock)\((?:[^{}()]|\([^()]*\))*\)\}\.(?![a-z])")
    root = Path(__file__).parents[2]
    apps = ("accounts", "ctcompliance", "guidance", "notifications", "orders")
    files = [one for app in apps for one in (root / app).rglob("*.py")]
    assert [one.name for one in files if ends.search(one.read_text(encoding="utf-8"))] == []
    assert ends.search("on {format_instant(at, zone)}. Correct it.")

    shown = Template("{% load us_time %}Until {{ at|us_time|before_stop }}.")
    assert shown.render(Context({"at": AFTERNOON})) == "Until Sat, Nov 28, 2026, 1:37 p.m."
