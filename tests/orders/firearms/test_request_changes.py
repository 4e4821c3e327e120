"""Requests that change after what they led to, and acts that the law does not allow yet."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from orders.models import (
    Checkpoint,
    CheckpointState,
    CustodyRequest,
    Deadline,
    DeadlineState,
    Firearm,
    HistoryEntry,
)
from orders.services import corrections
from orders.services.firearms import custody as moves
from orders.services.firearms import disposals, inventory, receipts, requests
from orders.services.orders import vacatur
from orders.services.planning.replan import replan
from tests import make
from tests.orders.firearms.test_requests import (
    LICENSE,
    NOW,
    WEDNESDAY,
    Custody,
    custody,
    order_release,
    refused,
)

__all__ = ["custody"]

pytestmark = pytest.mark.django_db


def correct(request: CustodyRequest, at: Any = NOW, **changes: Any) -> None:
    corrections.correct(request, changes, by=None, now=at, reason="Read again.")


def withdraw(request: CustodyRequest) -> None:
    corrections.withdraw(request, by=None, now=WEDNESDAY, reason="Of another case.")


def notices(request: CustodyRequest) -> list[tuple[int, int]]:
    """The notices to the people concerned before the return: revision and state."""
    rows = Checkpoint.objects.filter(deadline__occurrence=request.public_id.hex, name="before-release")
    return list(rows.order_by("revision").values_list("revision", "state"))


def test_a_request_stays_under_the_return_that_it_allowed(custody: Custody) -> None:
    first, second = custody.firearms
    request = custody.ask()
    (returned,) = custody.give(first, at=WEDNESDAY)

    code, message = refused(lambda: withdraw(request))
    assert (code, message) == (
        "in_use",
        f"{first} went back by this request. Withdraw that return first if it never was.",
    )
    later = WEDNESDAY + timedelta(minutes=1)
    assert refused(lambda: correct(request, later, requested_at=later))[0] == "after_the_return"
    assert refused(lambda: correct(request, later, requested_on=date(2026, 12, 10)))[0] == "in_the_future"
    assert refused(lambda: correct(request, later, firearms=[second]))[0] == "returned_since"

    corrections.withdraw(returned, by=None, now=WEDNESDAY, reason="It never was.")
    withdraw(request)
    assert custody.states("CT-RET-01") == [DeadlineState.WITHDRAWN]


def test_a_request_for_more_firearms_gives_notice_again(custody: Custody) -> None:
    first, second = custody.firearms
    request = custody.ask(first)
    Checkpoint.objects.filter(name="before-release").update(
        state=CheckpointState.FIRED, fired_at=NOW, expected=0
    )
    before = make.deadline(custody.order, "CT-RET-01")

    correct(request, at=WEDNESDAY, firearms=[first, second])

    after = make.deadline(custody.order, "CT-RET-01")
    assert (before.opens_on, after.opens_on) == (date(2026, 12, 9), date(2026, 12, 11))
    assert after.due_at == before.due_at
    assert notices(request) == [(0, CheckpointState.FIRED), (1, CheckpointState.PENDING)]
    assert refused(lambda: custody.give(second, at=WEDNESDAY + timedelta(days=1)))[0] == "too_early"
    assert custody.give(first, second, at=WEDNESDAY + timedelta(days=2))


def test_no_other_correction_moves_the_earliest_day_or_notifies_again(custody: Custody) -> None:
    first, _ = custody.firearms
    request = custody.ask()
    Checkpoint.objects.filter(name="before-release").update(
        state=CheckpointState.FIRED, fired_at=NOW, expected=0
    )

    correct(request, at=NOW + timedelta(hours=1), firearms=[first])
    correct(request, at=NOW + timedelta(hours=1), requested_at=NOW - timedelta(hours=1))
    replan([custody.order], now=NOW + timedelta(hours=2))

    assert make.deadline(custody.order, "CT-RET-01").opens_on == date(2026, 12, 9)
    assert notices(request) == [(0, CheckpointState.FIRED)]


def test_a_corrected_request_names_only_what_police_hold(custody: Custody) -> None:
    first, second = custody.firearms
    request = custody.ask(first)
    Firearm.objects.filter(pk=second.pk).update(status="sold")

    assert refused(lambda: correct(request, firearms=[first, second]))[0] == "not_in_custody"


def test_police_must_release_what_a_court_orders_after_their_refusal(custody: Custody) -> None:
    custody.refuse(custody.ask())
    assert custody.states("CT-RET-ORD") == []

    order_release(custody.order, NOW + timedelta(hours=3))

    duty = make.deadline(custody.order, "CT-RET-ORD")
    assert (duty.state, duty.due_on) == (DeadlineState.OPEN, date(2026, 12, 14))
    assert make.pending(custody.order, "CT-RET-ORD") == {"remind-1d", "check"}
    check = Checkpoint.objects.get(deadline=duty, name="check")
    assert check.audience == ["respondent_police", "court"]
    assert custody.states("CT-RET-01") == [DeadlineState.WITHDRAWN]
    assert custody.give(at=WEDNESDAY)
    assert custody.states("CT-RET-ORD") == [DeadlineState.MET]


def test_an_order_without_a_refusal_gives_no_second_deadline(custody: Custody) -> None:
    custody.ask()
    order_release(custody.order, NOW + timedelta(hours=3))

    assert not Deadline.objects.filter(rule_id="CT-RET-ORD").exists()
    assert custody.states("CT-RET-01") == [DeadlineState.OPEN]


def sell(custody: Custody, *firearms: Firearm, **given: Any) -> Any:
    facts: dict[str, Any] = {"kind": "transferred", "agency": custody.police, "officer": "Lee Ash"}
    facts |= {"authority": "Joint notice", "dealer_license": LICENSE, "by": None, "now": NOW}
    return disposals.record_disposal(custody.order, firearms=firearms, disposed_at=NOW, **{**facts, **given})


def test_a_sale_without_the_joint_notice_of_this_dealer_needs_a_reason(custody: Custody) -> None:
    first, second = custody.firearms
    code, message = refused(lambda: sell(custody, first))
    assert (code, message[:24]) == ("no_joint_notice", "No joint written notice ")

    requests.record_custody_request(
        custody.order,
        kind="sale",
        requested_at=NOW,
        firearms=[first],
        dealer_license=LICENSE,
        by=None,
        now=NOW,
    )

    assert sell(custody, first)
    assert refused(lambda: sell(custody, second))[0] == "no_joint_notice"
    assert sell(custody, second, confirm="Ordered by the court.")


def test_only_the_agency_that_holds_a_firearm_gives_it_away(custody: Custody) -> None:
    first, second = custody.firearms
    other = make.agency()
    custody.ask()
    code, message = refused(lambda: custody.give(at=WEDNESDAY, agency=other))
    assert code == "not_the_holder"
    assert f"{first}: {custody.police} holds it." in message
    assert refused(lambda: sell(custody, first, agency=other, confirm="Ordered."))[0] == "not_the_holder"

    moves.move_firearms(
        custody.order,
        firearms=[first],
        agency=other,
        given_by="Lee Ash",
        taken_by="Kim Oak",
        moved_at=NOW,
        by=None,
        now=NOW,
    )

    assert refused(lambda: custody.give(first, at=WEDNESDAY))[0] == "not_the_holder"
    assert custody.give(first, at=WEDNESDAY, agency=other)
    assert custody.give(second, at=WEDNESDAY)


def test_a_person_in_florida_may_choose_who_gets_what_police_hold() -> None:
    """Section 790.401(9): not straight from the respondent, but from custody while the order is in force."""
    order = make.order(
        kind="final_erpo", jurisdiction="us_fl", filed_by="law_enforcement", issued_at=NOW - timedelta(days=6)
    )
    given: dict[str, Any] = {"by": None, "now": NOW}
    firearm = inventory.list_firearm(order, serial="FL1", source="police", **given)
    taker: dict[str, Any] = {"taker_name": "Robin Elm", **given}
    receipt = partial(receipts.record_receipt, order, firearms=[firearm], received_at=NOW)
    assert refused(lambda: receipt(kind="third_party", **taker))[0] == "unlawful_recipient"
    police = make.agency(state="us_fl")
    receipts.record_receipt(order, kind="police", received_at=NOW, firearms=[firearm], agency=police, **given)

    assert requests.record_custody_request(order, kind="sale", requested_at=NOW, **taker).pk
    facts: dict[str, Any] = {"kind": "transferred", "agency": police, "officer": "Lee Ash", **taker}
    assert disposals.record_disposal(
        order, firearms=[firearm], disposed_at=NOW, authority="Check passed, sworn", **facts
    )


@pytest.fixture
def empty() -> Custody:
    """An ended order under which police took nothing, with two firearms on its list."""
    order = make.order(
        issued_at=NOW - timedelta(days=6), served_at=NOW - timedelta(days=6), service_method="in_hand"
    )
    given: dict[str, Any] = {"by": None, "now": NOW}
    firearms = [
        inventory.list_firearm(order, serial=f"AB{number}", source="police", **given) for number in (1, 2)
    ]
    vacatur.vacate_order(order, vacated_at=NOW - timedelta(days=3), reason="withdrawn", **given)
    return Custody(order, firearms, make.agency())


def receive(custody: Custody, *firearms: Firearm, at: datetime) -> Any:
    return receipts.record_receipt(
        custody.order,
        kind="police",
        received_at=at - timedelta(hours=1),
        firearms=firearms,
        agency=custody.police,
        by=None,
        now=at,
    )


def test_what_police_receive_after_a_request_is_notified_again(empty: Custody) -> None:
    first, second = empty.firearms
    request = empty.ask()
    Checkpoint.objects.filter(name="before-release").update(
        state=CheckpointState.FIRED, fired_at=NOW, expected=0
    )
    assert make.deadline(empty.order, "CT-RET-01").opens_on == date(2026, 12, 9)

    receive(empty, first, at=WEDNESDAY)

    request.refresh_from_db()
    assert list(request.firearms.all()) == [first]
    assert make.deadline(empty.order, "CT-RET-01").opens_on == date(2026, 12, 11)
    assert notices(request) == [(0, CheckpointState.FIRED), (1, CheckpointState.PENDING)]
    assert refused(lambda: empty.give(first, at=WEDNESDAY + timedelta(days=1)))[0] == "too_early"
    entry = HistoryEntry.objects.get(order=empty.order, kind="return_request_renewed")
    assert entry.data["items"] == [str(first)]

    # A later receipt is about other firearms: it moves no day of the first, and needs a request of its own.
    receive(empty, second, at=WEDNESDAY + timedelta(hours=5))
    assert make.deadline(empty.order, "CT-RET-01").opens_on == date(2026, 12, 11)
    assert refused(lambda: empty.give(second, at=WEDNESDAY + timedelta(days=2)))[0] == "not_requested"
    assert empty.give(first, at=WEDNESDAY + timedelta(days=2))
    assert empty.states("CT-RET-01") == [DeadlineState.MET]


def test_a_receipt_that_is_corrected_to_police_is_notified_too(empty: Custody) -> None:
    first, _ = empty.firearms
    empty.ask()
    receipt = receipts.record_receipt(
        empty.order,
        kind="dealer",
        received_at=NOW,
        firearms=[first],
        dealer_license=LICENSE,
        by=None,
        now=WEDNESDAY,
    )
    assert make.deadline(empty.order, "CT-RET-01").opens_on == date(2026, 12, 9)

    changes = {"kind": "police", "dealer_license": "", "agency": empty.police}
    corrections.correct(receipt, changes, by=None, now=WEDNESDAY, reason="Read again.")

    assert make.deadline(empty.order, "CT-RET-01").opens_on == date(2026, 12, 11)


def test_a_decided_request_takes_up_nothing(empty: Custody) -> None:
    first, _ = empty.firearms
    request = empty.ask()
    empty.refuse(request)

    receive(empty, first, at=WEDNESDAY)

    assert not request.firearms.exists()
    assert refused(lambda: empty.give(first, at=WEDNESDAY + timedelta(days=2)))[0] == "not_requested"


def test_a_request_covers_a_firearm_only_until_it_goes_back(custody: Custody) -> None:
    first, _ = custody.firearms
    custody.ask(first)
    custody.give(first, at=WEDNESDAY)
    receive(custody, first, at=WEDNESDAY + timedelta(days=1, hours=1))

    again = WEDNESDAY + timedelta(days=3)
    assert refused(lambda: custody.give(first, at=again))[0] == "not_requested"
    custody.ask(first, at=WEDNESDAY + timedelta(days=1, hours=2))
    assert refused(lambda: custody.give(first, at=WEDNESDAY + timedelta(days=1, hours=3)))[0] == "too_early"
    assert custody.give(first, at=WEDNESDAY + timedelta(days=7))


def test_a_return_of_long_ago_can_still_be_corrected(custody: Custody) -> None:
    first, _ = custody.firearms
    custody.ask(first)
    (returned,) = custody.give(first, at=WEDNESDAY)
    receive(custody, first, at=WEDNESDAY + timedelta(days=1))

    later = WEDNESDAY + timedelta(days=2)
    corrections.correct(returned, {"officer": "Ann Elm"}, by=None, now=later, reason="Read again.")

    returned.refresh_from_db()
    assert returned.officer == "Ann Elm"
