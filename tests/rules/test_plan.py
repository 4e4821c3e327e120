from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orders.rules.adjust import Adjustment, adjusted
from orders.rules.facts import Facts, Happening, Kind
from orders.rules.plan import Clock, Moment, Status, in_force, last_day, plan
from orders.rules.rulebook import Binding, Dated, Meeting, Offset, Purpose, Rulebook, Unit, load
from tests.rules.orders import HARTFORD, at, deadline, deadlines, happened, on, order

SERVED = happened("served", "2026-12-04T18:30:00-05:00")
DUE = at("2026-12-05T18:30:00-05:00")


def armed(*happenings: Happening, **more: Any) -> Facts:
    return order(firearms_indicated=True, happenings=happenings, **more)


# --- CT-SUR-01: the one rule that police are alarmed about --------------------------------------------------


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

    planned = deadline(order(happenings=[SERVED, denial], **more), rulebook, "CT-SUR-01")

    assert (planned.met is not None) is met


def test_nobody_is_alarmed_when_nothing_indicates_firearms(rulebook: Rulebook) -> None:
    planned = deadline(order(happenings=[SERVED]), rulebook, "CT-SUR-01")

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
    assert any("in custody when served" in sentence for sentence in planned.explanation)


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
    assert planned.missing == ("the time of day of “the order was served”",)
    assert planned.status(DUE) is Status.CANNOT_COMPUTE
    assert planned.due_at is None
    assert "the time of day of “the order was served” is not recorded" in planned.explanation[0]


def test_nothing_is_guessed_when_service_has_no_date(rulebook: Rulebook) -> None:
    undated = Happening(kind="served")

    planned = deadline(armed(undated), rulebook, "CT-SUR-01")

    assert planned.clock is Clock.CANNOT_COMPUTE
    assert planned.missing == ("the day of “the order was served”",)
    # One with a date stands before it.
    assert deadline(armed(undated, SERVED), rulebook, "CT-SUR-01").due_at == DUE


def test_surrender_without_a_date_meets_nothing(rulebook: Rulebook) -> None:
    undated = Happening(kind="surrendered", complete=True)

    assert deadline(armed(SERVED, undated), rulebook, "CT-SUR-01").met is None


@pytest.mark.parametrize("kind", [Kind.RESTRAINING_ORDER_APPLICATION, Kind.RISK_PROTECTION_ORDER])
def test_rule_is_absent_when_it_does_not_bind_the_kind(rulebook: Rulebook, kind: Kind) -> None:
    assert deadlines(order(kind, happenings=[SERVED]), rulebook, "CT-SUR-01") == []


def test_rule_is_absent_before_its_first_value(rulebook: Rulebook) -> None:
    assert deadlines(order(issued="2016-09-30", happenings=[SERVED]), rulebook, "CT-SUR-01") == []


# --- hearings, and service before them ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "firearms", "rule"),
    [
        (Kind.EX_PARTE_RESTRAINING_ORDER, True, "CT-HRG-07"),
        (Kind.EX_PARTE_RESTRAINING_ORDER, False, "CT-HRG-14"),
        # Seven days want both the box and an ex parte order.
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
    ("happenings", "met", "status"),
    [
        ([], None, Status.OVERDUE),
        ([happened("hearing_scheduled", "2026-12-21T10:00:00-05:00")], "2026-12-21", Status.MET_ON_TIME),
        ([happened("hearing_scheduled", "2026-12-22")], None, Status.OVERDUE),
        ([happened("hearing_scheduled", "2026-12-18", purpose="compliance")], None, Status.OVERDUE),
        ([happened("heard", "2026-12-23")], "2026-12-23", Status.MET_LATE),
    ],
)
def test_hearing_limit_is_met_by_a_hearing_set_in_time_or_held(
    rulebook: Rulebook, happenings: list[Happening], met: str | None, status: Status
) -> None:
    facts = armed(*happenings, issued="2026-12-14")

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
    assert any("(Snow)" in sentence for sentence in planned.explanation)


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
    facts = order(issued=issued, happenings=[happened("hearing_scheduled", "2016-10-10")])

    assert deadline(facts, rulebook, "CT-SVC-02").due == Moment(on=on(due))


def test_each_compliance_hearing_is_a_deadline_of_its_own(rulebook: Rulebook) -> None:
    first = happened("hearing_scheduled", "2026-12-18T10:00:00-05:00", purpose="compliance", key="a")
    second = happened("hearing_scheduled", "2027-01-15T10:00:00-05:00", purpose="compliance", key="b")
    held = happened("heard", "2026-12-18T09:55:00-05:00", purpose="compliance")

    planned = deadlines(armed(second, first, held), rulebook, "CT-CMP-01")

    assert [(one.occurrence, one.met is not None) for one in planned] == [("a", True), ("b", False)]


def test_two_of_one_day_are_told_apart_when_neither_has_a_key(rulebook: Rulebook) -> None:
    morning = happened("hearing_scheduled", "2026-12-18T10:00:00-05:00", purpose="compliance")
    afternoon = happened("hearing_scheduled", "2026-12-18T14:00:00-05:00", purpose="compliance")

    planned = deadlines(armed(afternoon, morning), rulebook, "CT-CMP-01")

    assert [one.occurrence for one in planned] == ["2026-12-18", "2026-12-18#2"]


# --- 48 hours to tell police --------------------------------------------------------------------------------


def test_police_are_told_within_48_hours_of_issue(rulebook: Rulebook) -> None:
    facts = armed(issued="2026-12-11", issued_at=at("2026-12-11T16:45:00-05:00"))

    assert deadline(facts, rulebook, "CT-LE-48").due_at == at("2026-12-13T16:45:00-05:00")


def test_nothing_is_guessed_when_the_time_of_issue_is_unknown(rulebook: Rulebook) -> None:
    assert deadline(armed(), rulebook, "CT-LE-48").missing == ("the time of day of “the order was issued”",)


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
def test_printed_last_day_stands_before_the_computed_one(
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
    assert any("The date printed on the order stands" in sentence for sentence in planned.explanation)


def test_order_without_a_rule_for_its_end_has_no_computed_last_day(rulebook: Rulebook) -> None:
    assert last_day(order(Kind.FAMILY_VIOLENCE_PROTECTIVE_ORDER), rulebook) is None


@pytest.mark.parametrize(
    ("now", "stands"),
    [
        ("2026-12-13T23:59:59-05:00", False),
        ("2026-12-14T00:00:00-05:00", True),
        ("2027-12-14T23:59:59-05:00", True),
        ("2027-12-15T00:00:00-05:00", False),
    ],
)
@pytest.mark.parametrize("printed", [None, "2027-12-14"])
def test_order_is_in_force_from_issue_to_the_end_of_its_last_day(
    *, rulebook: Rulebook, now: str, stands: bool, printed: str | None
) -> None:
    facts = order(Kind.RESTRAINING_ORDER, "2026-12-14", expires_on=on(printed) if printed else None)

    assert in_force(facts, rulebook, at(now)) is stands


def test_order_without_end_is_in_force_until_it_is_vacated(rulebook: Rulebook) -> None:
    facts = order(Kind.FAMILY_VIOLENCE_PROTECTIVE_ORDER, "2020-01-02")
    vacated = order(
        Kind.FAMILY_VIOLENCE_PROTECTIVE_ORDER,
        "2020-01-02",
        happenings=[happened("vacated", "2026-12-10T11:00:00-05:00")],
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
    first = order(Kind.RESTRAINING_ORDER, "2026-12-14", expires_on=on("2027-12-14"), happenings=[moved])
    extended = order(Kind.RESTRAINING_ORDER, "2026-12-14", expires_on=on("2028-12-14"), happenings=[moved])

    before = deadline(first, rulebook, "CT-EXT-01")
    after = deadline(extended, rulebook, "CT-EXT-01")

    assert before.met == Moment(on=on("2027-11-25"))
    assert (after.opens, after.due) == (Moment(on=on("2028-11-23")), Moment(on=on("2028-11-30")))
    assert after.met is None


def test_checkpoint_counts_from_the_opening_when_it_says_so(rulebook: Rulebook) -> None:
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


def test_happening_needs_an_instant_or_a_day_to_be_of_a_day(rulebook: Rulebook) -> None:
    with pytest.raises(ValueError, match="served: give the instant or the day"):
        Happening(kind="served").day(rulebook.jurisdictions["us_ct"].zone)


@pytest.mark.parametrize(
    ("happening", "known"),
    [
        (happened("served", "2026-12-04T18:30:00-05:00"), True),
        (happened("served", "2026-12-04T18:30:01-05:00"), False),
        (happened("served", "2026-12-04"), True),
        (happened("served", "2026-12-05"), False),
        (Happening(kind="served"), True),
        (happened("hearing_scheduled", "2027-01-15"), True),
    ],
)
def test_facts_hold_what_is_dated_at_or_before_the_instant(
    *, rulebook: Rulebook, happening: Happening, known: bool
) -> None:
    zone = rulebook.jurisdictions["us_ct"].zone

    facts = armed(happening).known_by(at("2026-12-04T18:30:00-05:00"), zone)

    assert (happening in facts.happenings) is known


# --- checkpoints, on a rulebook of one rule -----------------------------------------------------------------

ONE_RULE = """\
jurisdiction = "us_ct"

[[rule]]
id = "CT-ONE"
title = "Something may be asked for, and is heard."
binds = [{ kind = "restraining_order" }]
starts = "heard"
due_starts = "hearing_requested"
actor = "court"
met_by = [{ happening = "returned" }]
certainty = "certain"

[[rule.value]]
effective = 2010-01-01
opens = { amount = 180, unit = "calendar_days" }
due = { amount = 28, unit = "calendar_days" }
mark = "seen"
sources = ["a statute"]

[[rule.checkpoint]]
name = "opening-2h"
purpose = "remind"
anchor = "opens"
offset = { amount = 2, unit = "elapsed_hours" }
audience = ["court"]

[[rule.checkpoint]]
name = "remind-1d"
purpose = "remind"
offset = { amount = -1, unit = "calendar_days" }
clock = 16:30:00
audience = ["court"]
"""


@pytest.fixture(scope="module")
def one_rule(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    state = tmp_path_factory.mktemp("rules") / "us_ct"
    state.mkdir()
    (state / "jurisdiction.toml").write_text('id = "us_ct"\nname = "C"\nzone = "America/New_York"\n')
    (state / "one.toml").write_text(ONE_RULE)
    return load(state.parent)


@pytest.mark.parametrize(
    ("happenings", "fires"),
    [
        # Nobody asked: only the opening is known. 180 days after 14 December end on 12 June.
        ([happened("heard", "2026-12-14")], {"opening-2h": "2027-06-12T02:00:00-04:00"}),
        # Asked for after it: so is the last day.
        (
            [happened("heard", "2026-12-14"), happened("hearing_requested", "2027-06-14")],
            {"opening-2h": "2027-06-12T02:00:00-04:00", "remind-1d": "2027-07-11T16:30:00-04:00"},
        ),
    ],
)
def test_checkpoint_stands_only_where_its_moment_is_known(
    one_rule: Rulebook, happenings: list[Happening], fires: dict[str, str]
) -> None:
    planned = deadline(order(Kind.RESTRAINING_ORDER, happenings=happenings), one_rule, "CT-ONE")

    assert {one.name: one.fires_at for one in planned.checkpoints} == {
        name: at(instant) for name, instant in fires.items()
    }


@pytest.mark.parametrize(("returned", "met"), [("2027-06-11", False), ("2027-06-12", True)])
def test_window_without_an_end_is_used_only_once_it_is_open(
    *, one_rule: Rulebook, returned: str, met: bool
) -> None:
    happenings = [happened("heard", "2026-12-14"), happened("returned", returned)]

    planned = deadline(order(Kind.RESTRAINING_ORDER, happenings=happenings), one_rule, "CT-ONE")

    assert (planned.met is not None) is met
    assert planned.met_in_time is None
    assert planned.clock is (Clock.STOPPED if met else Clock.NOT_STARTED)
    assert planned.status(at("2027-06-11T23:59:59-04:00")) is Status.NOT_STARTED
    assert planned.status(at("2027-06-12T00:00:00-04:00")) is Status.OPEN


# --- the deadlines that have a way of their own to begin ----------------------------------------------------


def test_clock_waits_for_release_when_served_in_custody(rulebook: Rulebook) -> None:
    served = happened("served", "2027-03-01T09:00:00-05:00", in_custody=True)
    facts = order("temporary_erpo", "2027-03-01", jurisdiction="us_de", happenings=[served])

    planned = deadline(facts, rulebook, "DE-SUR")

    assert planned.clock is Clock.NOT_STARTED
    assert planned.awaits == "released_from_custody"
    assert planned.checkpoints == ()


def test_release_without_a_date_is_asked_for(rulebook: Rulebook) -> None:
    served = happened("served", "2027-03-01T09:00:00-05:00", in_custody=True)
    released = Happening(kind="released_from_custody")
    facts = order("temporary_erpo", "2027-03-01", jurisdiction="us_de", happenings=[served, released])

    planned = deadline(facts, rulebook, "DE-SUR")

    assert planned.missing == ("the day of “the respondent was released from custody”",)


def test_end_of_the_order_is_asked_for_when_a_return_is_requested(rulebook: Rulebook) -> None:
    facts = order(
        Kind.FAMILY_VIOLENCE_PROTECTIVE_ORDER, happenings=[happened("return_requested", "2026-12-10")]
    )

    planned = deadline(facts, rulebook, "CT-RET-01")

    assert planned.due == Moment(on=on("2026-12-17"))
    assert planned.missing == ("the day of “the order ended”",)
    assert any("Whether the order had ended is not known" in sentence for sentence in planned.explanation)


@pytest.mark.parametrize(
    ("vacated", "due"),
    [("2026-12-11T10:00:00-05:00", "2026-12-18"), ("2026-12-09T10:00:00-05:00", "2026-12-17")],
)
def test_return_runs_from_the_later_of_request_and_vacatur(
    rulebook: Rulebook, vacated: str, due: str
) -> None:
    facts = order(
        Kind.RESTRAINING_ORDER,
        expires_on=on("2027-12-04"),
        happenings=[happened("return_requested", "2026-12-10"), happened("vacated", vacated)],
    )

    assert deadline(facts, rulebook, "CT-RET-01").due == Moment(on=on(due))


def test_several_requests_of_one_day_without_date_are_told_apart(rulebook: Rulebook) -> None:
    undated = [Happening(kind="transfer_notice_received", source=source) for source in ("letter", "fax")]
    facts = order(Kind.RISK_PROTECTION_ORDER, happenings=undated)

    # Of happenings without a date one is kept: more of them say no more.
    assert deadline(facts, rulebook, "CT-RPO-05").occurrence == "undated"


# --- which of several, and the day in the court's zone ------------------------------------------------------


def test_first_of_several_that_meet_it_is_the_one_that_counts(rulebook: Rulebook) -> None:
    late = happened("surrendered", "2026-12-06T10:00:00-05:00", complete=True)
    early = happened("surrendered", "2026-12-05T10:00:00-05:00", complete=True)

    planned = deadline(armed(SERVED, late, early), rulebook, "CT-SUR-01")

    assert planned.met == Moment(at=early.at)


@pytest.mark.parametrize(
    ("scheduled", "met"),
    [("2026-12-21T23:30:00-05:00", True), ("2026-12-22T00:00:00-05:00", False)],
)
def test_hearing_late_in_the_evening_is_of_that_day(*, rulebook: Rulebook, scheduled: str, met: bool) -> None:
    # 23:30 in Connecticut is the next day in UTC.
    facts = armed(happened("hearing_scheduled", scheduled), issued="2026-12-14")

    assert (deadline(facts, rulebook, "CT-HRG-07").met is not None) is met


@pytest.mark.parametrize(
    ("delivered", "met"),
    [("2026-10-04T23:30:00-04:00", False), ("2026-10-05T00:00:00-04:00", True), ("2026-10-05", True)],
)
def test_what_lies_before_the_day_of_the_start_does_not_meet_it(
    *, rulebook: Rulebook, delivered: str, met: bool
) -> None:
    happenings = [
        happened("transfer_notice_received", "2026-10-05T23:45:00-04:00"),
        happened("transferred", delivered),
    ]
    facts = order(Kind.RISK_PROTECTION_ORDER, "2026-09-01", happenings=happenings)

    planned = deadline(facts, rulebook, "CT-RPO-05")

    assert planned.due == Moment(on=on("2026-10-15"))
    assert (planned.met is not None) is met


@pytest.mark.parametrize(
    ("moved", "met"),
    [
        ("2027-06-13T23:30:00-04:00", False),
        ("2027-06-14T00:00:00-04:00", True),
        ("2027-06-14", True),  # exactly six months before
        ("2027-06-13", False),
    ],
)
def test_motion_counts_from_six_months_before_the_end(*, rulebook: Rulebook, moved: str, met: bool) -> None:
    facts = order(
        Kind.RESTRAINING_ORDER,
        "2026-12-14",
        expires_on=on("2027-12-14"),
        happenings=[happened("extension_moved", moved)],
    )

    assert (deadline(facts, rulebook, "CT-EXT-01").met is not None) is met


@pytest.mark.parametrize(
    ("returned", "met"), [("2027-06-11T23:30:00-04:00", False), ("2027-06-12T00:00:00-04:00", True)]
)
def test_window_opens_at_midnight_of_the_court(*, one_rule: Rulebook, returned: str, met: bool) -> None:
    happenings = [happened("heard", "2026-12-14T23:30:00-05:00"), happened("returned", returned)]

    planned = deadline(order(Kind.RESTRAINING_ORDER, happenings=happenings), one_rule, "CT-ONE")

    assert planned.opens == Moment(on=on("2027-06-12"))
    assert (planned.met is not None) is met


@pytest.mark.parametrize(
    ("released", "due"),
    [
        # At the very instant of service, and on the same day without a time of day.
        ("2027-03-01T09:00:00-05:00", "2027-03-02T09:00:00-05:00"),
        ("2027-03-01T08:59:59-05:00", None),
        ("2027-03-01T22:00:00-05:00", "2027-03-02T22:00:00-05:00"),
    ],
)
def test_release_counts_from_the_instant_of_service_on(
    rulebook: Rulebook, released: str, due: str | None
) -> None:
    served = happened("served", "2027-03-01T09:00:00-05:00", in_custody=True)
    facts = order(
        "temporary_erpo",
        "2027-03-01",
        jurisdiction="us_de",
        happenings=[served, happened("released_from_custody", released)],
    )

    assert deadline(facts, rulebook, "DE-SUR").due_at == (at(due) if due else None)


@pytest.mark.parametrize(
    ("executed", "due"),
    [
        ("2026-10-06", "2026-10-20"),
        ("2026-10-06T23:30:00-04:00", "2026-10-20"),
        ("2026-10-07T00:00:00-04:00", "2026-10-21"),
    ],
)
def test_later_of_two_events_is_told_by_the_day_of_the_court(
    rulebook: Rulebook, executed: str, due: str
) -> None:
    happenings = [happened("served", "2026-10-06"), happened("warrant_executed", executed)]
    facts = order(Kind.RISK_PROTECTION_ORDER, "2026-10-05", happenings=happenings)

    assert deadline(facts, rulebook, "CT-RPO-01").due == Moment(on=on(due))


@pytest.mark.parametrize(
    ("now", "stands"), [("2026-12-10T23:30:00-05:00", True), ("2026-12-11T00:00:00-05:00", False)]
)
def test_order_vacated_on_a_day_ends_when_that_day_begins(
    *, rulebook: Rulebook, now: str, stands: bool
) -> None:
    facts = order(Kind.RESTRAINING_ORDER, happenings=[happened("vacated", "2026-12-11")])

    assert facts.in_force(at(now), HARTFORD) is stands


def test_printed_last_day_is_over_at_the_instant_that_ends_it() -> None:
    facts = order(Kind.RESTRAINING_ORDER, expires_on=on("2026-12-10"))

    assert facts.in_force(at("2026-12-10T23:59:59-05:00"), HARTFORD)
    assert not facts.in_force(at("2026-12-11T00:00:00-05:00"), HARTFORD)


def test_checkpoints_carry_audience_and_lateness(rulebook: Rulebook) -> None:
    planned = deadline(armed(SERVED), rulebook, "CT-SUR-01")

    assert [(one.name, one.audience, one.late) for one in planned.checkpoints] == [
        ("remind-6h", ("respondent_police",), False),
        ("check", ("respondent_police", "service_police", "court", "advocate", "protected_person"), True),
        ("escalate-24h", ("respondent_police", "court"), False),
    ]


def test_day_checkpoint_of_an_instant_counts_from_the_day_of_the_court(rulebook: Rulebook) -> None:
    day_before = Adjustment(rule_id="CT-SUR-01", reminders=(Offset(amount=-1, unit=Unit.CALENDAR_DAYS),))
    facts = armed(happened("served", "2026-12-04T23:30:00-05:00"))

    planned = deadline(facts, adjusted(rulebook, [day_before]), "CT-SUR-01")

    assert min(one.fires_at for one in planned.checkpoints) == at("2026-12-04T09:00:00-05:00")


def test_petition_belongs_to_the_hearing_it_follows(rulebook: Rulebook) -> None:
    happenings = [
        happened("heard", "2026-12-14"),
        happened("heard", "2027-07-08"),
        happened("termination_petitioned", "2028-01-10"),
    ]
    facts = order(Kind.RISK_PROTECTION_ORDER, "2026-12-01", happenings=happenings)

    planned = deadlines(facts, rulebook, "CT-RPO-07")

    assert [(one.occurrence, one.opens, one.due) for one in planned] == [
        ("2026-12-14", Moment(on=on("2027-06-12")), None),
        ("2027-07-08", Moment(on=on("2028-01-04")), Moment(on=on("2028-02-07"))),
    ]


def test_deadline_that_cannot_be_computed_keeps_its_occurrence_and_its_start(rulebook: Rulebook) -> None:
    (waiting,) = deadlines(armed(), rulebook, "CT-SUR-01")
    undated = happened("served", "2026-12-04")
    (wanting,) = deadlines(armed(undated), rulebook, "CT-SUR-01")

    assert (waiting.occurrence, wanting.occurrence) == ("", "")
    assert wanting.start == undated


@pytest.mark.parametrize(("heard", "meets"), [("2026-12-23", True), ("2026-12-22", False)])
def test_what_may_be_as_old_as_a_court_day_is_counted_from_the_start_as_the_court_dates_it(
    rulebook: Rulebook, heard: str, *, meets: bool
) -> None:
    since = Offset(amount=-1, unit=Unit.COURT_DAYS)
    rule = replace(rulebook.by_id["CT-SUR-01"], met_by=(Meeting(happening="heard", since=since),))
    # The evening before Christmas Day in Hartford, where it is already Christmas Day in Greenwich.
    served = happened("served", "2026-12-24T23:30:00-05:00")
    facts = order(firearms_indicated=True, happenings=[served, happened("heard", heard)])

    planned = deadline(facts, replace(rulebook, rules=(rule,)), "CT-SUR-01")

    assert (planned.met is not None) is meets


def test_open_last_day_gives_way_to_none(rulebook: Rulebook) -> None:
    planned = deadline(armed(issued="2026-12-04"), rulebook, "CT-HRG-07")

    assert planned.due == Moment(on=on("2026-12-11"))
    assert planned.closed_day_moves_to is None


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("CT-SUR-01", armed(SERVED)),
        (
            "CT-RPO-07",
            order(Kind.RISK_PROTECTION_ORDER, "2026-12-01", happenings=[happened("heard", "2026-12-14")]),
        ),
    ],
    ids=["an instant", "no last day"],
)
def test_only_a_last_day_can_be_closed(rulebook: Rulebook, rule: str, facts: Facts) -> None:
    moving = replace(rulebook.by_id[rule], moves_off_closed_days=True)

    planned = deadline(facts, replace(rulebook, rules=(moving,)), rule)

    assert planned.closed_day_moves_to is None


def test_window_is_used_from_the_day_of_its_opening_as_the_court_dates_it(rulebook: Rulebook) -> None:
    rule = rulebook.by_id["CT-SUR-01"]
    value = replace(
        rule.values[-1],
        due=Offset(amount=0, unit=Unit.INDEFINITE),
        opens=Offset(amount=24, unit=Unit.ELAPSED_HOURS),
    )
    window = replace(rule, values=(value,), met_by=(Meeting(happening="heard"),))
    # It opens at ten in the evening of the 5th in Hartford, where Greenwich already writes the 6th.
    late = happened("served", "2026-12-04T22:00:00-05:00")

    def met(heard: str) -> Moment | None:
        facts = armed(late, happened("heard", heard))
        return deadline(facts, replace(rulebook, rules=(window,)), "CT-SUR-01").met

    assert met("2026-12-04") is None
    assert met("2026-12-05") == Moment(on=on("2026-12-05"))


def test_what_met_it_is_an_instant_where_one_is_known(rulebook: Rulebook) -> None:
    instant = at("2026-12-05T10:00:00-05:00")
    surrendered = Happening(kind="surrendered", at=instant, on=on("2026-12-05"), complete=True)

    assert deadline(armed(SERVED, surrendered), rulebook, "CT-SUR-01").met == Moment(at=instant)


# --- the evening, when Greenwich already writes the next day ------------------------------------------------


def test_first_of_two_is_found_by_the_courts_day(rulebook: Rulebook) -> None:
    evening = happened("served", "2026-12-04T22:00:00-05:00")
    facts = order(Kind.RISK_PROTECTION_ORDER, happenings=[happened("served", "2026-12-05"), evening])

    assert deadline(facts, rulebook, "CT-RPO-01").start == evening


def test_deadline_of_each_event_is_named_by_the_courts_day(rulebook: Rulebook) -> None:
    evening = happened("contempt_motion_served", "2026-12-22T22:00:00-05:00")
    facts = order("restraining_order", happenings=[evening])

    assert deadline(facts, rulebook, "CT-CTM-01").occurrence == "2026-12-22"


@pytest.mark.parametrize(("day", "days_before"), [("2016-09-30", 5), ("2016-10-01", 3)])
def test_value_is_that_of_the_courts_day_where_the_event_dates_it(
    rulebook: Rulebook, day: str, days_before: int
) -> None:
    hearing = happened("hearing_scheduled", f"{day}T22:00:00-04:00")
    rule = replace(rulebook.by_id["CT-SVC-02"], dated_by=Dated.START)

    planned = deadline(
        order(issued="2016-09-01", happenings=[hearing]), replace(rulebook, rules=(rule,)), "CT-SVC-02"
    )

    assert planned.value.due.amount == -days_before


def test_release_on_the_courts_day_of_service_starts_the_time(rulebook: Rulebook) -> None:
    served = happened("served", "2026-12-04T22:00:00-05:00", in_custody=True)
    released = happened("released_from_custody", "2026-12-04")
    facts = order(Kind.TEMPORARY_ERPO, jurisdiction="us_de", happenings=[served, released])

    planned = deadline(facts, rulebook, "DE-SUR")

    assert planned.start == released
    assert planned.clock is Clock.CANNOT_COMPUTE


def test_deadline_that_waits_for_release_is_the_only_one_of_its_rule(rulebook: Rulebook) -> None:
    served = happened("served", "2026-12-04T22:00:00-05:00", in_custody=True)
    facts = order(Kind.TEMPORARY_ERPO, jurisdiction="us_de", happenings=[served])

    planned = deadline(facts, rulebook, "DE-SUR")

    assert (planned.occurrence, planned.start, planned.awaits) == ("", served, "released_from_custody")


def test_later_event_moves_the_start_from_the_courts_day_before(rulebook: Rulebook) -> None:
    served = happened("served", "2026-12-04T22:00:00-05:00")
    executed = happened("warrant_executed", "2026-12-05")
    facts = order(Kind.RISK_PROTECTION_ORDER, happenings=[served, executed])

    assert deadline(facts, rulebook, "CT-RPO-01").start == executed


def test_undated_start_is_asked_for_where_a_later_event_is_recorded(rulebook: Rulebook) -> None:
    executed = happened("warrant_executed", "2026-12-05")
    facts = order(Kind.RISK_PROTECTION_ORDER, happenings=[Happening(kind="served"), executed])

    planned = deadline(facts, rulebook, "CT-RPO-01")

    assert planned.clock is Clock.CANNOT_COMPUTE
    assert planned.wanting == ("date:served",)


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ("2026-09-29T22:00:00-04:00", "ended"),
        # Asked for on the very day on which the order ends.
        ("2026-09-30", "return_requested"),
        ("2026-10-01", "return_requested"),
    ],
)
def test_return_counts_from_the_request_or_the_end_whichever_is_later(
    rulebook: Rulebook, asked: str, kind: str
) -> None:
    facts = order(
        "restraining_order",
        "2025-09-30",
        expires_on=on("2026-09-30"),
        happenings=[happened("return_requested", asked)],
    )

    start = deadline(facts, rulebook, "CT-RET-01").start

    assert start is not None
    assert start.kind == kind


def hearings(*happenings: Happening) -> Facts:
    return order(Kind.RISK_PROTECTION_ORDER, "2024-12-01", happenings=happenings)


def test_petition_belongs_to_the_hearing_before_it(rulebook: Rulebook) -> None:
    heard = [happened("heard", day) for day in ("2025-01-10", "2026-01-10", "2027-01-10")]
    petition = happened("termination_petitioned", "2026-08-10")

    found = deadlines(hearings(*heard, petition), rulebook, "CT-RPO-07")

    assert [one.due is not None for one in found] == [False, True, False]


@pytest.mark.parametrize(
    ("heard", "petition"),
    [
        (["2026-01-10T22:00:00-05:00"], "2026-01-10"),
        (["2026-01-10", "2026-08-11"], "2026-08-10T22:00:00-04:00"),
    ],
    ids=["on the day of the hearing", "the evening before the next hearing"],
)
def test_petition_is_dated_as_the_court_dates_it(rulebook: Rulebook, heard: list[str], petition: str) -> None:
    facts = hearings(*(happened("heard", one) for one in heard), happened("termination_petitioned", petition))

    assert deadlines(facts, rulebook, "CT-RPO-07")[0].due is not None


HOURS = Offset(amount=12, unit=Unit.ELAPSED_HOURS)


@pytest.mark.parametrize(
    ("printed", "alternative"), [("2026-12-04", None), ("2026-12-20", "2026-12-04")], ids=["same", "other"]
)
def test_end_after_hours_is_compared_with_the_printed_day_as_the_court_dates_it(
    rulebook: Rulebook, printed: str, alternative: str | None
) -> None:
    rule = rulebook.by_id["CT-ORD-01"]
    ends = replace(rule, values=(replace(rule.values[-1], due=HOURS, alternative=None),))
    facts = order("restraining_order", issued_at=at("2026-12-04T10:00:00-05:00"), expires_on=on(printed))

    planned = deadline(facts, replace(rulebook, rules=(ends,)), "CT-ORD-01")

    assert planned.printed is (alternative is not None)
    assert planned.alternative_on == (on(alternative) if alternative else None)


def test_other_reading_in_hours_is_a_day_of_the_court(rulebook: Rulebook) -> None:
    rule = rulebook.by_id["CT-SUR-01"]
    other = replace(rule, values=(replace(rule.values[-1], alternative=HOURS),))
    served = happened("served", "2026-12-04T10:00:00-05:00")

    planned = deadline(armed(served), replace(rulebook, rules=(other,)), "CT-SUR-01")

    assert planned.alternative_on == on("2026-12-04")


def test_moment_without_instant_or_day_has_no_day(rulebook: Rulebook) -> None:
    with pytest.raises(ValueError, match=r"^A moment needs an instant or a day\.$"):
        Moment().day(rulebook.jurisdictions["us_ct"])


def test_nothing_is_wanted_where_the_opening_is_known(rulebook: Rulebook) -> None:
    served = happened("contempt_motion_served", "2026-12-22T10:00:00-05:00")
    planned = deadline(order("restraining_order", happenings=[served]), rulebook, "CT-CTM-01")

    assert planned.opens == Moment(at=at("2026-12-23T10:00:00-05:00"))
    assert planned.wanting == ()


@pytest.mark.parametrize(
    ("rule", "more", "source"),
    [
        ("CT-ORD-01", {}, "issued"),
        ("CT-EXT-01", {}, "computed"),
        ("CT-EXT-01", {"expires_on": on("2027-06-14")}, "printed"),
    ],
)
def test_start_that_the_order_itself_gives_says_where_it_stands(
    rulebook: Rulebook, rule: str, more: dict[str, Any], source: str
) -> None:
    start = deadline(order("restraining_order", **more), rulebook, rule).start

    assert start is not None
    assert start.source == source


def test_nothing_counts_from_the_end_of_an_order_that_has_none(rulebook: Rulebook) -> None:
    foreign = Binding(kind=Kind.FOREIGN_ORDER)
    rule = replace(rulebook.by_id["CT-EXT-01"], binds=(foreign,))
    book = replace(rulebook, rules=(rule,))

    assert deadlines(order(Kind.FOREIGN_ORDER), book, "CT-EXT-01") == []
    assert deadline(order(Kind.FOREIGN_ORDER, expires_on=on("2027-12-04")), book, "CT-EXT-01").due
