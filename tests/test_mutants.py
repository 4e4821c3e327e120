"""The list of mutants is read as it is written, and a row that gives no reason is none."""

from __future__ import annotations

import pytest

from tests.mutants import Mutant, listed

MUTANT = Mutant("pages._row", 'return f"| {name} |"', "(gone)")


def test_row_is_read_as_it_is_written() -> None:
    text = f"# Mutants\n\n| Function | Was | Became | Why |\n|---|---|---|---|\n{MUTANT} Nobody sees it. |\n"

    assert list(listed(text)) == [MUTANT]


@pytest.mark.parametrize("reason", ["", " |", " - |"])
def test_row_without_a_reason_is_none(reason: str) -> None:
    assert list(listed(f"{MUTANT}{reason}\n")) == []
