"""The firearms of an order drawn as a row of boxes."""

from __future__ import annotations

#: The most firearms that are drawn; more are only counted.
MOST_BOXES = 12


def boxes(accounted: int, whole: int) -> list[bool]:
    """Return one box for each firearm, true if it is accounted for; empty if there are too many to draw."""
    return [number < accounted for number in range(whole)] if whole <= MOST_BOXES else []
