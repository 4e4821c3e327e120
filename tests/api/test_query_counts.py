"""The number of queries does not depend on the number of orders."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Role
from notifications.models import Alert
from notifications.services.firing.fire import Firer
from orders.models import Order
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.fixtures import Fixtures, set_up
from tests.api.test_reads import LISTS, OF_A_FOLLOW_UP, ROWS
from tests.callers import store_no_use_of_tokens
from tests.copies import multiply

pytestmark = pytest.mark.django_db

#: Orders that are entered, and the final number.
ENTERED, IN_ALL = 10, 10_000


def paths(fixtures: Fixtures) -> list[str]:
    """URLs with ids of rows that the caller sees."""
    under = [f"/orders/{fixtures.order.public_id}/{name}" for name in LISTS]
    under += [f"/follow-ups/{fixtures.follow_up.public_id}/{name}" for name in OF_A_FOLLOW_UP]
    details = [f"/{name}/{row(fixtures).public_id}" for name, row in ROWS.items()]
    alert = f"/alerts/{Alert.objects.earliest('id').public_id}"
    return ["/orders", "/deadlines", "/follow-ups", "/alerts", *under, *details, alert]


def queries(caller: Caller, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert caller.get(path).status_code == 200, path
    return len(captured)


@pytest.mark.long
def test_query_count_is_the_same_for_ten_thousand_orders(caller: MakeCaller) -> None:
    fixtures = set_up()
    places: dict[str, Any] = {"court": fixtures.court, "respondent_town": fixtures.town}
    for _ in range(ENTERED - Order.objects.count()):
        make.served_order(now=fixtures.now, issued_at=fixtures.now - timedelta(days=2), **places)
    clerk = caller(make.person(Role.CLERK, fixtures.court))
    Firer("test").fire()
    store_no_use_of_tokens()
    few = {path: queries(clerk, path) for path in paths(fixtures)}

    multiply(IN_ALL // ENTERED - 1)

    assert Order.objects.count() == IN_ALL
    assert {path: queries(clerk, path) for path in few} == few
