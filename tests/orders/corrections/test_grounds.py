"""A correction takes no ground from a fact that depends on the corrected one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import AgencyKind
from orders.errors import DoubtfulFact, InvalidFact
from orders.models import CustodyRequest, DeadlineState, Order, Statement
from orders.services import corrections, hearings
from orders.services.conditions.conditions import set_condition
from orders.services.firearms import inventory, receipts, requests, return_steps, statements
from orders.services.orders.corrections import correct_order
from orders.services.orders.vacatur import vacate_order
from orders.services.parties.protected_persons import add_protected_person, correct_protected_person
from orders.services.service import correct_service, record_failed_attempt
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

BY: dict[str, Any] = {"by": None, "now": NOW}
WHY: dict[str, Any] = {**BY, "reason": "Misread."}


@pytest.fixture
def order() -> Order:
    return make.served_order(
        ago=timedelta(days=3), issued_at=NOW - timedelta(days=5), firearms_alleged_count=2
    )


@pytest.fixture
def checked(order: Order) -> Statement:
    """A denial that the court checked, so that the duty is met."""
    sworn = statements.record_statement(order, kind="non_possession", sworn_at=NOW - timedelta(days=2), **BY)
    statements.verify_statement(
        sworn,
        verified_at=NOW - timedelta(days=1),
        agency=order.case.court,
        verified_by="Lee Ash",
        method="records",
        **BY,
    )
    assert make.deadline(order, "CT-SUR-01").state == DeadlineState.MET
    return sworn


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"kind": "unreachable"}, "kind", "verified"),
        ({"sworn_at": NOW - timedelta(hours=1)}, "sworn_at", "after_the_check"),
    ],
)
def test_a_checked_denial_stays_one_from_before_its_check(
    changes: dict[str, Any], field: str, code: str, checked: Statement
) -> None:
    with pytest.raises(InvalidFact) as refused:
        corrections.correct(checked, changes, **WHY)

    assert (refused.value.field, refused.value.code) == (field, code)
    earlier = NOW - timedelta(days=2, hours=1)
    assert corrections.correct(checked, {"sworn_at": earlier}, **WHY).sworn_at == earlier


def _asked(order: Order) -> CustodyRequest:
    """A request for the return of what police hold, of two days ago."""
    police = make.agency(AgencyKind.POLICE)
    firearm = inventory.list_firearm(order, serial="S1", source="police", **BY)
    received: dict[str, Any] = {"kind": "police", "agency": police, "received_at": NOW - timedelta(days=3)}
    receipts.record_receipt(order, firearms=[firearm], **received, **BY)
    return requests.record_custody_request(
        order, kind="return", requested_at=NOW - timedelta(days=2), agency=police, **BY
    )


@pytest.mark.parametrize("step", ["check", "hold", "decision"])
def test_a_request_stays_before_its_steps(step: str, order: Order) -> None:
    request, at = _asked(order), NOW - timedelta(days=1)
    told: dict[str, Any] = {"agency": request.agency, **BY}
    if step == "check":
        condition = return_steps.to_check(order)[0].value
        told |= {"condition": condition, "is_confirmed": True, "checked_by": "Lee Ash"}
        return_steps.record_return_check(request, checked_at=at, **told)
    elif step == "hold":
        told |= {"ends_on": NOW.date() + timedelta(days=3), "officer": "Lee Ash", "why": "A trial."}
        return_steps.record_return_hold(request, held_at=at, **told)
    else:
        told |= {"outcome": "dropped", "officer": "Lee Ash", "why": "He called."}
        return_steps.decide_return(request, decided_at=at, **told)

    with pytest.raises(InvalidFact) as refused:
        corrections.correct(request, {"requested_at": NOW - timedelta(hours=1)}, **WHY)

    assert (refused.value.field, refused.value.code) == ("requested_at", "after_its_steps")
    assert f"A {step} of this request" in refused.value.message
    corrections.correct(request, {"requested_at": at}, **WHY)


def test_a_hearing_is_not_continued_to_its_own_day(order: Order) -> None:
    day = (NOW + timedelta(days=3)).date()
    hearing = hearings.schedule_hearing(order, purpose="compliance", scheduled_on=day, confirm="Set.", **BY)

    with pytest.raises(InvalidFact) as refused:
        hearings.continue_hearing(hearing, scheduled_on=day, confirm="At noon.", **BY)

    assert (refused.value.field, refused.value.code) == ("scheduled_on", "same_day")
    corrections.withdraw(hearing, **WHY)
    assert not order.hearings.exists()


@pytest.mark.parametrize("name", ["anna  lee", "ÁNNA LEE", "Lee, Anna", "Anna\u200b Lee"])
def test_a_protected_person_is_named_once_in_any_spelling(name: str, order: Order) -> None:
    anna = add_protected_person(order, name="Anna Lee", **WHY)
    ben = add_protected_person(order, name="Ben Lee", **WHY)

    with pytest.raises(InvalidFact, match="already names this person"):
        add_protected_person(order, name=name, **WHY)
    with pytest.raises(InvalidFact, match="already names this person"):
        correct_protected_person(ben, name=name, **WHY)

    correct_protected_person(anna, name="ANNA LEE", **WHY)
    assert sorted(order.protected_persons.values_list("name", flat=True)) == ["ANNA LEE", "Ben Lee"]


def _attempt(order: Order) -> None:
    at = NOW - timedelta(days=4)
    record_failed_attempt(order, attempted_at=at, method="in_hand", reason="No one.", **BY)


def _hear(order: Order) -> None:
    day = (NOW - timedelta(days=4)).date()
    hearings.schedule_hearing(order, purpose="compliance", scheduled_on=day, confirm="Set.", **BY)


def _order_something(order: Order) -> None:
    due = NOW - timedelta(days=4)
    set_condition(order, condition="CT-OTH-01", due_at=due, details="Hand over the keys.", **BY)


def _end(order: Order) -> None:
    vacate_order(order, vacated_at=NOW - timedelta(days=4), **WHY)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (_attempt, "attempted_before_issued"),
        (_hear, "hearing_before_issue"),
        (_order_something, "condition_before_issue"),
        (_end, "vacated_before_issued"),
    ],
)
def test_an_order_is_not_issued_after_what_cannot_precede_it(act: Callable[[Order], None], code: str) -> None:
    order = make.order(issued_at=NOW - timedelta(days=5))
    act(order)

    with pytest.raises(InvalidFact) as refused:
        correct_order(order, issued_at=NOW - timedelta(days=3), confirm="Read again.", **WHY)

    assert (refused.value.field, refused.value.code) == ("issued_at", code)
    correct_order(order, issued_at=NOW - timedelta(days=6), confirm="Read again.", **WHY)


def test_a_continuance_leads_to_a_later_day_after_a_correction_too(order: Order) -> None:
    first = (NOW + timedelta(days=3)).date()
    hearing = hearings.schedule_hearing(order, purpose="compliance", scheduled_on=first, confirm="Set.", **BY)
    following = hearings.continue_hearing(
        hearing, scheduled_on=first + timedelta(days=7), confirm="Set.", **BY
    )

    for row, day in ((hearing, first + timedelta(days=8)), (following, first - timedelta(days=1))):
        with pytest.raises(DoubtfulFact, match="an earlier day"):
            corrections.correct(row, {"scheduled_on": day}, **WHY)
        corrections.correct(row, {"scheduled_on": day}, confirm="So it was.", **WHY)


def test_an_answer_that_a_check_contradicts_needs_a_reason(order: Order, checked: Statement) -> None:
    assert order.served_at is not None
    yes: dict[str, Any] = {"served_at": order.served_at, "firearms_answer": "yes", **WHY}

    with pytest.raises(DoubtfulFact) as doubted:
        correct_service(order, **yes)
    assert (doubted.value.field, doubted.value.code) == ("firearms_answer", "contradicts_check")

    assert correct_service(order, **yes, confirm="The check was of another house.").firearms_answer == "yes"
