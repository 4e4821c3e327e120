"""The page of an order names what the court still owes, and leads to the other orders of its case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from orders.models import Order
from orders.services.firearms import inventory, receipts
from orders.services.orders import case_events
from tests import make
from tests.orders.test_admin.conftest import Enter, page_of

pytestmark = pytest.mark.django_db

DUTY = "your court&#x27;s own duty"


def surrendered(enter: Enter, now: datetime) -> Order:
    """An order issued three days ago, with a receipt for its only firearm and no notice to police."""
    order = enter(
        kind="restraining_order",
        issued_at=now - timedelta(days=3),
        served_at=now - timedelta(hours=5),
        respondent_town=make.town(),
    )
    by: dict[str, Any] = {"by": None, "now": now}
    firearm = inventory.list_firearm(order, serial="S-1", source="police", **by)
    given: dict[str, Any] = {
        "received_at": now - timedelta(hours=1),
        "agency": make.agency(),
        "receipt_number": "R-7",
    }
    receipts.record_receipt(order, kind="police", firearms=[firearm], **given, **by)
    return order


def test_an_overdue_duty_of_the_court_is_the_next_step(enter: Enter, desk: Client, now: datetime) -> None:
    order = surrendered(enter, now)

    before = desk.get(page_of(order)).content.decode()
    at = now - timedelta(minutes=1)
    case_events.record_case_event(order, kind="police_notified", occurred_at=at, by=None, now=now)
    after = desk.get(page_of(order)).content.decode()

    assert DUTY in before
    assert "case-event/?kind=police_notified" in before.split("What must be sent")[0]
    assert "othing waits for the court" not in before
    assert DUTY not in after
    assert "nothing waits for the court" in after


def test_the_page_leads_to_the_other_orders_of_the_case(enter: Enter, desk: Client) -> None:
    facts: dict[str, Any] = {"docket_number": "HHD-FA26-6012345-S", "respondent_town": make.town()}
    first, second = enter(**facts), enter(kind="restraining_order", **facts)
    alone = enter(docket_number="HHD-FA26-6012399-S", respondent_town=facts["respondent_town"])

    page = desk.get(page_of(first)).content.decode()

    assert "Same case:" in page
    assert f'href="{page_of(second)}"' in page
    assert "Same case:" not in desk.get(page_of(alone)).content.decode()
