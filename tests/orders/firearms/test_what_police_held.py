"""A joint notice of a sale is about what police held by then; holds and decisions are those of the holder."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from notifications.services.firing.fire import Firer
from orders.errors import InvalidFact
from orders.models import CustodyRequest, Deadline, DeadlineState, Firearm
from orders.services.corrections import correct
from orders.services.firearms.disposals import record_disposal
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from orders.services.firearms.requests import record_custody_request
from tests import make
from tests.orders.firearms.test_requests import LICENSE, NOW, Custody, custody, refused

__all__ = ["custody"]

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
BY: dict[str, Any] = {"by": None, "now": NOW}


def sell(custody: Custody, *firearms: Firearm, at: datetime = NOW, now: datetime = NOW) -> CustodyRequest:
    return record_custody_request(
        custody.order,
        kind="sale",
        requested_at=at,
        firearms=firearms,
        dealer_license=LICENSE,
        by=None,
        now=now,
    )


def receive(custody: Custody, at: datetime) -> Firearm:
    """Police receive one more firearm."""
    firearm = list_firearm(custody.order, serial="AB3", source="police", by=None, now=NOW + 2 * DAY)
    given: dict[str, Any] = {"agency": custody.police, "by": None, "now": NOW + 2 * DAY}
    record_receipt(custody.order, kind="police", received_at=at, firearms=[firearm], **given)
    return firearm


def deliver(custody: Custody, firearm: Firearm, at: datetime, **taker: str) -> None:
    given: dict[str, Any] = {
        "agency": custody.police,
        "officer": "Lee Ash",
        "authority": "The notice.",
        **taker,
    }
    record_disposal(
        custody.order, firearms=[firearm], kind="transferred", disposed_at=at, by=None, now=at, **given
    )


def test_a_joint_notice_needs_firearms_that_police_hold(custody: Custody) -> None:
    custody.order = make.order()

    with pytest.raises(InvalidFact) as refusal:
        sell(custody)

    assert (refusal.value.field, refusal.value.code) == ("firearms", "nothing_held")
    assert "record the police receipt first" in refusal.value.message


def test_a_joint_notice_is_not_about_what_police_received_later(custody: Custody) -> None:
    later = receive(custody, NOW + DAY)

    choices: list[list[Firearm]] = [[], [later], [custody.firearms[0], later]]
    for chosen in choices:
        code, message = refused(partial(sell, custody, *chosen, now=NOW + 2 * DAY))
        assert code == "before_the_receipt"
        assert "AB3: police received it Tue, Dec 8, 2026, 12:00 p.m., after this notice." in message
    row = sell(custody, *custody.firearms, now=NOW + 2 * DAY)
    change: dict[str, Any] = {"by": None, "now": NOW + 2 * DAY, "reason": "As on paper."}
    assert refused(lambda: correct(row, {"firearms": []}, **change))[0] == "required"
    assert refused(lambda: correct(row, {"firearms": [later]}, **change))[0] == "before_the_receipt"
    assert refused(lambda: correct(row, {"requested_at": NOW - 9 * DAY}, **change, confirm="So."))[0] == (
        "before_the_receipt"
    )


def test_an_earlier_notice_without_firearms_does_not_cover_a_later_receipt(custody: Custody) -> None:
    row = sell(custody)
    row.firearms.clear()
    later = receive(custody, NOW + DAY)
    at = NOW + 3 * DAY

    code, message = refused(lambda: deliver(custody, later, at, dealer_license=LICENSE))

    assert code == "no_joint_notice"
    assert "about" in message
    assert "AB3" in message
    deliver(custody, custody.firearms[0], at, dealer_license=LICENSE)


def test_a_delivery_to_a_person_needs_the_notice_too(custody: Custody) -> None:
    """After the order, § 29-36k(d) allows any eligible person, after the notice of both."""
    firearm = custody.firearms[0]
    assert refused(lambda: deliver(custody, firearm, NOW, taker_name="Oak Elm"))[0] == "no_joint_notice"
    record_custody_request(
        custody.order, kind="sale", requested_at=NOW, taker_name="Oak Elm", firearms=[firearm], **BY
    )

    deliver(custody, firearm, NOW + DAY, taker_name="Oak Elm")

    assert custody.states("CT-RPO-05") == [DeadlineState.MET]


def test_another_agency_neither_holds_back_nor_refuses(custody: Custody) -> None:
    request, custody.police = custody.ask(), make.agency()

    for act in (lambda: custody.hold(request, NOW.date() + 3 * DAY), lambda: custody.refuse(request)):
        code, message = refused(act)
        assert code == "not_the_holder"
        assert "Choose that agency, or record first that it gave them to" in message


def test_every_hold_is_decided_once_the_request_has_ended(custody: Custody) -> None:
    """No end of a hold stays open that no one can meet."""
    request = custody.ask()
    hold = custody.hold(request, NOW.date() + 3 * DAY, at=NOW + timedelta(hours=2))

    assert refused(lambda: custody.refuse(request, at=NOW + timedelta(hours=1)))[0] == "before_its_hold"
    custody.refuse(request, at=NOW + timedelta(hours=3))
    late: dict[str, Any] = {"by": None, "now": NOW + DAY, "reason": "As on paper."}
    assert refused(lambda: correct(hold, {"held_at": NOW + timedelta(hours=4)}, **late))[0] == (
        "already_decided"
    )
    Firer("test").fire(now=NOW + 9 * DAY)
    assert not Deadline.objects.filter(rule_id="CT-RET-HOLD", state=DeadlineState.OVERDUE).exists()


def test_what_has_left_custody_is_not_held_back(custody: Custody) -> None:
    request = custody.ask()
    back = NOW + 3 * DAY
    custody.give(at=back)

    assert refused(lambda: custody.hold(request, (back + DAY).date(), at=back + timedelta(hours=1)))[0] == (
        "nothing_held"
    )
