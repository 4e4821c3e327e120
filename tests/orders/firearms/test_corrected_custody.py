"""What is corrected about custody keeps the same checks as what is entered, and names who held a firearm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Agency, Role
from orders.errors import DoubtfulFact, InvalidFact
from orders.models import CustodyStep, Firearm, FirearmDisposal, Order, Receipt
from orders.services import corrections
from orders.services.firearms.custody import add_place, holders_of
from orders.services.firearms.disposals import record_disposal
from orders.services.firearms.returns import asked_before_return, record_return
from tests import make
from tests.make import NOW
from tests.orders.firearms.held import BY, WHY, firearm, order, police, receipt

pytestmark = pytest.mark.django_db

__all__ = ["firearm", "order", "police", "receipt"]

LICENSE = "6-06-014-01-7M-12345"


def test_custody_begins_with_the_corrected_receipt(receipt: Receipt, firearm: Firearm) -> None:
    other, at = make.agency(), NOW - timedelta(days=28)

    corrections.correct(receipt, {"agency": other, "received_at": at}, **WHY)

    step = CustodyStep.objects.get()
    assert (step.agency, step.moved_at, step.shelf) == (other, at, "")
    assert holders_of([firearm]) == {firearm.pk: other}


def test_a_receipt_of_a_dealer_begins_no_custody(receipt: Receipt) -> None:
    dealer = {"kind": "dealer", "agency": None, "dealer_license": LICENSE}

    corrections.correct(receipt, dealer, **WHY)

    assert not CustodyStep.objects.exists()


def test_a_place_stays_if_only_the_time_is_corrected(receipt: Receipt, police: Agency) -> None:
    room = add_place(police, name="Room", by=make.person(Role.LIAISON, police))
    CustodyStep.objects.update(place=room)

    corrections.correct(receipt, {"received_at": NOW - timedelta(days=28)}, **WHY)

    assert (CustodyStep.objects.get().place, CustodyStep.objects.get().shelf) == (room, "B4")


def test_a_return_is_by_the_agency_that_held_the_firearm(
    order: Order, police: Agency, receipt: Receipt, firearm: Firearm
) -> None:
    make.may_return(order, at=NOW - timedelta(days=10))
    asked = [one.value for one in asked_before_return(order)]
    told: dict[str, Any] = {"returned_at": NOW - timedelta(days=1), "officer": "Lee Ash", "confirmed": asked}
    (returned,) = record_return(order, firearms=[firearm], agency=police, **told, **BY)
    other = make.agency()

    with pytest.raises(InvalidFact) as refused:
        corrections.correct(returned, {"agency": other}, **WHY)
    assert (refused.value.field, refused.value.code) == ("agency", "not_the_holder")

    corrections.correct(receipt, {"agency": other}, **WHY)
    assert corrections.correct(returned, {"agency": other}, **WHY).agency == other


def _transferred(order: Order, police: Agency, firearm: Firearm) -> FirearmDisposal:
    told: dict[str, Any] = {"officer": "Lee Ash", "authority": "Order of the court", "taker_name": "Kim Elm"}
    at = NOW - timedelta(days=20)
    rows = record_disposal(
        order,
        firearms=[firearm],
        kind="transferred",
        disposed_at=at,
        agency=police,
        confirm="The court ordered it.",
        **told,
        **BY,
    )
    return rows[0]


def test_a_disposal_is_corrected_with_the_checks_of_its_entry(
    order: Order, police: Agency, receipt: Receipt, firearm: Firearm
) -> None:
    row = _transferred(order, police, firearm)

    with pytest.raises(InvalidFact, match="holds it"):
        corrections.correct(row, {"agency": make.agency()}, **WHY)
    destroyed = {"kind": "destroyed", "taker_name": ""}
    with pytest.raises(DoubtfulFact) as doubted:
        corrections.correct(row, destroyed, **WHY)
    assert (doubted.value.field, doubted.value.code) == ("disposed_at", "too_early")

    corrections.correct(row, {"officer": "Kim Ash"}, **WHY)
    corrections.correct(row, destroyed, confirm="The court ordered it.", **WHY)
