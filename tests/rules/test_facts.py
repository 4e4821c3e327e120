"""Facts in time: before and after, known, in force."""

from __future__ import annotations

import pytest

from orders.rules.facts import DutyProof, Event, Facts
from tests.rules.orders import HARTFORD, at, happened, on, order

# 10 p.m. on December 4 in Hartford, already December 5 in UTC.
LATE = happened("served", "2026-12-04T22:00:00-05:00")
THAT_DAY = happened("heard", "2026-12-04")
NEXT_DAY = happened("heard", "2026-12-05")


@pytest.mark.parametrize(
    ("one", "other", "before"),
    [
        (LATE, happened("served", "2026-12-04T22:00:01-05:00"), True),
        (LATE, LATE, False),
        # Of two events on one day, only instants decide.
        (LATE, THAT_DAY, False),
        (THAT_DAY, LATE, False),
        (THAT_DAY, THAT_DAY, False),
        (LATE, NEXT_DAY, True),
        (NEXT_DAY, LATE, False),
    ],
)
def test_one_happens_before_another_on_the_courts_calendar(one: Event, other: Event, *, before: bool) -> None:
    assert one.before(other, HARTFORD) is before


def test_event_without_a_date_has_no_day() -> None:
    undated = Event(kind="served")

    assert not undated.dated
    with pytest.raises(ValueError, match="served: give an instant or a day"):
        undated.day(HARTFORD)


@pytest.mark.parametrize(
    ("event", "instant", "known"),
    [
        (LATE, "2026-12-04T22:00:00-05:00", True),
        (LATE, "2026-12-04T21:59:59-05:00", False),
        # A whole day counts from its beginning in the court's zone.
        (NEXT_DAY, "2026-12-05T00:00:00-05:00", True),
        (NEXT_DAY, "2026-12-04T23:59:59-05:00", False),
        # Set for a later day: known before it.
        (happened("hearing_scheduled", "2026-12-14"), "2026-12-04T12:00:00-05:00", True),
        (Event(kind="served"), "2026-12-04T12:00:00-05:00", True),
    ],
)
def test_event_is_known_from_its_date_on(event: Event, instant: str, *, known: bool) -> None:
    assert event.known_by(at(instant), HARTFORD) is known
    facts = order(events=[event])
    assert facts.known_by(at(instant), HARTFORD).events == ((event,) if known else ())


def test_events_of_a_kind_come_in_the_order_of_the_courts_calendar() -> None:
    heard = [
        happened("heard", "2026-12-04"),
        happened("heard", "2026-12-04T22:00:00-05:00"),
        happened("heard", "2026-12-05", key="a"),
        happened("heard", "2026-12-05", key="b"),
        happened("heard", "2026-12-06"),
        happened("heard", "2026-12-06", proof=DutyProof.FOUND),
        happened("heard", "2026-12-06", proof=DutyProof.SWORN),
        # Events without a date come last.
        Event(kind="heard"),
    ]

    assert order(events=[LATE, *reversed(heard)]).of_kind("heard", HARTFORD) == heard


@pytest.mark.parametrize(
    ("facts", "instant", "in_force"),
    [
        (order(), "2026-12-04T00:00:00-05:00", True),
        (order(), "2026-12-03T23:59:59-05:00", False),
        (order(expires_on=on("2026-12-18")), "2026-12-18T23:59:59-05:00", True),
        (order(expires_on=on("2026-12-18")), "2026-12-19T00:00:00-05:00", False),
        (order(events=[happened("vacated", "2026-12-10")]), "2026-12-09T23:59:59-05:00", True),
        (order(events=[happened("vacated", "2026-12-10")]), "2026-12-10T00:00:00-05:00", False),
        # An order vacated at an unknown time is vacated; other events do not end an order.
        (order(events=[Event(kind="vacated")]), "2026-12-09T12:00:00-05:00", False),
        (order(events=[LATE]), "2026-12-09T12:00:00-05:00", True),
    ],
)
def test_facts_are_in_force_from_issue_to_the_end_of_the_last_day_or_vacatur(
    facts: Facts, instant: str, *, in_force: bool
) -> None:
    assert facts.in_force(at(instant), HARTFORD) is in_force


@pytest.mark.parametrize(
    ("facts", "armed"),
    [
        (order(), False),
        (order(firearms_indicated=True), True),
        (order(permit_indicated=True), True),
        (order(permit_known=True), True),
        (order(firearms_listed=True), True),
    ],
    ids=["nothing", "box", "permit", "known later", "list"],
)
def test_any_indication_of_firearms_counts(facts: Facts, *, armed: bool) -> None:
    assert facts.armed is armed
