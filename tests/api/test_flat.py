"""Every list and detail takes as many queries among ten thousand orders as among ten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Role
from notifications.models import Alert
from notifications.services.firing import Firer
from orders.models import Order
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.stage import Stage, set_up
from tests.api.test_reads import LISTS, OF_A_FOLLOW_UP, ROWS
from tests.copies import multiply

pytestmark = pytest.mark.django_db

#: Orders that are entered, and how many there are in the end.
ENTERED, IN_ALL = 10, 10_000


def paths(stage: Stage) -> list[str]:
    """Addresses with a row of the caller's wherever one is named."""
    under = [f"/orders/{stage.order.public_id}/{name}" for name in LISTS]
    under += [f"/follow-ups/{stage.follow_up.public_id}/{name}" for name in OF_A_FOLLOW_UP]
    details = [f"/{name}/{row(stage).public_id}" for name, row in ROWS.items()]
    alert = f"/alerts/{Alert.objects.first().public_id}"  # type: ignore[union-attr]
    return ["/orders", "/deadlines", "/follow-ups", "/alerts", *under, *details, alert]


def queries(caller: Caller, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert caller.get(path).status_code == 200, path
    return len(captured)


def test_ten_thousand_orders_take_as_many_queries_as_ten(caller: MakeCaller) -> None:
    stage = set_up()
    places: dict[str, Any] = {"court": stage.court, "respondent_town": stage.town}
    for _ in range(ENTERED - Order.objects.count()):
        make.served_order(now=stage.now, issued_at=stage.now - timedelta(days=2), **places)
    clerk = caller(make.person(Role.CLERK, stage.court))
    Firer("test").fire()
    # Once a minute a call also notes that the token is in use.
    clerk.get("/orders")
    few = {path: queries(clerk, path) for path in paths(stage)}

    multiply(IN_ALL // ENTERED - 1)

    assert Order.objects.count() == IN_ALL
    assert {path: queries(clerk, path) for path in few} == few
