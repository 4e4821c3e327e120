"""A firearm that police received under an order that is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Agency
from orders.models import Firearm, Order, Receipt
from orders.services.firearms.custody import Storage
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from tests import make
from tests.make import NOW

BY: dict[str, Any] = {"by": None, "now": NOW}
WHY: dict[str, Any] = {**BY, "reason": "Misread."}


def days(number: float) -> Any:
    return NOW - timedelta(days=number)


@pytest.fixture
def order() -> Order:
    """An order that is over."""
    return make.served_order(ago=timedelta(days=30), issued_at=days(32), expires_on=days(15).date())


@pytest.fixture
def police() -> Agency:
    return make.agency()


@pytest.fixture
def firearm(order: Order) -> Firearm:
    return list_firearm(order, serial="S1", source="police", **BY)


@pytest.fixture
def receipt(order: Order, police: Agency, firearm: Firearm) -> Receipt:
    return record_receipt(
        order,
        kind="police",
        agency=police,
        received_at=days(29),
        firearms=[firearm],
        storage=Storage(officer="Lee Ash", shelf="B4", tags={firearm.pk: "T-1"}),
        **BY,
    )
