"""Whoever enters an order is killed at its COMMIT: there is no order at all, or one that is kept.

The number is that of the design's list of failure tests (dispatch.md § 3).
"""

from __future__ import annotations

import pytest

from tests.faults.checker import CLEAN
from tests.faults.conftest import Outside, found
from tests.faults.stack import Stack

pytestmark = pytest.mark.processes


@pytest.mark.parametrize(("point", "orders"), [("before", 0), ("after", 1)])
def test_27_killed_at_commit_there_is_no_order_or_one_that_is_kept(
    stack: Stack, outside: Outside, point: str, orders: int
) -> None:
    place = stack.scene("place")
    stack.clerk(point, **place).killed()

    fired = stack.scene("fire")["checkpoints"]
    assert stack.sender().says() == "done"

    standing = stack.scene("standing", place["court"])
    assert stack.scene("entered", place["court"]) == {"orders": orders}
    assert bool(fired) == bool(orders)
    assert len(standing["due_at"]) == orders
    assert found(outside, standing) == CLEAN
    assert standing["overdue"] == standing["follow_ups"] == orders
