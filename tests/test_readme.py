"""Paths and commands in the README and the documentation exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
#: Repository paths in code marks, and the targets of links to files.
PATHS = re.compile(
    r"`((?:accounts|ctcompliance|docs|notifications|orders|tests)/[\w./-]*\w/?)`"
    r"|\]\((?!https?:|#)([^)#\s]+)"
)


def missing(page: Path) -> list[str]:
    """Return the paths of a page that do not exist."""
    found = []
    for in_code, link in PATHS.findall(page.read_text(encoding="utf-8")):
        path = ROOT / in_code if in_code else page.parent / link
        if not path.exists():
            found.append(in_code or link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_exists(page: Path) -> None:
    assert missing(page) == []


def test_a_wrong_path_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "See `orders/nowhere.py` and [this](gone.md), [that](https://example.org), `tests/make.py`."
    )

    assert missing(page) == ["orders/nowhere.py", "gone.md"]


def test_every_command_of_the_list_exists() -> None:
    rows = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8").splitlines()
    commands = {
        name for row in rows if row.startswith("| `") for name in re.findall(r"`(\w+)", row.split("|")[1])
    }

    assert {"import_por", "unlock_account"} <= commands <= get_commands().keys()
