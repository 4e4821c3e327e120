"""Code of the product: no file is over 400 lines and no function over 60, as CONTRIBUTING.md states.

Data in TOML and word lists may be longer.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.production import ROOT

MOST_LINES_OF_A_FILE, MOST_LINES_OF_A_FUNCTION = 400, 60
PRODUCT = ("accounts", "ctcompliance", "guidance", "notifications", "orders")


def sources(*suffixes: str) -> list[Path]:
    """The product's own files; a migration is a record and is never changed."""
    return sorted(
        path
        for app in PRODUCT
        for path in (ROOT / app).rglob("*")
        if path.suffix in suffixes and "migrations" not in path.parts
    )


def long_functions(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MOST_LINES_OF_A_FUNCTION:
                yield f"{node.name} has {lines} lines"


def test_files_are_short() -> None:
    found = sources(".py", ".js", ".css", ".html", ".sql")
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in found}

    assert len(lengths) > 500
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES_OF_A_FILE} == {}


def test_functions_are_short() -> None:
    found = {str(path.relative_to(ROOT)): list(long_functions(path.read_text())) for path in sources(".py")}

    assert {name: functions for name, functions in found.items() if functions} == {}


@pytest.mark.parametrize(("lines", "found"), [(60, []), (61, ["long has 61 lines"])])
def test_a_long_function_is_found(lines: int, found: list[str]) -> None:
    assert list(long_functions("def long():\n" + "    pass\n" * (lines - 1))) == found
