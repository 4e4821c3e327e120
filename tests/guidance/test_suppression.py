"""Hidden counts stay hidden: known attacks on published tables, tried on tables of every shape."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from itertools import product

import pytest

from guidance.services.suppression import COLUMNS, LEAST, TOTAL, Cell, Masked, OfficeCounts, hide, is_safe

#: A quarter of the sketch: three small districts among thirteen.
DISTRICTS = {
    "Ansonia-Milford": OfficeCounts(42, 27),
    "Bridgeport": OfficeCounts(88, 51),
    "Danbury": OfficeCounts(31, 22),
    "Middlesex": OfficeCounts(19, 11),
    "Tolland": OfficeCounts(14, 11),
    "Windham": OfficeCounts(11, 5),
}


def with_total(table: Mapping[str, OfficeCounts]) -> dict[str, OfficeCounts]:
    """The table with its row of sums."""
    orders = sum(one.orders for one in table.values())
    return {**table, TOTAL: OfficeCounts(orders, sum(one.proven for one in table.values()))}


def worlds(table: Mapping[str, OfficeCounts], masked: Masked) -> Iterator[dict[Cell, int]]:
    """Every table that agrees with what is shown, as an attacker would try them. For small tables."""
    whole = with_total(table)

    def could_be(row: str) -> list[OfficeCounts]:
        shown = (row, "orders") not in masked.hidden
        guesses = [whole[row].orders] if shown else range(LEAST)
        found = [OfficeCounts(orders, proven) for orders in guesses for proven in range(orders + 1)]
        cells = [(row, column) for column in COLUMNS]
        return [one for one in found if all(_agrees(one, whole[row], cell, masked) for cell in cells)]

    for rows in product(*(could_be(row) for row in table)):
        guess = with_total(dict(zip(table, rows, strict=True)))
        if all(_agrees(guess[TOTAL], whole[TOTAL], (TOTAL, column), masked) for column in COLUMNS):
            yield {(row, column): guess[row].of(column) for row in guess for column in COLUMNS}


def _agrees(guess: OfficeCounts, true: OfficeCounts, cell: Cell, masked: Masked) -> bool:
    value = guess.of(cell[1])
    if cell in masked.few:
        return value < LEAST
    return cell in masked.held or value == true.of(cell[1])


def tables(seed: int, rows: int, most: int) -> dict[str, OfficeCounts]:
    """A random table with many small counts."""
    chance = random.Random(seed)
    orders = [chance.choice([0, 1, 4, 7, 9, most]) for _ in range(rows)]
    return {f"office {place}": OfficeCounts(one, chance.randint(0, one)) for place, one in enumerate(orders)}


def test_the_table_of_the_sketch_hides_three_districts() -> None:
    masked = hide(DISTRICTS)

    assert {row for row, _ in masked.hidden} == {"Middlesex", "Tolland", "Windham"}
    assert masked.few == {("Tolland", "not_proven"), ("Windham", "proven")}
    assert all(column != "orders" for _, column in masked.hidden)


def test_no_small_count_is_ever_shown() -> None:
    for seed in range(60):
        table = tables(seed, rows=9, most=70)
        masked = hide(table)
        for row, counts in with_total(table).items():
            for column in COLUMNS:
                assert counts.of(column) >= LEAST or (row, column) in masked.hidden


@pytest.mark.parametrize("seed", range(25))
def test_an_attacker_who_tries_every_table_learns_no_hidden_count(seed: int) -> None:
    """Totals minus rows, rows minus each other, and all sums together: the attacker knows the method, too."""
    table = tables(seed, rows=3, most=8)
    masked = hide(table)
    if (TOTAL, "orders") in masked.hidden:
        assert len(masked.hidden) == len(COLUMNS) * (len(table) + 1)
        return
    possible: dict[Cell, set[int]] = {cell: set() for cell in masked.hidden}

    for guess in worlds(table, masked):
        for cell, values in possible.items():
            values.add(guess[cell])

    for cell, values in possible.items():
        if cell in masked.few:
            assert values == set(range(LEAST)), cell
        else:
            assert len(values) >= LEAST, cell


def test_one_hidden_row_is_the_total_minus_the_others_and_not_safe() -> None:
    table = {"large": OfficeCounts(40, 20), "other": OfficeCounts(30, 12), "small": OfficeCounts(9, 3)}
    alone = Masked(frozenset({("small", "proven")}), frozenset({("small", "not_proven")}))

    assert not is_safe(with_total(table), alone)
    assert len({row for row, _ in hide(table).hidden}) >= 2


def test_two_hidden_zeros_are_not_safe() -> None:
    """Both are hidden, but a sum of zero gives them away."""
    table = {"large": OfficeCounts(40, 20), "one": OfficeCounts(8, 0), "two": OfficeCounts(9, 0)}
    both = Masked(
        frozenset({("one", "proven"), ("two", "proven")}),
        frozenset({("one", "not_proven"), ("two", "not_proven")}),
    )

    assert not is_safe(with_total(table), both)
    assert "large" in {row for row, _ in hide(table).hidden}


def test_two_marks_in_one_row_would_give_both_away() -> None:
    table = {"a": OfficeCounts(10, 5), "b": OfficeCounts(60, 30), "c": OfficeCounts(50, 20)}
    two = Masked(
        frozenset({("a", "proven"), ("a", "not_proven")}),
        frozenset({("b", "proven"), ("b", "not_proven"), ("c", "proven"), ("c", "not_proven")}),
    )

    assert not is_safe(with_total(table), two)
    assert len([cell for cell in hide(table).few if cell[0] == "a"]) == 1


def test_what_was_hidden_stays_hidden_after_it_has_grown() -> None:
    first = hide(DISTRICTS)
    grown = DISTRICTS | {"Windham": OfficeCounts(30, 15), "Tolland": OfficeCounts(40, 20)}

    second = hide(grown, before=[first.hidden])

    assert first.hidden <= second.hidden


def test_a_newly_hidden_count_is_not_the_difference_of_two_versions() -> None:
    """Version 1 shows Danbury. In version 2 it is small. If it were the only new one, the sum of what version
    1 hides would be known, and the new total less that sum would be Danbury's count."""
    first = hide(DISTRICTS)
    corrected = DISTRICTS | {"Danbury": OfficeCounts(31, 2)}

    second = hide(corrected, before=[first.hidden])

    anew = {row for row, _ in second.hidden} - {row for row, _ in first.hidden}
    assert "Danbury" in anew
    assert len(anew) >= 2
    naive = Masked(
        first.few | {("Danbury", "proven")},
        first.held | {("Danbury", "not_proven")},
    )
    assert is_safe(with_total(corrected), naive)
    assert not is_safe(with_total(corrected), naive, known=first.hidden)


@pytest.mark.parametrize("seed", range(12))
def test_three_versions_leave_nothing_to_compute(seed: int) -> None:
    versions = [tables(seed * 10 + step, rows=8, most=60) for step in range(3)]
    before: list[frozenset[Cell]] = []
    for table in versions:
        masked = hide(table, before=before)
        whole = with_total(table)
        if masked.few or masked.hidden != {(row, column) for row in whole for column in COLUMNS}:
            for hidden in before:
                assert hidden <= masked.hidden
                assert is_safe(whole, masked, known=masked.hidden - hidden)
                assert is_safe(whole, masked, known=masked.hidden & hidden)
        before.append(masked.hidden)


def test_a_table_without_safe_rows_is_hidden_as_a_whole() -> None:
    masked = hide({"only": OfficeCounts(2, 1)})

    assert masked.hidden == {(row, column) for row in ("only", TOTAL) for column in COLUMNS}


def test_a_large_table_is_shown_as_a_whole() -> None:
    table = {"a": OfficeCounts(40, 20), "b": OfficeCounts(60, 30)}

    assert hide(table) == Masked(frozenset(), frozenset())


def test_a_hundred_offices_take_little_time() -> None:
    """Police departments, most of them with few orders in a quarter."""
    table = tables(3, rows=125, most=80)

    masked = hide(table)

    assert masked.hidden
    assert is_safe(with_total(table), masked)
