"""Conditions that a judge set, and when they are due."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from orders.services.conditions import conditions
from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("condition", ["CT-SUR-05", "CT-RTV-01", "CT-HOM-01"])
def test_a_condition_with_a_time_is_due_at_that_time(condition: str) -> None:
    order, noon = make.order(), make.NOW + timedelta(days=5)

    conditions.set_condition(order, condition=condition, due_at=noon, by=None, now=make.NOW)

    rule = conditions.available_conditions(order)[condition].id
    found = make.deadline(order, rule)
    assert (found.due_at, found.due_on) == (noon, None)
    check = found.checkpoints.get(name="check")
    assert check.fires_at == noon


def test_a_condition_without_a_time_lasts_the_whole_day() -> None:
    order, day = make.order(), date(2026, 12, 9)

    conditions.set_condition(order, condition="CT-SUR-05", due_on=day, by=None, now=make.NOW)

    assert make.deadline(order, "CT-SUR-05-TERM").due_on == day
