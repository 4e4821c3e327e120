"""Extensions and modifications that changed the last day one after the other, corrected and withdrawn."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from orders.errors import InvalidFact
from orders.models import Order
from orders.services.orders.corrections import correct_order
from orders.services.orders.extension import correct_extension, extend_order, withdraw_extension
from orders.services.orders.modification import modify_order, withdraw_modification
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

BY: dict[str, Any] = {"by": None, "now": NOW, "confirm": "So ordered."}
WHY: dict[str, Any] = {"by": None, "now": NOW, "reason": "Misread."}
FIRST, EXTENDED, SHORTENED = date(2027, 6, 1), date(2027, 12, 1), date(2027, 8, 1)


@pytest.fixture
def order() -> Order:
    """An order that was extended, and then shortened."""
    order = make.served_order(
        kind="restraining_order", ago=timedelta(days=3), issued_at=NOW - timedelta(days=5), expires_on=FIRST
    )
    extend_order(order, expires_on=EXTENDED, **BY)
    return modify_order(order, modified_on=NOW.date(), expires_on=SHORTENED, **BY)


def _last_day(order: Order) -> date | None:
    return Order.objects.get(pk=order.pk).expires_on


def test_an_extension_is_put_right_after_what_changed_the_last_day_since(order: Order) -> None:
    with pytest.raises(InvalidFact) as refused:
        withdraw_extension(order, **WHY)
    assert (refused.value.field, refused.value.code) == ("order", "last_day_changed")
    with pytest.raises(InvalidFact, match="Withdraw that change first"):
        correct_extension(order, expires_on=date(2027, 11, 1), confirm="So ordered.", **WHY)
    assert _last_day(order) == SHORTENED

    withdraw_modification(order, **WHY)
    assert _last_day(order) == EXTENDED
    withdraw_extension(order, **WHY)
    assert _last_day(order) == FIRST


def test_a_modification_follows_a_last_day_that_is_corrected_on_the_order(order: Order) -> None:
    correct_order(order, expires_on=date(2027, 8, 15), **WHY)

    assert order.modifications.get().expires_on == date(2027, 8, 15)
    assert order.extensions.get().expires_on == EXTENDED
    withdraw_modification(order, **WHY)
    assert _last_day(order) == EXTENDED


@pytest.mark.parametrize("day", [EXTENDED, date(2027, 12, 15)])
def test_a_modification_that_shortens_no_more_leaves_the_last_day_to_the_extension(
    day: date, order: Order
) -> None:
    correct_order(order, expires_on=day, confirm="So ordered.", **WHY)

    assert order.modifications.get().expires_on is None
    assert order.extensions.get().expires_on == day
    withdraw_modification(order, **WHY)
    assert _last_day(order) == day
    withdraw_extension(order, **WHY)
    assert _last_day(order) == FIRST
