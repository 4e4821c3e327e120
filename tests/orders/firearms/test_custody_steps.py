"""Steps of custody begin with a receipt, and bind no firearm that never was."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Agency, AgencyKind
from orders.errors import InvalidFact
from orders.models import CustodyStep, Firearm, Order, Receipt
from orders.services import corrections
from orders.services.firearms.custody import Storage, move_firearms
from orders.services.firearms.found import FoundItem
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

BY: dict[str, Any] = {"by": None, "now": NOW}
WHY: dict[str, Any] = {**BY, "reason": "Misread."}
RECEIVED = NOW - timedelta(days=2)


@pytest.fixture
def order() -> Order:
    return make.served_order(ago=timedelta(days=3), issued_at=NOW - timedelta(days=5))


@pytest.fixture
def police() -> Agency:
    return make.agency(AgencyKind.POLICE)


@pytest.fixture
def receipt(order: Order, police: Agency) -> Receipt:
    """A receipt of police for a firearm that was not on the list."""
    found = [FoundItem(serial="S1", make="Ruger")]
    return record_receipt(order, kind="police", agency=police, received_at=RECEIVED, found=found, **BY)


def _move(order: Order, police: Agency, at: datetime) -> list[CustodyStep]:
    firearms = list(Firearm.objects.of_case(order.case_id))
    told: dict[str, Any] = {"given_by": "Lee Ash", "taken_by": "Kim Elm"}
    return move_firearms(order, firearms=firearms, agency=police, moved_at=at, **told, **BY)


def test_no_step_is_before_police_received_it(order: Order, police: Agency, receipt: Receipt) -> None:
    with pytest.raises(InvalidFact) as refused:
        _move(order, police, RECEIVED - timedelta(minutes=1))

    assert (refused.value.field, refused.value.code) == ("moved_at", "before_the_receipt")
    assert len(_move(order, police, RECEIVED)) == 1


def test_a_receipt_is_withdrawn_with_what_it_brought_also_after_a_step(
    order: Order, police: Agency, receipt: Receipt
) -> None:
    _move(order, police, NOW - timedelta(days=1))

    corrections.withdraw(receipt, **WHY)

    assert not Firearm.objects.filter(order=order).exists()
    assert not CustodyStep.objects.filter(order=order).exists()


def test_a_listed_firearm_is_withdrawn_after_its_receipt_was(
    order: Order, police: Agency, receipt: Receipt
) -> None:
    _move(order, police, NOW - timedelta(days=1))
    Firearm.objects.filter(order=order).update(source="police")
    corrections.withdraw(receipt, **WHY)
    firearm = Firearm.objects.get(order=order)
    assert firearm.status == "alleged"

    corrections.withdraw(firearm, **WHY)

    assert not Firearm.objects.filter(order=order).exists()


def test_what_is_chosen_and_typed_is_one_item_and_keeps_its_tag(order: Order, police: Agency) -> None:
    listed = list_firearm(order, serial="S1", source="police", **BY)

    receipt = record_receipt(
        order,
        kind="police",
        agency=police,
        received_at=RECEIVED,
        firearms=[listed],
        found=[FoundItem(serial="S1"), FoundItem(serial="S2", make="Colt")],
        storage=Storage(officer="Lee Ash", tags={listed.pk: "T-1"}, found_tags=["", "T-2"]),
        **BY,
    )

    steps = CustodyStep.objects.filter(receipt=receipt)
    assert sorted(steps.values_list("firearm__serial", "tag")) == [("S1", "T-1"), ("S2", "T-2")]
    entry = order.history.get(kind="receipt_recorded")
    assert len(entry.data["items"]) == 2
