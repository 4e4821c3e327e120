"""What meets a deadline, the court's days, and the checkpoints of a window."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orders.rules.adjust import Adjustment, adjusted
from orders.rules.counting import moment_after
from orders.rules.facts import DutyProof, Event, Facts, Kind
from orders.rules.loading import load
from orders.rules.model import MetBy, Offset
from orders.rules.moments import earliest
from orders.rules.planned import Clock, Moment, Status
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import Unit
from tests.rules.orders import HARTFORD, at, deadline, deadlines, happened, on, order

SERVED = happened("served", "2026-12-04T18:30:00-05:00")
DUE = at("2026-12-05T18:30:00-05:00")


def armed(*events: Event, **more: Any) -> Facts:
    return order(firearms_indicated=True, events=events, **more)


ONE_RULE = """\
jurisdiction = "us_ct"

[[rule]]
id = "CT-ONE"
title = "Something may be asked for, and is heard."
binds = [{ kind = "restraining_order" }]
starts = "heard"
due_starts = "hearing_requested"
actor = "court"
met_by = [{ event = "returned" }]
no_check = "It is asked for."
certainty = "certain"

[[rule.value]]
effective = 2010-01-01
opens = { amount = 180, unit = "calendar_days" }
due = { amount = 28, unit = "calendar_days" }
source_status = "seen"
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
    ("events", "fires"),
    [
        # No petition: only the opening is known. 180 days after December 14 end on June 12.
        ([happened("heard", "2026-12-14")], {"opening-2h": "2027-06-12T02:00:00-04:00"}),
        # A petition after the hearing: the last day is known too.
        (
            [happened("heard", "2026-12-14"), happened("hearing_requested", "2027-06-14")],
            {"opening-2h": "2027-06-12T02:00:00-04:00", "remind-1d": "2027-07-11T16:30:00-04:00"},
        ),
    ],
)
def test_checkpoint_is_planned_only_when_its_moment_is_known(
    one_rule: Rulebook, events: list[Event], fires: dict[str, str]
) -> None:
    planned = deadline(order(Kind.RESTRAINING_ORDER, events=events), one_rule, "CT-ONE")

    assert {one.name: one.fires_at for one in planned.checkpoints} == {
        name: at(instant) for name, instant in fires.items()
    }


@pytest.mark.parametrize(("returned", "met"), [("2027-06-11", False), ("2027-06-12", True)])
def test_window_without_an_end_is_used_only_once_it_is_open(
    *, one_rule: Rulebook, returned: str, met: bool
) -> None:
    events = [happened("heard", "2026-12-14"), happened("returned", returned)]

    planned = deadline(order(Kind.RESTRAINING_ORDER, events=events), one_rule, "CT-ONE")

    assert (planned.met is not None) is met
    assert planned.met_in_time is None
    assert planned.clock is (Clock.STOPPED if met else Clock.NOT_STARTED)
    assert planned.status(at("2027-06-11T23:59:59-04:00")) is Status.NOT_STARTED
    assert planned.status(at("2027-06-12T00:00:00-04:00")) is Status.OPEN


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
def test_event_before_the_day_of_the_start_does_not_meet_it(
    *, rulebook: Rulebook, delivered: str, met: bool
) -> None:
    events = [
        happened("transfer_notice_received", "2026-10-05T23:45:00-04:00"),
        happened("transferred", delivered),
    ]
    facts = order(Kind.RISK_PROTECTION_ORDER, "2026-09-01", events=events)

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
        events=[happened("extension_moved", moved)],
    )

    assert (deadline(facts, rulebook, "CT-EXT-01").met is not None) is met


@pytest.mark.parametrize(
    ("returned", "met"), [("2027-06-11T23:30:00-04:00", False), ("2027-06-12T00:00:00-04:00", True)]
)
def test_window_opens_at_midnight_of_the_court(*, one_rule: Rulebook, returned: str, met: bool) -> None:
    events = [happened("heard", "2026-12-14T23:30:00-05:00"), happened("returned", returned)]

    planned = deadline(order(Kind.RESTRAINING_ORDER, events=events), one_rule, "CT-ONE")

    assert planned.opens == Moment(on=on("2027-06-12"))
    assert (planned.met is not None) is met


@pytest.mark.parametrize(
    ("released", "due"),
    [
        # At the instant of service, and on the same day without a time of day.
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
        events=[served, happened("released_from_custody", released)],
    )

    assert deadline(facts, rulebook, "DE-SUR").due_at == (at(due) if due else None)


@pytest.mark.parametrize(
    ("executed", "due"),
    [
        ("2022-10-06", "2022-10-20"),
        ("2022-10-06T23:30:00-04:00", "2022-10-20"),
        ("2022-10-07T00:00:00-04:00", "2022-10-21"),
    ],
)
def test_later_of_two_events_is_decided_by_the_day_of_the_court(
    rulebook: Rulebook, executed: str, due: str
) -> None:
    events = [happened("served", "2022-10-06"), happened("warrant_executed", executed)]
    facts = order(Kind.RISK_PROTECTION_ORDER, "2022-10-05", events=events)

    assert deadline(facts, rulebook, "CT-RPO-01").due == Moment(on=on(due))


@pytest.mark.parametrize(
    ("now", "expected"), [("2026-12-10T23:30:00-05:00", True), ("2026-12-11T00:00:00-05:00", False)]
)
def test_order_vacated_on_a_day_ends_when_that_day_begins(
    *, rulebook: Rulebook, now: str, expected: bool
) -> None:
    facts = order(Kind.RESTRAINING_ORDER, events=[happened("vacated", "2026-12-11")])

    assert facts.in_force(at(now), HARTFORD) is expected


def test_printed_last_day_is_over_at_the_instant_that_ends_it() -> None:
    facts = order(Kind.RESTRAINING_ORDER, expires_on=on("2026-12-10"))

    assert facts.in_force(at("2026-12-10T23:59:59-05:00"), HARTFORD)
    assert not facts.in_force(at("2026-12-11T00:00:00-05:00"), HARTFORD)


def test_checkpoints_carry_audience_and_lateness(rulebook: Rulebook) -> None:
    planned = deadline(armed(SERVED), rulebook, "CT-SUR-01")

    assert [(one.name, one.audience, one.late) for one in planned.checkpoints] == [
        ("remind-6h", ("respondent_police", "service_police"), False),
        ("check", ("respondent_police", "service_police", "court", "advocate", "protected_person"), True),
        ("escalate-24h", ("respondent_police", "service_police", "court"), False),
    ]


def test_day_checkpoint_of_an_instant_counts_from_the_day_of_the_court(rulebook: Rulebook) -> None:
    day_before = Adjustment(rule_id="CT-SUR-01", reminders=(Offset(amount=-1, unit=Unit.CALENDAR_DAYS),))
    facts = armed(happened("served", "2026-12-04T23:30:00-05:00"))

    planned = deadline(facts, adjusted(rulebook, [day_before]), "CT-SUR-01")

    assert min(one.fires_at for one in planned.checkpoints) == at("2026-12-04T09:00:00-05:00")


def test_petition_belongs_to_the_hearing_it_follows(rulebook: Rulebook) -> None:
    events = [
        happened("heard", "2026-12-14"),
        happened("heard", "2027-07-08"),
        happened("termination_petitioned", "2028-01-10"),
    ]
    facts = order(Kind.RISK_PROTECTION_ORDER, "2026-12-01", events=events)

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
    rule = replace(rulebook.by_id["CT-SUR-01"], met_by=(MetBy(event="heard", since=since),))
    # The evening before Christmas Day in Hartford, already Christmas Day in UTC.
    served = happened("served", "2026-12-24T23:30:00-05:00")
    facts = order(firearms_indicated=True, events=[served, happened("heard", heard)])

    planned = deadline(facts, replace(rulebook, rules=(rule,)), "CT-SUR-01")

    assert (planned.met is not None) is meets


def test_open_last_day_does_not_move(rulebook: Rulebook) -> None:
    planned = deadline(armed(issued="2026-12-04"), rulebook, "CT-HRG-07")

    assert planned.due == Moment(on=on("2026-12-11"))
    assert planned.closed_day_moves_to is None


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("CT-SUR-01", armed(SERVED)),
        (
            "CT-RPO-07",
            order(Kind.RISK_PROTECTION_ORDER, "2026-12-01", events=[happened("heard", "2026-12-14")]),
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
    window = replace(rule, values=(value,), met_by=(MetBy(event="heard"),))
    # It opens at 10 p.m. on the 5th in Hartford, already the 6th in UTC.
    late = happened("served", "2026-12-04T22:00:00-05:00")

    def met(heard: str) -> Moment | None:
        facts = armed(late, happened("heard", heard))
        return deadline(facts, replace(rulebook, rules=(window,)), "CT-SUR-01").met

    assert met("2026-12-04") is None
    assert met("2026-12-05") == Moment(on=on("2026-12-05"))


def test_what_met_it_is_an_instant_where_one_is_known(rulebook: Rulebook) -> None:
    instant = at("2026-12-05T10:00:00-05:00")
    surrendered = Event(kind="surrendered", at=instant, on=on("2026-12-05"), complete=True)

    assert deadline(armed(SERVED, surrendered), rulebook, "CT-SUR-01").met == Moment(at=instant)


RECEIPT = happened("surrendered", "2026-12-05T09:00:00-05:00", complete=True, proof=DutyProof.PROVEN)
FINDING = happened("accounted_for", "2026-12-05T10:00:00-05:00", complete=True, proof=DutyProof.FOUND)
DENIAL = happened("non_possession_stated", "2026-12-05T08:00:00-05:00")


@pytest.mark.parametrize(
    ("events", "indicated", "met", "proof"),
    [
        ((), True, False, None),
        ((DENIAL,), False, True, DutyProof.SWORN),
        ((DENIAL,), True, False, DutyProof.SWORN),
        ((replace(DENIAL, checked=True),), False, True, DutyProof.SWORN),
        ((DENIAL, replace(DENIAL, checked=True)), True, False, DutyProof.CONTRADICTED),
        ((RECEIPT,), True, True, DutyProof.PROVEN),
        ((replace(RECEIPT, complete=False, proof=None), DENIAL), True, False, DutyProof.SWORN),
        ((FINDING,), True, True, DutyProof.FOUND),
        ((replace(FINDING, complete=False),), True, False, None),
        ((FINDING, RECEIPT), True, True, DutyProof.PROVEN),
        ((DENIAL, FINDING), False, True, DutyProof.FOUND),
    ],
)
def test_what_a_surrender_duty_rests_on(
    *,
    events: tuple[Event, ...],
    indicated: bool,
    met: bool,
    proof: DutyProof | None,
    rulebook: Rulebook,
) -> None:
    found = deadline(order(firearms_indicated=indicated, events=(SERVED, *events)), rulebook, "CT-SUR-01")

    assert ((found.met is not None), found.proof) == (met, proof)


def test_the_earliest_of_no_events_is_nothing(rulebook: Rulebook) -> None:
    assert earliest([], rulebook.jurisdictions["us_ct"]) == (None, "")


@pytest.mark.parametrize(
    ("offset", "found"),
    [
        (Offset(amount=0, unit=Unit.CALENDAR_DAYS), Moment(at=at("2026-12-07T10:30:00-05:00"))),
        (Offset(amount=3, unit=Unit.CALENDAR_DAYS), Moment(on=on("2026-12-10"))),
        (Offset(amount=0, unit=Unit.COURT_DAYS), Moment(on=on("2026-12-07"))),
    ],
)
def test_only_its_own_day_has_the_time_that_the_court_set(
    rulebook: Rulebook, offset: Offset, found: Moment
) -> None:
    visit = happened("condition_set", "2026-12-07T10:30:00-05:00")

    assert moment_after(visit, offset, rulebook.jurisdictions["us_ct"]) == found


def test_a_finding_that_accounts_for_everything_meets_only_what_asks_for_everything(
    rulebook: Rulebook,
) -> None:
    whole = rulebook.by_id["CT-SUR-01"]
    one = replace(whole, met_by=(MetBy(event="surrendered"),))

    assert deadline(armed(SERVED, FINDING), replace(rulebook, rules=(one,)), "CT-SUR-01").met is None
    assert deadline(armed(SERVED, FINDING), replace(rulebook, rules=(whole,)), "CT-SUR-01").met is not None


def test_a_duty_that_no_statement_meets_rests_on_nothing(rulebook: Rulebook) -> None:
    notified = armed(SERVED, happened("revocation_notified", "2026-12-05"), DENIAL)

    assert deadline(notified, rulebook, "CT-SUR-06").proof is None


REMOTE = (
    happened("hearing_scheduled", "2026-12-14", key="a"),
    happened("hearing_scheduled", "2026-12-21", key="b"),
)
HELD = happened("heard", "2026-12-21", key="b")
ASKED = happened("remote_testimony_requested", "2026-12-11")


@pytest.mark.parametrize(
    ("events", "states"),
    [
        (REMOTE, [False, False]),
        ((*REMOTE, HELD), [False]),
        ((*REMOTE, replace(HELD, key="")), [False, False]),
        ((*REMOTE, HELD, ASKED), [True, True]),
    ],
)
def test_nothing_is_left_to_ask_for_once_the_hearing_was_held(
    events: tuple[Event, ...], states: list[bool], rulebook: Rulebook
) -> None:
    found = deadlines(order(Kind.RESTRAINING_ORDER, events=events), rulebook, "CT-HRG-REM-2")

    assert [one.met is not None for one in found] == states
