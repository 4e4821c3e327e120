"""A part of a desk's page, which has a note if it does not show all of its rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Row = TypeVar("Row")


class Part(list[Row]):
    """The first rows of a part of a page. `has_more` is true if others are left out."""

    def __init__(self, rows: Iterable[Row] = (), *, most: int, has_more: bool = False) -> None:
        found = list(rows)
        super().__init__(found[:most])
        self.has_more = has_more or len(found) > most
