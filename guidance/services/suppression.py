"""Hide small counts in a table so that no hidden count can be worked out.

A table has a row for each office: orders, those proven in time, and those not. A row adds up (orders =
proven + not proven), each column adds up to the shown total, and a reader knows both. OfficeCounts below
`LEAST` are hidden, then as many others as it takes. `is_safe` computes exactly which values each hidden cell
could have for someone who knows all that is shown: the sums are a network of flows, and a cell can rise by
what flows around it.

A new version is checked with what older versions show as well: see `hide`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

#: The least count that is shown. Below it, the page shows "fewer than 6".
LEAST = 6

COLUMNS = ("orders", "proven", "not_proven")
#: The row of the sums.
TOTAL = ""

#: A cell: its row, by name, and its column.
Cell = tuple[str, str]

_ENDLESS = 10**9


@dataclass(frozen=True)
class OfficeCounts:
    """The true counts of one office."""

    orders: int
    proven: int

    def of(self, column: str) -> int:
        """Return the count of a column."""
        return {"orders": self.orders, "proven": self.proven}.get(column, self.orders - self.proven)


@dataclass(frozen=True)
class Masked:
    """The hidden cells of a table. `few` are marked as below `LEAST`, `held` are hidden to protect others."""

    few: frozenset[Cell]
    held: frozenset[Cell]

    @property
    def hidden(self) -> frozenset[Cell]:
        """All hidden cells."""
        return self.few | self.held


def hide(table: Mapping[str, OfficeCounts], *, before: Sequence[Collection[Cell]] = ()) -> Masked:
    """Return the cells to hide. `before` has the hidden cells of each older version of the same table.

    What was hidden once stays hidden. The result is safe for a reader of this version alone, and for one who
    adds what an older version shows (taking it for unchanged) or what an older version hides as a known sum.
    """
    whole = {**table, TOTAL: _total(table)}
    before = [frozenset(cell for cell in hidden if cell[0] in whole) for hidden in before]
    rows = {row for row, counts in table.items() if _is_small(counts)}
    rows |= {row for hidden in before for row, _ in hidden if row != TOTAL}
    sealed = {row for hidden in before for row, column in hidden if column == "orders" and row != TOTAL}
    with_total = any(row == TOTAL for hidden in before for row, _ in hidden) or _is_small(whole[TOTAL])
    # The smallest office first: hiding it takes the least from the table.
    spare = deque(sorted(table.keys() - rows, key=lambda row: (table[row].orders, row)))
    everything = Masked(frozenset(), frozenset((row, column) for row in whole for column in COLUMNS))
    if any((TOTAL, "orders") in hidden for hidden in before):
        return everything
    while True:
        masked = _masked(whole, rows, sealed, with_total=with_total)
        if all(is_safe(whole, masked, known=known) for known in _readers(masked, before)):
            return masked
        if spare:
            rows.add(spare.popleft())
        elif not with_total:
            with_total = True
        else:
            return everything


def is_safe(table: Mapping[str, OfficeCounts], masked: Masked, *, known: Collection[Cell] = ()) -> bool:
    """Return True if no hidden cell, other than those `known` anyway, can be narrowed down.

    `table` includes the row `TOTAL`. A cell marked as few must be able to be anything from 0 to 5, and one
    that is held back anything in a span of 5 at least.
    """
    network = _Network(table, masked, known)
    return all(
        _may_be_anything(network, table[cell[0]].of(cell[1]), cell, is_few=cell in masked.few)
        for cell in masked.hidden.difference(known)
    )


def _may_be_anything(network: _Network, value: int, cell: Cell, *, is_few: bool) -> bool:
    most = LEAST - 1
    if is_few:
        return network.can_fall(cell, value) == value and network.can_rise(cell, most - value) == most - value
    return network.can_fall(cell, most) + network.can_rise(cell, most) >= most


def _readers(masked: Masked, before: Iterable[Collection[Cell]]) -> list[frozenset[Cell]]:
    """Return, for each kind of reader, the hidden cells that this reader takes for known."""
    found = [frozenset[Cell]()]
    for hidden in before:
        found += [masked.hidden - frozenset(hidden), masked.hidden & frozenset(hidden)]
    return found


def _total(table: Mapping[str, OfficeCounts]) -> OfficeCounts:
    return OfficeCounts(sum(one.orders for one in table.values()), sum(one.proven for one in table.values()))


def _is_small(counts: OfficeCounts) -> bool:
    return any(counts.of(column) < LEAST for column in COLUMNS)


def _masked(
    table: Mapping[str, OfficeCounts], rows: Collection[str], sealed: Collection[str], *, with_total: bool
) -> Masked:
    """Return the cells of the hidden rows, with one cell of a row at most marked as few.

    Two marks of that kind beside a shown sum would narrow the counts down: of 10 orders, both would be 5.
    """
    few: set[Cell] = set()
    held: set[Cell] = set()
    for row in [*rows, *([TOTAL] if with_total else [])]:
        counts = table[row]
        columns = [column for column in COLUMNS if column != "orders"]
        if counts.orders < LEAST or row in sealed:
            columns = list(COLUMNS)
        small = min(columns, key=lambda column: (column != "orders", counts.of(column)))
        if small == "orders" and counts.orders >= LEAST:
            small = min(columns, key=counts.of)
        if counts.of(small) < LEAST:
            few.add((row, small))
        held |= {(row, column) for column in columns} - few
    return Masked(frozenset(few), frozenset(held))


class _Network:
    """The hidden cells as arcs: from an office to its columns, from the columns to the total, and back.

    A change of hidden cells that leaves every sum true is a flow around a circle.
    """

    def __init__(self, table: Mapping[str, OfficeCounts], masked: Masked, known: Collection[Cell]) -> None:
        self.arcs: dict[Cell, tuple[str, str]] = {}
        self.room: dict[tuple[Cell, bool], int] = {}
        self.at: dict[str, list[tuple[Cell, bool]]] = {}
        for cell in masked.hidden.difference(known):
            start, end = _ends(cell)
            value = table[cell[0]].of(cell[1])
            most = LEAST - 1 if cell in masked.few else _ENDLESS
            self.arcs[cell] = (start, end)
            self.room[cell, True], self.room[cell, False] = most - value, value
            self.at.setdefault(start, []).append((cell, True))
            self.at.setdefault(end, []).append((cell, False))

    def can_rise(self, cell: Cell, most: int) -> int:
        """Return by how much the cell can rise, up to `most`, with every sum kept."""
        start, end = self.arcs[cell]
        return self._flow(end, start, min(most, self.room[cell, True]), without=cell)

    def can_fall(self, cell: Cell, most: int) -> int:
        """Return by how much the cell can fall, up to `most`, with every sum kept."""
        start, end = self.arcs[cell]
        return self._flow(start, end, min(most, self.room[cell, False]), without=cell)

    def _flow(self, source: str, sink: str, most: int, *, without: Cell) -> int:
        """Return the greatest flow up to `most` (Edmonds and Karp); what it used is free again afterward."""
        used: dict[tuple[Cell, bool], int] = {}
        total = 0
        while total < most and (path := self._path(source, sink, without, used)):
            step = min(most - total, *(self._left(arc, used) for arc in path))
            for cell, forward in path:
                used[cell, forward] = used.get((cell, forward), 0) + step
            total += step
        return total

    def _left(self, arc: tuple[Cell, bool], used: Mapping[tuple[Cell, bool], int]) -> int:
        cell, forward = arc
        return self.room[arc] - used.get(arc, 0) + used.get((cell, not forward), 0)

    def _path(
        self, source: str, sink: str, without: Cell, used: Mapping[tuple[Cell, bool], int]
    ) -> list[tuple[Cell, bool]]:
        came: dict[str, tuple[str, tuple[Cell, bool]] | None] = {source: None}
        waiting = deque([source])
        while waiting and sink not in came:
            node = waiting.popleft()
            for arc in self.at.get(node, ()):
                target = self.arcs[arc[0]][arc[1]]
                if arc[0] != without and target not in came and self._left(arc, used) > 0:
                    came[target] = (node, arc)
                    waiting.append(target)
        path, node = [], sink
        while (step := came.get(node)) is not None:
            node, arc = step
            path.append(arc)
        return path


def _ends(cell: Cell) -> tuple[str, str]:
    """Return where the arc of a cell starts and ends: office, column, total, column of orders, office."""
    row, column = cell
    office = f"office {row}" if row != TOTAL else "total"
    if row == TOTAL:
        return ("total", "column orders") if column == "orders" else (f"column {column}", "total")
    return ("column orders", office) if column == "orders" else (office, f"column {column}")
