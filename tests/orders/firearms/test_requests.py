"""Requests for the return of firearms: notice first, checks, holds, decisions; nothing looks met early."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Agency, AgencyKind
from orders.errors import InvalidFact
from orders.models import (
    Checkpoint,
    CustodyRequest,
    Deadline,
    DeadlineState,
    Firearm,
    FirearmReturn,
    Order,
)
from orders.rules.model import Offset
from orders.rules.vocabulary import Unit
from orders.services import corrections
from orders.services.firearms import (
    disposals,
    inventory,
    receipts,
    requests,
    return_steps,
    returns,
    statements,
)
from orders.services.orders import case_events, vacatur
from orders.services.planning.court_rules import decide
from orders.services.planning.replan import replan
from tests import make

pytestmark = pytest.mark.django_db

#: A Monday noon in Connecticut; two business days later is Wednesday, five are the next Monday.
NOW = datetime(2026, 12, 7, 17, 0, tzinfo=UTC)
WEDNESDAY = datetime(2026, 12, 9, 5, 0, tzinfo=UTC)
LICENSE = "6-06-014-01-7M-12345"


@dataclass
class Custody:
    """An order that has ended, and firearms of its respondent that police hold."""

    order: Order
    firearms: list[Firearm]
    police: Agency

    @property
    def officer(self) -> dict[str, Any]:
        """Who decides about a return, and why."""
        return {"agency": self.police, "officer": "Lee Ash", "why": "A threat."}

    def ask(self, *firearms: Firearm, at: datetime = NOW, now: datetime | None = None) -> CustodyRequest:
        """Record a request for the return of these firearms, or of all."""
        return requests.record_custody_request(
            self.order, kind="return", requested_at=at, firearms=firearms, by=None, now=now or at
        )

    def give(self, *firearms: Firearm, at: datetime, **given: Any) -> list[FirearmReturn]:
        """Return these firearms, or all, with every condition confirmed."""
        confirmed = [one.value for one in returns.asked_before_return(self.order)]
        return returns.record_return(
            self.order,
            firearms=firearms or self.firearms,
            returned_at=at,
            officer="Lee Ash",
            by=None,
            now=max(at, given.pop("now", at)),
            **{"agency": self.police, "confirmed": confirmed, **given},
        )

    def hold(self, request: CustodyRequest, ends_on: date, at: datetime = NOW) -> Any:
        """Hold the firearms of a request back."""
        facts: dict[str, Any] = {**self.officer, "by": None, "now": at}
        return return_steps.record_return_hold(request, held_at=at, ends_on=ends_on, **facts)

    def refuse(self, request: CustodyRequest, outcome: str = "safety", at: datetime = NOW) -> Any:
        """End a request without a return."""
        facts: dict[str, Any] = {**self.officer, "by": None, "now": at}
        return return_steps.decide_return(request, outcome=outcome, decided_at=at, **facts)

    def check(self, request: CustodyRequest, condition: str, *, confirmed: bool, at: datetime = NOW) -> Any:
        """Record a check."""
        return return_steps.record_return_check(
            request,
            condition=condition,
            is_confirmed=confirmed,
            checked_at=at,
            agency=self.police,
            checked_by="Lee Ash",
            note="" if confirmed else "Another order was found.",
            by=None,
            now=at,
        )

    def states(self, rule: str) -> list[str]:
        """The states of a rule's deadlines, in the order of their occurrence in time."""
        rows = Deadline.objects.filter(order=self.order, rule_id=rule).order_by("id")
        return [one.state for one in rows]


@pytest.fixture
def custody() -> Custody:
    order = make.order(
        issued_at=NOW - timedelta(days=6), served_at=NOW - timedelta(days=6), service_method="in_hand"
    )
    police = make.agency()
    given: dict[str, Any] = {"by": None, "now": NOW}
    firearms = [
        inventory.list_firearm(order, serial=f"AB{number}", source="police", **given) for number in (1, 2)
    ]
    receipts.record_receipt(
        order,
        kind="police",
        received_at=NOW - timedelta(days=5),
        firearms=firearms,
        agency=police,
        **given,
    )
    vacatur.vacate_order(order, vacated_at=NOW - timedelta(days=3), reason="withdrawn", **given)
    return Custody(order, firearms, police)


def order_release(order: Order, at: datetime) -> None:
    case_events.record_case_event(order, kind="release_ordered", occurred_at=at, by=None, now=at)


def refused(act: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(InvalidFact) as refusal:
        act()
    return refusal.value.code, refusal.value.message


def test_release_waits_until_the_people_concerned_had_notice(custody: Custody) -> None:
    code, message = refused(lambda: custody.give(at=NOW))
    assert code == "not_requested"
    assert "AB1: no request for its return is recorded. Record the request first" in message

    custody.ask()

    code, message = refused(lambda: custody.give(at=NOW + timedelta(minutes=1)))
    assert (code, message[:45]) == ("too_early", "Not before Wed, Dec 9, 2026, 12:00 a.m. Once ")
    assert refused(lambda: custody.give(at=WEDNESDAY - timedelta(seconds=1)))[0] == "too_early"
    assert custody.states("CT-RET-01") == [DeadlineState.OPEN]
    assert custody.give(at=WEDNESDAY)
    assert custody.states("CT-RET-01") == [DeadlineState.MET]


def test_notice_fires_at_the_request(custody: Custody) -> None:
    custody.ask()

    checkpoint = Checkpoint.objects.get(deadline__rule_id="CT-RET-01", name="before-release")

    # Nine o'clock of that day is past: it fires at once.
    assert checkpoint.fires_at == datetime(2026, 12, 7, 14, 0, tzinfo=UTC)
    assert checkpoint.audience == ["advocate", "protected_person"]


def test_request_that_is_recorded_late_gives_notice_from_then_on(custody: Custody) -> None:
    custody.ask(at=NOW - timedelta(days=2, hours=20), now=NOW)

    assert refused(lambda: custody.give(at=NOW + timedelta(minutes=1)))[0] == "too_early"
    assert custody.give(at=WEDNESDAY)


def test_court_orders_the_release_at_once(custody: Custody) -> None:
    custody.ask()
    order_release(custody.order, NOW + timedelta(hours=1))

    assert refused(lambda: custody.give(at=NOW + timedelta(minutes=59), now=WEDNESDAY))[0] == "too_early"
    assert custody.give(at=NOW + timedelta(hours=1))


def test_court_sets_another_time_for_the_notice(custody: Custody) -> None:
    decide(
        custody.order.case.court,
        rule_id="CT-RET-01",
        due=Offset(amount=4, unit=Unit.BUSINESS_DAYS),
        reason="Notice by mail.",
        by=None,
        now=NOW,
    )
    custody.ask()

    assert refused(lambda: custody.give(at=WEDNESDAY + timedelta(days=1)))[0] == "too_early"
    assert custody.give(at=WEDNESDAY + timedelta(days=2))


def test_request_for_some_firearms_is_met_by_these_alone(custody: Custody) -> None:
    first, second = custody.firearms
    custody.ask(first)

    assert refused(lambda: custody.give(second, at=WEDNESDAY))[0] == "not_requested"
    custody.give(first, at=WEDNESDAY)

    assert custody.states("CT-RET-01") == [DeadlineState.MET]
    assert custody.states("CT-RET-03") == [DeadlineState.OPEN]
    custody.ask(second, at=WEDNESDAY + timedelta(hours=1))
    assert custody.states("CT-RET-01") == [DeadlineState.MET, DeadlineState.OPEN]


def test_partial_return_leaves_the_request_open_and_a_withdrawn_return_opens_it(custody: Custody) -> None:
    first, second = custody.firearms
    custody.ask()

    custody.give(first, at=WEDNESDAY)
    assert custody.states("CT-RET-01") == [DeadlineState.OPEN]
    (last,) = custody.give(second, at=WEDNESDAY + timedelta(hours=1))
    assert custody.states("CT-RET-01") == [DeadlineState.MET]

    later = WEDNESDAY + timedelta(hours=2)
    returns.withdraw_return(custody.order, returned=last, reason="Another one.", by=None, now=later)
    assert custody.states("CT-RET-01") == [DeadlineState.OPEN]


def test_destroyed_firearm_does_not_meet_a_request_for_return(custody: Custody) -> None:
    custody.ask()
    disposals.record_disposal(
        custody.order,
        firearms=custody.firearms,
        kind="destroyed",
        disposed_at=NOW,
        agency=custody.police,
        officer="Lee Ash",
        authority="Court order",
        confirm="So ordered.",
        by=None,
        now=NOW,
    )

    assert custody.states("CT-RET-01") == [DeadlineState.OPEN]
    assert custody.states("CT-RET-03") == [DeadlineState.MET]


def test_checks_confirm_or_bar_the_return_and_can_be_put_right(custody: Custody) -> None:
    request = custody.ask()
    for condition in ("order_over", "no_other_order", "lawful_at_surrender"):
        custody.check(request, condition, confirmed=True)
    failed = custody.check(request, "eligible", confirmed=False)
    lines = {one.condition: one.is_confirmed for one in return_steps.checklist_of(request)}
    assert lines == {
        "order_over": True,
        "no_other_order": True,
        "eligible": False,
        "lawful_at_surrender": True,
    }

    code, message = refused(lambda: custody.give(at=WEDNESDAY))
    assert code == "check_failed"
    assert message.startswith(
        "Not confirmed: It was checked that the respondent may lawfully hold it (checked"
    )
    corrections.correct(failed, {"is_confirmed": True}, by=None, now=NOW, reason="Misread.")
    (returned, _) = custody.give(at=WEDNESDAY, confirmed=[])

    # Who, what and when is on record; that it was asked for is, too.
    assert set(returned.confirmed) == {
        "order_over",
        "no_other_order",
        "requested",
        "eligible",
        "lawful_at_surrender",
    }


def test_return_without_a_check_is_refused(custody: Custody) -> None:
    custody.ask()

    code, message = refused(lambda: custody.give(at=WEDNESDAY, confirmed=[]))

    assert code == "not_confirmed"
    assert "The respondent asked for it" not in message


def test_hold_has_an_end_with_a_deadline_and_does_not_stop_the_time_for_the_return(custody: Custody) -> None:
    request = custody.ask()
    hold = custody.hold(request, date(2026, 12, 11))

    assert refused(lambda: custody.give(at=WEDNESDAY))[0] == "on_hold"
    assert custody.states("CT-RET-HOLD") == [DeadlineState.OPEN]
    deadline = Deadline.objects.get(order=custody.order, rule_id="CT-RET-HOLD")
    assert deadline.due_on == date(2026, 12, 11)
    assert set(Checkpoint.objects.filter(deadline=deadline).values_list("name", flat=True)) == {
        "check",
        "remind-1d",
    }
    # A further hold decides about the first; its own end is open.
    friday = datetime(2026, 12, 11, 20, 0, tzinfo=UTC)
    custody.hold(request, date(2026, 12, 18), at=friday)
    assert custody.states("CT-RET-HOLD") == [DeadlineState.MET, DeadlineState.OPEN]
    assert custody.states("CT-RET-01") == [DeadlineState.OPEN]

    second = request.holds.latest("id")
    corrections.withdraw(second, by=None, now=friday, reason="Of another case.")
    assert custody.states("CT-RET-HOLD") == [DeadlineState.OPEN, DeadlineState.WITHDRAWN]
    corrections.correct(hold, {"ends_on": date(2026, 12, 8)}, by=None, now=friday, reason="Ended.")
    assert custody.give(at=friday)
    assert custody.states("CT-RET-HOLD")[0] == DeadlineState.MET


def test_court_order_outweighs_a_hold_and_a_refusal(custody: Custody) -> None:
    first, second = custody.firearms
    held, other = custody.ask(first), custody.ask(second, at=NOW + timedelta(minutes=1))
    custody.hold(held, date(2026, 12, 18))
    custody.refuse(other, at=NOW + timedelta(minutes=2))
    assert refused(lambda: custody.give(second, at=WEDNESDAY))[0] == "request_ended"

    order_release(custody.order, NOW + timedelta(hours=3))

    assert custody.give(first, second, at=WEDNESDAY)


@pytest.mark.parametrize("outcome", ["dropped", "safety", "unconfirmed"])
def test_decision_ends_the_time_without_meeting_it_and_can_be_withdrawn(
    custody: Custody, outcome: str
) -> None:
    decision = custody.refuse(custody.ask(), outcome)

    assert custody.states("CT-RET-01") == [DeadlineState.WITHDRAWN]
    assert refused(lambda: custody.give(at=WEDNESDAY))[0] == "request_ended"
    corrections.withdraw(decision, by=None, now=NOW, reason="Of another request.")
    assert custody.states("CT-RET-01") == [DeadlineState.OPEN]
    assert custody.give(at=WEDNESDAY)


def test_second_order_while_a_hold_runs_bars_the_return_and_keeps_the_hold(custody: Custody) -> None:
    custody.hold(custody.ask(), date(2026, 12, 11))
    make.order(
        docket_number=custody.order.case.docket_number,
        court=custody.order.case.court,
        kind="restraining_order",
        issued_at=NOW + timedelta(minutes=1),
        now=NOW + timedelta(hours=1),
    )

    assert custody.states("CT-RET-HOLD") == [DeadlineState.OPEN]
    assert refused(lambda: custody.give(at=WEDNESDAY + timedelta(days=4)))[0] == "not_in_error"


def test_order_that_is_reinstated_after_the_request_bars_the_return(custody: Custody) -> None:
    custody.ask()

    vacatur.reinstate_order(custody.order, reason="Set aside.", by=None, now=NOW)

    assert refused(lambda: custody.give(at=WEDNESDAY))[0] == "not_in_error"
    assert custody.states("CT-RET-01") == [DeadlineState.OPEN]


def test_request_is_corrected_and_withdrawn_but_not_under_its_steps(custody: Custody) -> None:
    first, _ = custody.firearms
    request = custody.ask()
    custody.check(request, "eligible", confirmed=True)

    assert refused(lambda: corrections.withdraw(request, by=None, now=NOW, reason="Wrong."))[0] == "in_use"
    corrections.withdraw(request.checks.get(), by=None, now=NOW, reason="Wrong.")
    corrections.correct(
        request,
        {"firearms": [first], "requested_on": date(2026, 12, 4)},
        by=None,
        now=NOW,
        reason="Read again.",
    )
    request.refresh_from_db()
    assert (list(request.firearms.all()), request.requested_at) == ([first], None)
    assert Deadline.objects.get(rule_id="CT-RET-01").due_on == date(2026, 12, 11)

    corrections.withdraw(request, by=None, now=NOW, reason="Wrong.")
    assert custody.states("CT-RET-01") == [DeadlineState.WITHDRAWN]


def test_joint_notice_of_a_sale_is_met_by_the_delivery_of_its_firearms(custody: Custody) -> None:
    first, second = custody.firearms
    given: dict[str, Any] = {"by": None, "now": NOW}
    requests.record_custody_request(
        custody.order, kind="sale", requested_at=NOW, firearms=[first], dealer_license=LICENSE, **given
    )
    assert Deadline.objects.get(rule_id="CT-RPO-05").due_on == date(2026, 12, 17)

    def deliver(firearm: Firearm, confirm: str = "") -> None:
        disposals.record_disposal(
            custody.order,
            firearms=[firearm],
            kind="transferred",
            disposed_at=NOW,
            agency=custody.police,
            officer="Lee Ash",
            authority="Joint notice",
            dealer_license=LICENSE,
            confirm=confirm,
            **given,
        )

    deliver(first)
    assert custody.states("CT-RPO-05") == [DeadlineState.MET]
    assert custody.states("CT-RET-03") == [DeadlineState.OPEN]
    deliver(second, confirm="The court ordered it.")
    assert custody.states("CT-RET-03") == [DeadlineState.MET]


def test_only_a_dealer_buys_while_the_order_is_in_force(custody: Custody) -> None:
    given: dict[str, Any] = {"kind": "sale", "requested_at": NOW, "by": None, "now": NOW}
    vacatur.reinstate_order(custody.order, reason="Set aside.", by=None, now=NOW)

    code, message = refused(
        lambda: requests.record_custody_request(custody.order, taker_name="Robin Elm", **given)
    )

    assert code == "unlawful_recipient"
    assert "no friend or relative may take them" in message
    assert requests.record_custody_request(custody.order, dealer_license=LICENSE, **given).pk


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"kind": "gift"}, "unknown_request"),
        ({"requested_at": NOW + timedelta(minutes=1)}, "in_the_future"),
        ({"requested_at": NOW - timedelta(days=9)}, "before_the_order"),
        ({"kind": "sale"}, "required"),
        ({"kind": "sale", "dealer_license": "12345"}, "invalid_dealer_license"),
        ({"dealer_license": LICENSE}, "not_the_taker"),
    ],
)
def test_request_that_cannot_be_is_refused(custody: Custody, given: dict[str, Any], code: str) -> None:
    facts = {"kind": "return", "requested_at": NOW, "by": None, "now": NOW, **given}

    assert refused(lambda: requests.record_custody_request(custody.order, **facts))[0] == code


def test_request_names_firearms_that_police_hold_and_comes_to_police(custody: Custody) -> None:
    given: dict[str, Any] = {"kind": "return", "requested_at": NOW, "by": None, "now": NOW}
    free = inventory.list_firearm(custody.order, serial="AB9", source="police", by=None, now=NOW)

    def ask(**more: Any) -> Callable[[], object]:
        return lambda: requests.record_custody_request(custody.order, **given, **more)

    assert refused(ask(firearms=[free]))[0] == "not_in_custody"
    assert refused(ask(agency=make.agency(AgencyKind.COURT)))[0] == "not_police"
    ask()()
    assert refused(ask())[0] == "duplicate_request"


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda c, r: c.check(r, "requested", confirmed=True), "unknown_condition"),
        (
            lambda c, r: c.check(r, "eligible", confirmed=True, at=NOW - timedelta(hours=1)),
            "before_the_request",
        ),
        (lambda c, r: c.hold(r, date(2026, 12, 6)), "not_ahead"),
        (lambda c, r: c.refuse(r, "later"), "unknown_outcome"),
        (lambda c, r: (c.refuse(r), c.refuse(r)), "already_decided"),
        (lambda c, r: (c.refuse(r), c.hold(r, date(2026, 12, 11))), "already_decided"),
    ],
)
def test_step_that_cannot_be_is_refused(
    custody: Custody, act: Callable[[Custody, CustodyRequest], object], code: str
) -> None:
    request = custody.ask()

    assert refused(lambda: act(custody, request))[0] == code


def test_plan_of_many_requests_takes_a_fixed_number_of_queries(
    custody: Custody, django_assert_max_num_queries: Any
) -> None:
    for hours in range(4):
        custody.ask(at=NOW - timedelta(hours=hours + 1), now=NOW)

    with django_assert_max_num_queries(45):
        replan([custody.order], now=NOW)


def test_a_firearm_that_a_request_names_is_not_withdrawn_from_under_it(custody: Custody) -> None:
    one, *_ = custody.firearms
    request = custody.ask(one)
    receipt = one.receipts.get()
    others = list(receipt.firearms.exclude(pk=one.pk))
    why: dict[str, Any] = {"by": None, "now": NOW, "reason": "Of another case."}

    for act in (
        lambda: corrections.withdraw(receipt, **why),
        lambda: corrections.correct(receipt, {"firearms": others}, **why),
    ):
        assert refused(act)[0] == "named_by_a_request"
    request.refresh_from_db()
    assert list(request.firearms.all()) == [one]

    corrections.withdraw(request, **why)
    corrections.correct(receipt, {"firearms": others}, **why)
    again = custody.ask(*others)
    again.firearms.add(one)
    assert refused(lambda: corrections.withdraw(one, **why))[0] == "named_by_a_request"
    corrections.correct(again, {"firearms": others}, **why)
    corrections.withdraw(one, **why)
    assert not Firearm.objects.filter(pk=one.pk).exists()


def test_a_firearm_that_a_statement_names_is_not_withdrawn_from_under_it(custody: Custody) -> None:
    row = inventory.list_firearm(custody.order, serial="U-1", source="police", by=None, now=NOW)
    sworn = statements.record_statement(
        custody.order, kind="unreachable", sworn_at=NOW, firearms=[row], by=None, now=NOW
    )
    why: dict[str, Any] = {"by": None, "now": NOW, "reason": "Of another case."}

    assert refused(lambda: corrections.withdraw(row, **why))[0] == "named_by_a_statement"
    corrections.withdraw(sworn, **why)
    corrections.withdraw(row, **why)
