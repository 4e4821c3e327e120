"""Tables without rows of an order are not read when it is planned."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders.models import Hearing, Permit, ServiceAttempt
from orders.services import service
from orders.services.planning.filled_tables import filled_tables
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def test_names_the_tables_with_a_row_of_one_of_the_orders() -> None:
    tried, other = make.order(), make.order()
    service.record_failed_attempt(
        tried, attempted_at=NOW - timedelta(hours=1), method="in_hand", reason="No answer", by=None, now=NOW
    )
    asked = (Hearing, ServiceAttempt, Permit)
    assert filled_tables([tried.pk, other.pk], *asked) == {ServiceAttempt}
    assert filled_tables([other.pk], *asked) == frozenset()
    assert filled_tables([], *asked) == frozenset()
