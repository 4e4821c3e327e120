"""docs/compliance.md and docs/requirements.md name only tests that exist, and each row has a state."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "compliance.md").read_text(encoding="utf-8")
REQUIREMENTS = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")


def rows_of(text: str) -> list[list[str]]:
    """Return the cells of each row below the heads of the tables."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| ") and not line.startswith(("| Control", "| Criterion", "| #"))
    ]


ROWS, REQUIRED = rows_of(TEXT), rows_of(REQUIREMENTS)
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT + REQUIREMENTS)))


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


def test_every_requirement_has_its_row_in_order() -> None:
    assert [row[0] for row in REQUIRED] == [str(number) for number in range(1, 41)]


@pytest.mark.parametrize("row", REQUIRED, ids=lambda row: row[0])
def test_each_requirement_names_its_tests_or_what_is_open(row: list[str]) -> None:
    _, _, state, how, test, missing = row

    assert state in {"met", "partly", "open"}
    assert (state == "met") == (not missing), "what is missing is named, and nothing is where all is met"
    if state != "open":
        assert how
        assert all("::test_" in one for one in test.split(", ")), "a test is named with its file"


def test_the_counts_of_the_requirements_are_those_of_the_table() -> None:
    counted = [sum(row[2] == state for row in REQUIRED) for state in ("met", "partly", "open")]

    assert list(map(int, re.findall(r"\d+(?= (?:are met|partly|is\b|are\b))", REQUIREMENTS))) == counted
