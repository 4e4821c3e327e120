"""The status of a firearm follows from what happened, not from what was typed last."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Agency
from orders.models import Firearm, FirearmStatus, Order, Receipt
from orders.services.firearms import inventory, receipts
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def firearm() -> Firearm:
    order = make.served_order(ago=timedelta(days=1))
    return inventory.list_firearm(order, serial="Z1", source="police", by=None, now=NOW)


def _receipt(firearm: Firearm, kind: str, at: datetime, agency: Agency | None = None) -> Receipt:
    taker: dict[str, Any] = {"dealer_license": "6-06-014-01-7M-12345"} if kind == "dealer" else {}
    return receipts.record_receipt(
        Order.objects.get(pk=firearm.order_id),
        kind=kind,
        received_at=at,
        firearms=[firearm],
        agency=agency,
        by=None,
        now=NOW,
        **taker,
    )


def test_withdrawing_the_later_receipt_leaves_the_earlier_one(firearm: Firearm) -> None:
    _receipt(firearm, "police", NOW - timedelta(hours=5), make.agency())
    later = _receipt(firearm, "dealer", NOW - timedelta(hours=2))

    receipts.withdraw_receipt(firearm.order, receipt=later, by=None, now=NOW, reason="Another gun.")

    firearm.refresh_from_db()
    assert firearm.status == FirearmStatus.SURRENDERED


def test_an_older_receipt_recorded_later_changes_nothing(firearm: Firearm) -> None:
    _receipt(firearm, "dealer", NOW - timedelta(hours=2))
    _receipt(firearm, "police", NOW - timedelta(hours=5), make.agency())

    firearm.refresh_from_db()
    assert firearm.status == FirearmStatus.SOLD


def test_without_a_receipt_it_is_believed_held(firearm: Firearm) -> None:
    only = _receipt(firearm, "dealer", NOW - timedelta(hours=2))

    receipts.withdraw_receipt(firearm.order, receipt=only, by=None, now=NOW, reason="Another gun.")

    firearm.refresh_from_db()
    assert firearm.status == FirearmStatus.ALLEGED
