"""A permit is on the list of an order once, however its number is spelled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Role
from orders.errors import DoubtfulFact, InvalidFact
from orders.models import DeadlineState, Order, Permit
from orders.services import corrections
from orders.services.firearms.inventory import hand_in_permit, record_permit
from orders.services.firearms.receipts import record_receipt
from orders.services.orders.case_events import record_case_event
from tests import make
from tests.api.conftest import MakeCaller
from tests.forms import opened
from tests.make import NOW
from tests.orders.test_admin.conftest import page_of, signed_in

pytestmark = pytest.mark.django_db

BY: dict[str, Any] = {"by": None, "now": NOW}
WHY: dict[str, Any] = {**BY, "reason": "Misread."}
PISTOL = "Pistol permit"


@pytest.fixture
def order() -> Order:
    order = make.order()
    record_permit(order, kind=PISTOL, number="P1", **BY)
    return order


@pytest.mark.parametrize("number", ["P1", "p1", "p 1", "P\u200b1", "'P1"])
def test_a_number_in_another_spelling_is_the_same_permit(number: str, order: Order) -> None:
    with pytest.raises(InvalidFact) as refused:
        record_permit(order, kind="pistol  PERMIT", number=number, confirm="Another.", **BY)

    assert (refused.value.field, refused.value.code) == ("number", "duplicate_permit")
    assert "Pistol permit, number P1 is on the list already" in refused.value.message


def test_another_kind_with_the_number_needs_a_reason(order: Order) -> None:
    given: dict[str, Any] = {"kind": "Long gun certificate", "number": "p1"}
    with pytest.raises(DoubtfulFact, match="If it is another, confirm it with a reason"):
        record_permit(order, **given, **BY)

    record_permit(order, **given, confirm="Both are on file.", **BY)

    assert Permit.objects.filter(order=order).count() == 2


def test_a_correction_makes_no_second_permit_of_a_number(order: Order) -> None:
    other = record_permit(order, kind=PISTOL, number="P2", **BY)

    with pytest.raises(InvalidFact, match="on the list already"):
        corrections.correct(other, {"number": "p1"}, **WHY)

    first = Permit.objects.get(order=order, number="P1")
    assert corrections.correct(first, {"number": "p1"}, **WHY).number == "p1"


def test_permits_without_a_number_and_of_other_orders_are_others(order: Order) -> None:
    for _ in range(2):
        record_permit(order, kind=PISTOL, **BY)
    record_permit(make.order(), kind=PISTOL, number="P1", **BY)

    assert Permit.objects.filter(order=order).count() == 3


def test_the_api_and_the_page_refuse_the_second_one(caller: MakeCaller) -> None:
    now = timezone.now()
    order = make.order(now=now, issued_at=now)
    record_permit(order, kind=PISTOL, number="P1", by=None, now=now)
    clerk = make.person(Role.CLERK, order.case.court)
    body = {"kind": PISTOL, "number": "p1"}

    answer = caller(clerk).post(f"/orders/{order.public_id}/permits", body)

    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [
        ("number", "duplicate_permit")
    ]
    desk = signed_in(clerk)
    address = f"{page_of(order)}permit/"
    shown = desk.post(address, body | opened(desk, address))
    assert "is on the list already" in shown.content.decode()
    assert Permit.objects.filter(order=order).count() == 1


def test_only_police_take_a_permit_with_a_receipt(order: Order) -> None:
    permit, at = Permit.objects.get(order=order), NOW - timedelta(hours=1)
    dealer: dict[str, Any] = {"kind": "dealer", "agency": None, "dealer_license": "6-06-014-01-7M-12345"}

    with pytest.raises(InvalidFact) as refused:
        record_receipt(order, received_at=at, permits=[permit], **dealer, **BY)
    assert (refused.value.field, refused.value.code) == ("permits", "not_a_taker")

    police = record_receipt(
        order, kind="police", agency=make.agency(), received_at=at, permits=[permit], **BY
    )
    with pytest.raises(InvalidFact, match="which only police take"):
        corrections.correct(police, dealer, **WHY)


def test_the_duty_is_met_when_every_permit_is_handed_in(order: Order) -> None:
    noticed = NOW - timedelta(hours=3)
    record_case_event(order, kind="revocation_notified", occurred_at=noticed, **BY)
    other = record_permit(order, kind=PISTOL, number="P2", **BY)
    given: dict[str, Any] = {"handed_in_on": NOW.date(), "agency": make.agency(), **BY}

    def state() -> str:
        return make.deadline(order, "CT-SUR-06").state

    hand_in_permit(Permit.objects.get(order=order, number="P1"), **given)
    assert state() == DeadlineState.OPEN
    hand_in_permit(other, **given)
    assert state() == DeadlineState.MET
    third = record_permit(order, kind=PISTOL, number="P3", **BY)
    assert state() == DeadlineState.OPEN
    corrections.withdraw(third, **WHY)
    assert state() == DeadlineState.MET
