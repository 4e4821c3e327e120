"""docs/compliance.md names only tests that exist, and each row has a state."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "compliance.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith(("| Control", "| Criterion"))
]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)))


def test_there_are_both_tables() -> None:
    assert len(ROWS) > 50


@pytest.mark.parametrize(("file", "function"), NAMED)
def test_each_named_test_exists(file: str, function: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")

    assert f"def {function}(" in text if function else "def " in text


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].partition(" ")[0])
def test_each_row_has_a_state_that_its_cells_fit(row: list[str]) -> None:
    _, state, how, test, operator = row

    assert state in {"met", "part", "operator"}
    if state == "met":
        assert how
        assert test, "what no test proves is not met"
    if state in {"part", "operator"}:
        assert operator, "what is missing is named"
