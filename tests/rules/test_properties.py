"""Properties of every plan, checked on generated orders."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from orders.rules.court_time import add_elapsed_hours, add_months, end_of_day, parse_instant
from orders.rules.explain import sentences
from orders.rules.facts import EVENT_KINDS, Event, Facts, Kind
from orders.rules.loading import load
from orders.rules.plan import plan
from orders.rules.planned import Clock, PlannedDeadline, Status
from orders.rules.words import languages

RULEBOOK = load()
AGAIN = load()
DAYS = st.dates(date(2015, 1, 1), date(2035, 12, 31))
INSTANTS = st.datetimes(
    datetime.fromisoformat("2015-01-01"), datetime.fromisoformat("2035-12-31"), timezones=st.just(UTC)
)
ZONES = sorted(name for name in available_timezones() if name not in {"localtime", "Factory"})


@st.composite
def events(draw: st.DrawFn) -> Event:
    whole_day = draw(st.booleans())
    return Event(
        kind=draw(st.sampled_from(sorted(EVENT_KINDS))),
        at=None if whole_day else draw(INSTANTS),
        on=draw(DAYS) if whole_day else None,
        key=draw(st.sampled_from(["", "a", "b"])),
        purpose=draw(st.sampled_from(["application", "compliance"])),
        complete=draw(st.booleans()),
        in_custody=draw(st.booleans()),
    )


@st.composite
def orders(draw: st.DrawFn) -> Facts:
    issued = draw(INSTANTS)
    return Facts(
        jurisdiction=draw(st.sampled_from(sorted(RULEBOOK.jurisdictions))),
        kind=draw(st.sampled_from(sorted(Kind))),
        issued_on=issued.date(),
        issued_at=draw(st.sampled_from([None, issued])),
        expires_on=draw(st.one_of(st.none(), DAYS)),
        firearms_indicated=draw(st.booleans()),
        permit_indicated=draw(st.booleans()),
        permit_known=draw(st.booleans()),
        firearms_listed=draw(st.booleans()),
        financial_support=draw(st.booleans()),
        events=tuple(draw(st.lists(events(), max_size=8))),
    )


def of_rule(planned: tuple[PlannedDeadline, ...], rule: str) -> list[tuple[object, ...]]:
    return [
        (one.occurrence, one.clock, one.opens, one.due, one.met) for one in planned if one.rule.id == rule
    ]


@settings(deadline=None, max_examples=150)
@given(orders())
def test_plan_is_the_same_when_made_again_with_a_rulebook_read_again(facts: Facts) -> None:
    assert plan(facts, RULEBOOK) == plan(facts, RULEBOOK)
    assert [(one.rule.id, one.due, one.checkpoints) for one in plan(facts, RULEBOOK)] == [
        (one.rule.id, one.due, one.checkpoints) for one in plan(facts, AGAIN)
    ]


@settings(deadline=None, max_examples=150)
@given(orders(), st.randoms())
def test_plan_does_not_depend_on_the_order_in_which_facts_are_given(
    facts: Facts, chance: random.Random
) -> None:
    shuffled = list(facts.events)
    chance.shuffle(shuffled)

    assert plan(replace(facts, events=tuple(shuffled)), RULEBOOK) == plan(facts, RULEBOOK)


@settings(deadline=None, max_examples=150)
@given(orders(), events())
def test_deadline_does_not_move_when_an_unrelated_fact_is_added(facts: Facts, more: Event) -> None:
    before = plan(facts, RULEBOOK)
    after = plan(replace(facts, events=(*facts.events, more)), RULEBOOK)

    for rule in RULEBOOK.binding(facts):
        related = {
            rule.starts,
            rule.else_starts,
            rule.not_before,
            rule.custody_starts,
            rule.due_starts,
            *rule.only_after,
            *(meeting.event for meeting in rule.met_by),
            "vacated",
        }
        # A deadline that counts from the order's end moves with the event that the end is computed from.
        from_end = "expiry" in related or rule.after_end
        if more.kind not in related and not from_end:
            assert of_rule(before, rule.id) == of_rule(after, rule.id)


@settings(deadline=None, max_examples=150)
@given(orders(), INSTANTS)
def test_every_deadline_is_consistent(facts: Facts, now: datetime) -> None:
    planned = plan(facts, RULEBOOK)

    names = [(one.rule.id, one.occurrence) for one in planned]
    assert len(set(names)) == len(names)
    for one in planned:
        assert (one.due is None) == (one.due_at is None)
        assert one.clock is not Clock.PASSED
        assert (one.clock is Clock.CANNOT_COMPUTE) == (one.status(now) is Status.CANNOT_COMPUTE)
        if one.clock is Clock.CANNOT_COMPUTE:
            assert one.missing
            assert not one.checkpoints
        if one.clock is Clock.RUNNING:
            assert one.due is not None
            assert one.met is None
        assert all(checkpoint.fires_at.tzinfo for checkpoint in one.checkpoints)
        for language in languages():
            said = sentences(one, language)
            assert said
            assert all("{" not in sentence and sentence.strip() for sentence in said)


@settings(deadline=None, max_examples=150)
@given(INSTANTS, st.sampled_from(ZONES))
def test_24_elapsed_hours_are_86400_seconds_in_every_zone_and_on_every_day(
    instant: datetime, zone: str
) -> None:
    local = instant.astimezone(ZoneInfo(zone))

    later = add_elapsed_hours(local, 24)

    assert (later - instant).total_seconds() == 86_400
    assert later.timestamp() - local.timestamp() == 86_400


def test_24_elapsed_hours_are_86400_seconds_around_every_change_of_the_clock() -> None:
    for name in ZONES:
        zone = ZoneInfo(name)
        for day in (date(2027, 3, 13), date(2027, 3, 14), date(2027, 11, 6), date(2027, 11, 7)):
            for hour in range(24):
                local = datetime(day.year, day.month, day.day, hour, 30, tzinfo=zone)
                assert add_elapsed_hours(local, 24).timestamp() - local.timestamp() == 86_400


@given(INSTANTS, st.sampled_from(ZONES))
def test_instant_is_read_back_as_it_is_written(instant: datetime, zone: str) -> None:
    local = instant.astimezone(ZoneInfo(zone)).replace(microsecond=0)
    written = local.isoformat()
    if written.count(":") == 3 and len(written) == len("2026-12-04T18:30:00-05:00"):
        # Compare instants: across zones, == is false for a wall time that occurs twice (PEP 495).
        assert parse_instant(written, ZoneInfo("UTC")).timestamp() == local.timestamp()


@given(DAYS, st.sampled_from(ZONES))
def test_next_day_begins_when_a_day_ends(day: date, zone: str) -> None:
    over = end_of_day(day, ZoneInfo(zone))

    assert over.astimezone(ZoneInfo(zone)).date() > day
    assert (over - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() <= day


@given(DAYS, st.integers(-60, 60))
def test_months_there_and_back_lose_at_most_the_days_a_short_month_lacks(day: date, months: int) -> None:
    back = add_months(add_months(day, months), -months)

    assert timedelta() <= day - back <= timedelta(days=3)


@given(DAYS, st.integers(1, 30))
def test_open_days_are_counted_by_hand_the_same(day: date, count: int) -> None:
    court = RULEBOOK.jurisdictions["us_ct"].calendar

    found = court.add_open_days(day, count)

    between = [day + timedelta(days=n) for n in range(1, (found - day).days + 1)]
    assert sum(court.is_open(one) for one in between) == count
    assert court.is_open(found)
