"""What is known of an order, in time: before and after, known and in force."""

from __future__ import annotations

import pytest

from orders.rules.facts import Facts, Happening
from tests.rules.orders import HARTFORD, at, happened, on, order

# Ten in the evening of 4 December in Hartford, where Greenwich already writes the 5th.
LATE = happened("served", "2026-12-04T22:00:00-05:00")
THAT_DAY = happened("heard", "2026-12-04")
NEXT_DAY = happened("heard", "2026-12-05")


@pytest.mark.parametrize(
    ("one", "other", "before"),
    [
        (LATE, happened("served", "2026-12-04T22:00:01-05:00"), True),
        (LATE, LATE, False),
        # Of two on one day only instants tell.
        (LATE, THAT_DAY, False),
        (THAT_DAY, LATE, False),
        (THAT_DAY, THAT_DAY, False),
        (LATE, NEXT_DAY, True),
        (NEXT_DAY, LATE, False),
    ],
)
def test_one_happens_before_another_on_the_courts_calendar(
    one: Happening, other: Happening, *, before: bool
) -> None:
    assert one.before(other, HARTFORD) is before


def test_happening_without_a_date_has_no_day() -> None:
    undated = Happening(kind="served")

    assert not undated.dated
    with pytest.raises(ValueError, match="served: give the instant or the day"):
        undated.day(HARTFORD)


@pytest.mark.parametrize(
    ("happening", "instant", "known"),
    [
        (LATE, "2026-12-04T22:00:00-05:00", True),
        (LATE, "2026-12-04T21:59:59-05:00", False),
        # A whole day counts from its beginning in the court's zone.
        (NEXT_DAY, "2026-12-05T00:00:00-05:00", True),
        (NEXT_DAY, "2026-12-04T23:59:59-05:00", False),
        # Set ahead: known before its day.
        (happened("hearing_scheduled", "2026-12-14"), "2026-12-04T12:00:00-05:00", True),
        (Happening(kind="served"), "2026-12-04T12:00:00-05:00", True),
    ],
)
def test_happening_is_known_from_its_date_on(happening: Happening, instant: str, *, known: bool) -> None:
    assert happening.known_by(at(instant), HARTFORD) is known
    facts = order(happenings=[happening])
    assert facts.known_by(at(instant), HARTFORD).happenings == ((happening,) if known else ())


def test_happenings_of_a_kind_come_in_the_order_of_the_courts_calendar() -> None:
    heard = [
        happened("heard", "2026-12-04"),
        happened("heard", "2026-12-04T22:00:00-05:00"),
        happened("heard", "2026-12-05", key="a"),
        happened("heard", "2026-12-05", key="b"),
        # What has no date comes last.
        Happening(kind="heard"),
    ]

    assert order(happenings=[LATE, *reversed(heard)]).of_kind("heard", HARTFORD) == heard


@pytest.mark.parametrize(
    ("facts", "instant", "stands"),
    [
        (order(), "2026-12-04T00:00:00-05:00", True),
        (order(), "2026-12-03T23:59:59-05:00", False),
        (order(expires_on=on("2026-12-18")), "2026-12-18T23:59:59-05:00", True),
        (order(expires_on=on("2026-12-18")), "2026-12-19T00:00:00-05:00", False),
        (order(happenings=[happened("vacated", "2026-12-10")]), "2026-12-09T23:59:59-05:00", True),
        (order(happenings=[happened("vacated", "2026-12-10")]), "2026-12-10T00:00:00-05:00", False),
        # Vacated at an unknown time is vacated; what else happened does not end an order.
        (order(happenings=[Happening(kind="vacated")]), "2026-12-09T12:00:00-05:00", False),
        (order(happenings=[LATE]), "2026-12-09T12:00:00-05:00", True),
    ],
)
def test_order_stands_from_issue_to_the_end_of_its_last_day_or_vacatur(
    facts: Facts, instant: str, *, stands: bool
) -> None:
    assert facts.in_force(at(instant), HARTFORD) is stands


@pytest.mark.parametrize(
    ("facts", "armed"),
    [
        (order(), False),
        (order(firearms_indicated=True), True),
        (order(permit_indicated=True), True),
        (order(firearms_listed=True), True),
    ],
    ids=["nothing", "box", "permit", "list"],
)
def test_any_indication_of_firearms_counts(facts: Facts, *, armed: bool) -> None:
    assert facts.armed is armed
