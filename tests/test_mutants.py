"""Rows of the list of mutants are read as they are printed; a row without a reason does not count."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants import Mutant, listed

MUTANT = Mutant("pages._row", 'return f"| {name} |"', "(gone)")


def test_row_is_read_as_it_is_written() -> None:
    text = (
        f"# Mutants\n\n| Function | Was | Became | Why |\n|---|---|---|---|\n{MUTANT} It has no effect. |\n"
    )

    assert list(listed(text)) == [MUTANT]


@pytest.mark.parametrize("reason", ["", " |", " - |"])
def test_row_without_a_reason_does_not_count(reason: str) -> None:
    assert list(listed(f"{MUTANT}{reason}\n")) == []


def test_the_tests_of_rules_begin_without_what_is_not_copied() -> None:
    absent = "import sys; sys.modules.update(dict.fromkeys(('ctcompliance', 'guidance', 'notifications')))"

    begun = subprocess.run(
        [sys.executable, "-c", f"{absent}; import tests.conftest, tests.rules.conftest"],
        cwd=Path(__file__).parent.parent,
        check=False,
    )

    assert begun.returncode == 0
