"""An act that changes other orders of the person shows it before, and in both histories."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from orders.display import short_title
from orders.models import DeadlineState, Order, Receipt
from orders.services.firearms import inventory, receipts
from tests import make
from tests.make import deadline
from tests.orders.test_admin.conftest import Enter, page_of

pytestmark = pytest.mark.django_db

DUTY = short_title("CT-SUR-01")


@pytest.fixture
def twins(enter: Enter, now: datetime) -> tuple[Order, Order]:
    """Two orders of a case. The receipt of the first meets the duty of both."""
    facts: dict[str, Any] = {"docket_number": "HHD-FA26-6012345-S", "respondent_town": make.town()}
    first, second = (enter(served_at=now - timedelta(hours=hours), **facts) for hours in (5, 4))
    firearm = inventory.list_firearm(first, serial="S-1", source="police", by=None, now=now)
    receipts.record_receipt(
        first,
        kind="police",
        received_at=now - timedelta(hours=1),
        firearms=[firearm],
        agency=make.agency(),
        receipt_number="R-77",
        by=None,
        now=now,
    )
    assert deadline(second, "CT-SUR-01").state == DeadlineState.MET
    return first, second


def shown(desk: Client, address: str) -> str:
    """The text of a page."""
    return desk.get(address).content.decode()


@pytest.mark.parametrize("act", ["withdraw-order", "withdraw-receipt"])
def test_what_a_withdrawal_takes_from_a_twin_is_shown(
    act: str, twins: tuple[Order, Order], desk: Client
) -> None:
    first, second = twins
    receipt = Receipt.objects.get()
    address = f"{page_of(first)}{act}/" + (f"?item={receipt.public_id}" if act == "withdraw-receipt" else "")

    before = shown(desk, address)

    assert "This also changes other orders" in before
    assert f"{second.case.docket_number}: {DUTY}: reopened" in before
    assert deadline(second, "CT-SUR-01").state == DeadlineState.MET, "nothing is stored yet"
    assert Receipt.objects.exists()

    assert desk.post(address, {"reason": "Entered twice."}).status_code == 302

    assert deadline(second, "CT-SUR-01").state == DeadlineState.OPEN
    assert f"{second.case.docket_number}: {DUTY}: reopened" in shown(desk, page_of(first))
    page = shown(desk, page_of(second))
    assert "Because of another order: " in page
    assert "Receipt R-77" in page


def test_an_act_that_changes_no_other_order_shows_nothing(enter: Enter, desk: Client) -> None:
    assert "This also changes" not in shown(desk, f"{page_of(enter())}withdraw-order/")


def test_the_history_of_a_receipt_names_what_is_on_it(twins: tuple[Order, Order], desk: Client) -> None:
    entry = twins[0].history.get(kind="receipt_recorded")

    assert entry.data["items"] == [str(Receipt.objects.get().firearms.get())]
