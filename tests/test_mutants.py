"""Rows of the list of mutants are read as they are printed; a row without a reason does not count."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.mutants import LIST, RULES, Mutant, listed

ROOT = Path(__file__).parent.parent
MUTANT = Mutant("pages._row", 'return f"| {name} |"', "(gone)")


def test_row_is_read_as_it_is_written() -> None:
    text = (
        f"# Mutants\n\n| Function | Was | Became | Why |\n|---|---|---|---|\n{MUTANT} It has no effect. |\n"
    )

    assert list(listed(text)) == [MUTANT]


@pytest.mark.parametrize("reason", ["", " |", " - |"])
def test_row_without_a_reason_does_not_count(reason: str) -> None:
    assert list(listed(f"{MUTANT}{reason}\n")) == []


def test_the_pages_that_tests_of_rules_read_are_copied() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    texts = [file.read_text(encoding="utf-8") for file in (ROOT / "tests/rules").glob("*.py")]
    named = {found for text in texts for found in re.findall(r'"([\w-]+\.md)"', text)}

    read = {f"docs/{name}" for name in named if (ROOT / "docs" / name).is_file()}
    assert "docs/law-coverage.md" in read
    assert read <= set(settings["also_copy"])


def test_the_tests_of_rules_begin_without_what_is_not_copied() -> None:
    absent = "import sys; sys.modules.update(dict.fromkeys(('ctcompliance', 'guidance', 'notifications')))"

    begun = subprocess.run(
        [sys.executable, "-c", f"{absent}; import tests.conftest, tests.rules.conftest"],
        cwd=ROOT,
        check=False,
    )

    assert begun.returncode == 0


def test_every_listed_change_is_of_code_that_is_there() -> None:
    """The whole run takes an hour; a row of code that was renamed or rewritten is found at once."""
    for row in listed((ROOT / LIST).read_text(encoding="utf-8")):
        module, *_, function = row.function.split(".")
        text = (ROOT / RULES / f"{module}.py").read_text(encoding="utf-8")
        functions = [one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.FunctionDef)]
        found = [ast.get_source_segment(text, one) or "" for one in functions if one.name == function]
        assert any(row.was in " ".join(one.split()) for one in found), f"{row.function}: {row.was}"
