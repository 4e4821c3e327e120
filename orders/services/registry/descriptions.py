"""The registry changes the description of a firearm: the list follows, unless a person has worked on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from orders.matching.serials import exact_key
from orders.models import Firearm, Order
from orders.services.correctable import NOTHING
from orders.services.firearms.inventory import FIREARM
from orders.services.registry.new_proof import DESCRIPTION
from orders.services.registry.parsing import FirearmRow


class Described:
    """The descriptions of the firearms of one file, by case and number."""

    def __init__(self, rows: Iterable[tuple[Order, FirearmRow]]) -> None:
        self._found: defaultdict[tuple[int, str], set[FirearmRow]] = defaultdict(set)
        for order, row in rows:
            if key := exact_key(row.serial):
                self._found[order.case_id, key].add(row)

    def is_one(self, order: Order, row: FirearmRow) -> bool:
        """True if the file describes the firearm in one way only."""
        return len(self._found[order.case_id, exact_key(row.serial)]) == 1


def row_of(firearm: Firearm) -> FirearmRow:
    """Return the row that describes the firearm as it is listed."""
    return FirearmRow(**{name: getattr(firearm, name) for name in ("serial", *DESCRIPTION)})


def describe(firearm: Firearm, row: FirearmRow) -> dict[str, Any]:
    """Give the firearm the description of the row. Return the data of the history entry."""
    before = {name: _words(firearm, name) for name in DESCRIPTION}
    for name in DESCRIPTION:
        setattr(firearm, name, getattr(row, name))
    after = {name: _words(firearm, name) for name in DESCRIPTION}
    labels = {column.name: column.label for column in FIREARM.columns}
    changed = {
        labels[name]: [before[name], after[name]] for name in DESCRIPTION if before[name] != after[name]
    }
    return {"item": {"id": str(firearm.public_id), "words": str(firearm)}, "corrected": changed}


def _words(firearm: Firearm, name: str) -> str:
    text = firearm.get_source_display() if name == "source" else getattr(firearm, name)
    return str(text) or NOTHING
