"""Service after the court ended the order is likelier a typing error: it needs a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Role
from orders.errors import DoubtfulFact
from orders.models import Order
from orders.services.orders.vacatur import vacate_order
from orders.services.service import correct_service, record_service
from tests import make
from tests.api.conftest import MakeCaller
from tests.make import NOW

pytestmark = pytest.mark.django_db

BY: dict[str, Any] = {"by": None, "now": NOW}
WHY: dict[str, Any] = {**BY, "reason": "Misread."}
ENDED = NOW - timedelta(days=1)


@pytest.fixture
def order() -> Order:
    return vacate_order(make.order(), vacated_at=ENDED, by=None, now=NOW, reason="So ordered.")


def test_service_after_the_end_needs_a_reason(order: Order) -> None:
    late: dict[str, Any] = {"served_at": ENDED + timedelta(hours=1), "service_method": "in_hand"}
    with pytest.raises(DoubtfulFact) as refused:
        record_service(order, **late, **BY)
    assert (refused.value.field, refused.value.code) == ("served_at", "served_after_vacatur")

    served = record_service(order, **late, confirm="The marshal did not know.", **BY)

    assert served.served_at == late["served_at"]
    correct_service(order, served_at=served.served_at, service_method="abode", **WHY)


def test_service_before_the_end_is_moved_behind_it_with_a_reason(order: Order) -> None:
    record_service(order, served_at=ENDED, service_method="in_hand", **BY)

    with pytest.raises(DoubtfulFact, match="after the court ended the order"):
        correct_service(order, served_at=ENDED + timedelta(minutes=1), **WHY)


def test_the_api_asks_too(caller: MakeCaller) -> None:
    now = timezone.now()
    order = make.order(now=now, issued_at=now - timedelta(days=2))
    vacate_order(order, vacated_at=now - timedelta(days=1), by=None, now=now, reason="So ordered.")
    body = {"served_at": (now - timedelta(hours=1)).isoformat(), "service_method": "in_hand"}

    answer = caller(make.person(Role.CLERK, order.case.court)).post(
        f"/orders/{order.public_id}/services", body
    )

    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"], error["confirmable"]) == (
        "served_at",
        "served_after_vacatur",
        True,
    )
