"""All boxes of an order's firearms are drawn, or the firearms are only counted."""

from __future__ import annotations

from orders.boxes import MOST_BOXES, boxes


def test_one_box_for_each_firearm_that_is_accounted_for_first() -> None:
    assert boxes(1, 3) == [True, False, False]


def test_more_firearms_than_fit_are_not_drawn_in_part() -> None:
    assert boxes(2, MOST_BOXES) == [True] * 2 + [False] * (MOST_BOXES - 2)
    assert boxes(2, MOST_BOXES + 1) == []
