"""A process that enters an order is killed at its COMMIT: the order is missing or complete.

The number is that of the design's list of failure tests.
"""

from __future__ import annotations

import pytest

from tests.faults.checker import CLEAN
from tests.faults.conftest import Outside, found
from tests.faults.stack import Stack

pytestmark = pytest.mark.processes


@pytest.mark.parametrize(("point", "orders"), [("before", 0), ("after", 1)])
def test_27_killed_at_commit_the_order_is_missing_or_complete(
    stack: Stack, outside: Outside, point: str, orders: int
) -> None:
    place = stack.scenario("place")
    stack.clerk(point, **place).killed()

    fired = stack.scenario("fire")["checkpoints"]
    assert stack.sender().word() == "done"

    outcome = stack.scenario("outcome", place["court"])
    assert stack.scenario("entered", place["court"]) == {"orders": orders}
    assert bool(fired) == bool(orders)
    assert len(outcome["due_at"]) == orders
    assert found(outside, outcome) == CLEAN
    assert outcome["overdue"] == outcome["follow_ups"] == orders
