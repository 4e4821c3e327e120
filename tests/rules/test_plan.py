"""The deadlines of an order: surrender, hearings, notice to police, the order's end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orders.rules.explain import missing_facts, sentences
from orders.rules.facts import Event, Facts, Kind
from orders.rules.plan import in_force, last_day, plan
from orders.rules.planned import Clock, Moment, Status
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import Purpose
from tests.rules.orders import at, deadline, deadlines, happened, on, order

SERVED = happened("served", "2026-12-04T18:30:00-05:00")
DUE = at("2026-12-05T18:30:00-05:00")


def armed(*events: Event, **more: Any) -> Facts:
    return order(firearms_indicated=True, events=events, **more)


# --- CT-SUR-01: surrender within 24 hours -------------------------------------------------------------------


def test_clock_has_not_started_when_order_is_not_served(rulebook: Rulebook) -> None:
    planned = deadline(armed(), rulebook, "CT-SUR-01")

    assert planned.clock is Clock.NOT_STARTED
    assert planned.awaits == "served"
    assert planned.due is None
    assert planned.checkpoints == ()
    assert planned.status(DUE) is Status.NOT_STARTED
    assert planned.clock_at(DUE) is Clock.NOT_STARTED


def test_surrender_is_due_24_hours_after_service(rulebook: Rulebook) -> None:
    planned = deadline(armed(SERVED), rulebook, "CT-SUR-01")

    assert planned.clock is Clock.RUNNING
    assert planned.due_at == DUE
    assert [(one.name, one.purpose, one.fires_at) for one in planned.checkpoints] == [
        ("remind-6h", Purpose.REMIND, DUE - timedelta(hours=6)),
        ("check", Purpose.CHECK, DUE),
        ("escalate-24h", Purpose.ESCALATE, DUE + timedelta(hours=24)),
    ]


@pytest.mark.parametrize(
    ("surrendered", "status", "clock"),
    [
        (None, Status.OVERDUE, Clock.PASSED),
        ("2026-12-04T19:00:00-05:00", Status.MET_ON_TIME, Clock.STOPPED),
        ("2026-12-05T18:30:00-05:00", Status.MET_ON_TIME, Clock.STOPPED),  # exactly 24 hours
        ("2026-12-05T18:30:01-05:00", Status.MET_LATE, Clock.STOPPED),
        ("2026-12-05T18:31:00-05:00", Status.MET_LATE, Clock.STOPPED),
        ("2026-12-04T09:00:00-05:00", Status.MET_ON_TIME, Clock.STOPPED),  # before service
        ("2026-12-05", Status.MET_ON_TIME, Clock.STOPPED),  # on the day it is due, the time unknown
        ("2026-12-06", Status.MET_LATE, Clock.STOPPED),
    ],
)
def test_surrender_is_in_time_when_it_is_not_after_the_instant(
    rulebook: Rulebook, surrendered: str | None, status: Status, clock: Clock
) -> None:
    proof = [happened("surrendered", surrendered, complete=True)] if surrendered else []

    planned = deadline(armed(SERVED, *proof), rulebook, "CT-SUR-01")

    assert planned.status(at("2026-12-07T09:00:00-05:00")) is status
    assert planned.clock_at(at("2026-12-07T09:00:00-05:00")) is clock


@pytest.mark.parametrize(
    ("now", "status"),
    [
        ("2026-12-05T18:29:59-05:00", Status.OPEN),
        ("2026-12-05T18:30:00-05:00", Status.OPEN),  # the instant itself is in time
        ("2026-12-05T18:30:00.000001-05:00", Status.OVERDUE),
    ],
)
def test_deadline_is_overdue_only_after_its_instant(rulebook: Rulebook, now: str, status: Status) -> None:
    assert deadline(armed(SERVED), rulebook, "CT-SUR-01").status(at(now)) is status


def test_part_of_the_firearms_does_not_meet_it(rulebook: Rulebook) -> None:
    part = happened("surrendered", "2026-12-05T10:00:00-05:00")

    assert deadline(armed(SERVED, part), rulebook, "CT-SUR-01").met is None


@pytest.mark.parametrize(
    ("more", "met"),
    [
        ({}, True),
        ({"firearms_indicated": True}, False),
        ({"permit_indicated": True}, False),
        ({"firearms_listed": True}, False),
    ],
    ids=str,
)
def test_denial_meets_it_only_when_nothing_speaks_against_it(
    *, rulebook: Rulebook, more: dict[str, Any], met: bool
) -> None:
    denial = happened("non_possession_stated", "2026-12-05T10:00:00-05:00")

    planned = deadline(order(events=[SERVED, denial], **more), rulebook, "CT-SUR-01")

    assert (planned.met is not None) is met


def test_there_are_no_checkpoints_when_nothing_indicates_firearms(rulebook: Rulebook) -> None:
    planned = deadline(order(events=[SERVED]), rulebook, "CT-SUR-01")

    assert planned.due_at == DUE
    assert planned.checkpoints == ()


def test_first_service_starts_the_clock_when_there_are_two(rulebook: Rulebook) -> None:
    again = happened("served", "2026-12-06T10:00:00-05:00")

    assert deadline(armed(again, SERVED), rulebook, "CT-SUR-01").due_at == DUE


def test_service_in_custody_starts_the_clock_in_connecticut_and_is_flagged(rulebook: Rulebook) -> None:
    served = happened("served", "2026-12-04T18:30:00-05:00", in_custody=True)
    released = happened("released_from_custody", "2026-12-20T10:00:00-05:00")

    planned = deadline(armed(served, released), rulebook, "CT-SUR-01")

    assert planned.due_at == DUE
    assert any("in custody when served" in sentence for sentence in sentences(planned))


def test_deadline_moves_when_service_is_corrected(rulebook: Rulebook) -> None:
    before = deadline(armed(SERVED), rulebook, "CT-SUR-01")
    after = deadline(armed(happened("served", "2026-12-04T19:30:00-05:00")), rulebook, "CT-SUR-01")

    hour = timedelta(hours=1)
    assert before.due_at
    assert after.due_at
    assert after.due_at - before.due_at == hour
    moved = zip(before.checkpoints, after.checkpoints, strict=True)
    assert all(new.fires_at - old.fires_at == hour and new.name == old.name for old, new in moved)


def test_nothing_is_guessed_when_time_of_service_is_unknown(rulebook: Rulebook) -> None:
    planned = deadline(armed(happened("served", "2026-12-04")), rulebook, "CT-SUR-01")

    assert planned.clock is Clock.CANNOT_COMPUTE
    assert missing_facts(planned) == ("the time of day of “the order was served”",)
    assert planned.status(DUE) is Status.CANNOT_COMPUTE
    assert planned.due_at is None
    assert "the time of day of “the order was served” is not recorded" in sentences(planned)[0]


def test_nothing_is_guessed_when_service_has_no_date(rulebook: Rulebook) -> None:
    undated = Event(kind="served")

    planned = deadline(armed(undated), rulebook, "CT-SUR-01")

    assert planned.clock is Clock.CANNOT_COMPUTE
    assert missing_facts(planned) == ("the day of “the order was served”",)
    # One with a date goes before it.
    assert deadline(armed(undated, SERVED), rulebook, "CT-SUR-01").due_at == DUE


def test_surrender_without_a_date_meets_nothing(rulebook: Rulebook) -> None:
    undated = Event(kind="surrendered", complete=True)

    assert deadline(armed(SERVED, undated), rulebook, "CT-SUR-01").met is None


@pytest.mark.parametrize("kind", [Kind.RESTRAINING_ORDER_APPLICATION, Kind.RISK_PROTECTION_ORDER])
def test_rule_is_absent_when_it_does_not_bind_the_kind(rulebook: Rulebook, kind: Kind) -> None:
    assert deadlines(order(kind, events=[SERVED]), rulebook, "CT-SUR-01") == []


def test_rule_is_absent_before_its_first_value(rulebook: Rulebook) -> None:
    assert deadlines(order(issued="2016-09-30", events=[SERVED]), rulebook, "CT-SUR-01") == []


# --- hearings, and service before them ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "firearms", "rule"),
    [
        (Kind.EX_PARTE_RESTRAINING_ORDER, True, "CT-HRG-07"),
        (Kind.EX_PARTE_RESTRAINING_ORDER, False, "CT-HRG-14"),
        # Seven days need both the box and an ex parte order.
        (Kind.RESTRAINING_ORDER_APPLICATION, True, "CT-HRG-14"),
        (Kind.RESTRAINING_ORDER_APPLICATION, False, "CT-HRG-14"),
        (Kind.RESTRAINING_ORDER, True, None),
    ],
)
def test_hearing_is_within_seven_days_only_with_firearms_and_an_ex_parte_order(
    *, rulebook: Rulebook, kind: Kind, firearms: bool, rule: str | None
) -> None:
    planned = plan(order(kind, firearms_indicated=firearms), rulebook)

    limits = {one.rule.id for one in planned} & {"CT-HRG-07", "CT-HRG-14"}
    assert limits == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("events", "met", "status"),
    [
        ([], None, Status.OVERDUE),
        ([happened("hearing_scheduled", "2026-12-21T10:00:00-05:00")], "2026-12-21", Status.MET_ON_TIME),
        ([happened("hearing_scheduled", "2026-12-22")], None, Status.OVERDUE),
        ([happened("hearing_scheduled", "2026-12-18", purpose="compliance")], None, Status.OVERDUE),
        ([happened("heard", "2026-12-23")], "2026-12-23", Status.MET_LATE),
    ],
)
def test_hearing_limit_is_met_by_a_hearing_set_in_time_or_held(
    rulebook: Rulebook, events: list[Event], met: str | None, status: Status
) -> None:
    facts = armed(*events, issued="2026-12-14")

    planned = deadline(facts, rulebook, "CT-HRG-07")

    assert (planned.met.day(planned.jurisdiction) if planned.met else None) == (on(met) if met else None)
    assert planned.status(at("2026-12-24T09:00:00-05:00")) is status


def test_whole_last_day_counts_when_days_are_counted(rulebook: Rulebook) -> None:
    planned = deadline(armed(issued="2026-12-14"), rulebook, "CT-HRG-07")

    assert planned.due == Moment(on=on("2026-12-21"))
    assert planned.due_at == at("2026-12-22T00:00:00-05:00")
    assert planned.status(at("2026-12-21T23:59:59-05:00")) is Status.OPEN
    assert planned.status(at("2026-12-22T00:00:00-05:00")) is Status.OVERDUE


def test_closed_last_day_names_the_open_days_around_it(rulebook: Rulebook) -> None:
    planned = deadline(armed(issued="2026-12-18"), rulebook, "CT-HRG-07")

    assert planned.due == Moment(on=on("2026-12-25"))
    assert planned.last_open_day == on("2026-12-24")
    assert planned.closed_day_moves_to == on("2026-12-28")


def test_special_closing_moves_the_days_around_it(rulebook: Rulebook) -> None:
    closed = rulebook.with_closings({"us_ct": {on("2026-12-21"): "Snow"}})

    planned = deadline(armed(issued="2026-12-14"), closed, "CT-HRG-07")

    assert planned.last_open_day == on("2026-12-18")
    assert planned.closed_day_moves_to == on("2026-12-22")
    assert any("(Snow)" in sentence for sentence in sentences(planned))


def test_hearing_on_a_closed_day_is_held_on_the_next_open_one(rulebook: Rulebook) -> None:
    facts = armed(happened("hearing_scheduled", "2026-12-25"), issued="2026-12-18")

    assert deadline(facts, rulebook, "CT-HRG-CLOSED").due == Moment(on=on("2026-12-28"))


def test_no_closed_day_rule_when_the_hearing_is_on_an_open_day(rulebook: Rulebook) -> None:
    facts = armed(happened("hearing_scheduled", "2026-12-24"), issued="2026-12-18")

    assert deadlines(facts, rulebook, "CT-HRG-CLOSED") == []


def test_service_counts_back_from_the_newest_hearing_date(rulebook: Rulebook) -> None:
    facts = armed(
        happened("hearing_scheduled", "2026-12-21"),
        happened("hearing_scheduled", "2027-01-04"),
        issued="2026-12-14",
    )

    planned = deadline(facts, rulebook, "CT-SVC-02")

    assert planned.due == Moment(on=on("2027-01-01"))
    assert planned.alternative_on == on("2026-12-31")


@pytest.mark.parametrize(("issued", "due"), [("2016-09-30", "2016-10-05"), ("2016-10-01", "2016-10-07")])
def test_value_in_force_on_the_day_of_issue_decides(rulebook: Rulebook, issued: str, due: str) -> None:
    facts = order(issued=issued, events=[happened("hearing_scheduled", "2016-10-10")])

    assert deadline(facts, rulebook, "CT-SVC-02").due == Moment(on=on(due))


def test_each_compliance_hearing_is_a_deadline_of_its_own(rulebook: Rulebook) -> None:
    first = happened("hearing_scheduled", "2026-12-18T10:00:00-05:00", purpose="compliance", key="a")
    second = happened("hearing_scheduled", "2027-01-15T10:00:00-05:00", purpose="compliance", key="b")
    held = happened("heard", "2026-12-18T09:55:00-05:00", purpose="compliance")

    planned = deadlines(armed(second, first, held), rulebook, "CT-CMP-01")

    assert [(one.occurrence, one.met is not None) for one in planned] == [("a", True), ("b", False)]


def test_two_of_one_day_have_different_names_when_neither_has_a_key(rulebook: Rulebook) -> None:
    morning = happened("hearing_scheduled", "2026-12-18T10:00:00-05:00", purpose="compliance")
    afternoon = happened("hearing_scheduled", "2026-12-18T14:00:00-05:00", purpose="compliance")

    planned = deadlines(armed(afternoon, morning), rulebook, "CT-CMP-01")

    assert [one.occurrence for one in planned] == ["2026-12-18", "2026-12-18#2"]


# --- 48 hours to notify police ------------------------------------------------------------------------------


def test_police_are_notified_within_48_hours_of_issue(rulebook: Rulebook) -> None:
    facts = armed(issued="2026-12-11", issued_at=at("2026-12-11T16:45:00-05:00"))

    assert deadline(facts, rulebook, "CT-LE-48").due_at == at("2026-12-13T16:45:00-05:00")


def test_nothing_is_guessed_when_the_time_of_issue_is_unknown(rulebook: Rulebook) -> None:
    assert missing_facts(deadline(armed(), rulebook, "CT-LE-48")) == (
        "the time of day of “the order was issued”",
    )


# --- the order's end, extension, vacatur --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("issued", "printed", "ends"),
    [
        ("2026-12-14", None, "2027-12-14"),
        ("2028-02-29", None, "2029-02-28"),
        ("2026-12-14", "2027-06-14", "2027-06-14"),
        ("2026-12-14", "2027-12-31", "2027-12-31"),
    ],
)
def test_printed_last_day_goes_before_the_computed_one(
    rulebook: Rulebook, issued: str, printed: str | None, ends: str
) -> None:
    facts = order(Kind.RESTRAINING_ORDER, issued, expires_on=on(printed) if printed else None)

    assert last_day(facts, rulebook) == on(ends)
    assert deadline(facts, rulebook, "CT-ORD-01").due == Moment(on=on(ends))


def test_computed_day_is_shown_beside_the_printed_one(rulebook: Rulebook) -> None:
    facts = order(Kind.RESTRAINING_ORDER, "2026-12-14", expires_on=on("2027-06-14"))

    planned = deadline(facts, rulebook, "CT-ORD-01")

    assert planned.printed
    assert planned.alternative_on == on("2027-12-14")
    assert any("The date printed on the order applies" in sentence for sentence in sentences(planned))


def test_order_without_a_rule_for_its_end_has_no_computed_last_day(rulebook: Rulebook) -> None:
    assert last_day(order(Kind.FAMILY_VIOLENCE_PROTECTIVE_ORDER), rulebook) is None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-12-13T23:59:59-05:00", False),
        ("2026-12-14T00:00:00-05:00", True),
        ("2027-12-14T23:59:59-05:00", True),
        ("2027-12-15T00:00:00-05:00", False),
    ],
)
@pytest.mark.parametrize("printed", [None, "2027-12-14"])
def test_order_is_in_force_from_issue_to_the_end_of_its_last_day(
    *, rulebook: Rulebook, now: str, expected: bool, printed: str | None
) -> None:
    facts = order(Kind.RESTRAINING_ORDER, "2026-12-14", expires_on=on(printed) if printed else None)

    assert in_force(facts, rulebook, at(now)) is expected


def test_order_without_end_is_in_force_until_it_is_vacated(rulebook: Rulebook) -> None:
    facts = order(Kind.FAMILY_VIOLENCE_PROTECTIVE_ORDER, "2020-01-02")
    vacated = order(
        Kind.FAMILY_VIOLENCE_PROTECTIVE_ORDER,
        "2020-01-02",
        events=[happened("vacated", "2026-12-10T11:00:00-05:00")],
    )

    assert in_force(facts, rulebook, at("2026-12-11T09:00:00-05:00"))
    assert in_force(vacated, rulebook, at("2026-12-10T10:59:59-05:00"))
    assert not in_force(vacated, rulebook, at("2026-12-10T11:00:00-05:00"))


def test_vacatur_leaves_only_what_was_met(rulebook: Rulebook) -> None:
    vacated = happened("vacated", "2026-12-05T09:00:00-05:00")
    surrendered = happened("surrendered", "2026-12-04T20:00:00-05:00", complete=True)

    assert deadlines(armed(SERVED, vacated), rulebook, "CT-SUR-01") == []
    assert deadline(armed(SERVED, vacated, surrendered), rulebook, "CT-SUR-01").met is not None


def test_extension_moves_the_window_and_forgets_the_motion_of_last_year(rulebook: Rulebook) -> None:
    moved = happened("extension_moved", "2027-11-25")
    first = order(Kind.RESTRAINING_ORDER, "2026-12-14", expires_on=on("2027-12-14"), events=[moved])
    extended = order(Kind.RESTRAINING_ORDER, "2026-12-14", expires_on=on("2028-12-14"), events=[moved])

    before = deadline(first, rulebook, "CT-EXT-01")
    after = deadline(extended, rulebook, "CT-EXT-01")

    assert before.met == Moment(on=on("2027-11-25"))
    assert (after.opens, after.due) == (Moment(on=on("2028-11-23")), Moment(on=on("2028-11-30")))
    assert after.met is None


def test_checkpoint_counts_from_the_opening_with_that_anchor(rulebook: Rulebook) -> None:
    facts = order(Kind.RESTRAINING_ORDER, "2026-12-14", expires_on=on("2027-12-14"))

    (opening,) = deadline(facts, rulebook, "CT-EXT-01").checkpoints

    assert opening.fires_at == at("2027-11-23T09:00:00-05:00")


def test_whole_day_checkpoint_fires_when_the_day_is_over(rulebook: Rulebook) -> None:
    facts = order(Kind.RESTRAINING_ORDER, "2026-06-01", expires_on=on("2027-06-01"))

    fires = {one.name: one.fires_at for one in deadline(facts, rulebook, "CT-EXT-03").checkpoints}

    assert fires == {
        "remind-7d": at("2027-05-25T09:00:00-04:00"),
        "expired": at("2027-06-02T00:00:00-04:00"),
    }


def test_plan_is_sorted_by_rule_and_occurrence(rulebook: Rulebook) -> None:
    planned = plan(armed(SERVED, happened("hearing_scheduled", "2026-12-11")), rulebook)

    names = [(one.rule.id, one.occurrence) for one in planned]
    assert names == sorted(names)
    assert len(set(names)) == len(names)


def test_moment_needs_an_instant_or_a_day(rulebook: Rulebook) -> None:
    with pytest.raises(ValueError, match="an instant or a day"):
        Moment().day(rulebook.jurisdictions["us_ct"])


def test_event_needs_an_instant_or_a_day_to_have_a_day(rulebook: Rulebook) -> None:
    with pytest.raises(ValueError, match="served: give an instant or a day"):
        Event(kind="served").day(rulebook.jurisdictions["us_ct"].zone)


@pytest.mark.parametrize(
    ("event", "known"),
    [
        (happened("served", "2026-12-04T18:30:00-05:00"), True),
        (happened("served", "2026-12-04T18:30:01-05:00"), False),
        (happened("served", "2026-12-04"), True),
        (happened("served", "2026-12-05"), False),
        (Event(kind="served"), True),
        (happened("hearing_scheduled", "2027-01-15"), True),
    ],
)
def test_facts_hold_what_is_dated_at_or_before_the_instant(
    *, rulebook: Rulebook, event: Event, known: bool
) -> None:
    zone = rulebook.jurisdictions["us_ct"].zone

    facts = armed(event).known_by(at("2026-12-04T18:30:00-05:00"), zone)

    assert (event in facts.events) is known
