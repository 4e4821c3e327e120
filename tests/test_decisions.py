"""Decision records are numbered without gaps, have the four sections, and are listed in the index."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
SECTIONS = ["Status", "Context", "Decision", "Consequences"]


def title(record: Path) -> str:
    """The first heading, with its number."""
    return record.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name[:4])
def test_record_has_its_sections_with_text(record: Path) -> None:
    parts = re.split(r"^## (.+)\n", record.read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert parts[1::2] == SECTIONS
    assert all(text.strip() for text in parts[2::2])


def test_numbers_have_no_gaps_and_match_the_titles() -> None:
    numbers = [int(record.name[:4]) for record in RECORDS]

    assert numbers == list(range(1, len(RECORDS) + 1))
    assert [int(title(record).partition(".")[0]) for record in RECORDS] == numbers


def test_the_index_lists_every_record_with_its_title() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| \[(.+)\]\((.+)\) \|$", index, re.MULTILINE)

    assert [(f"{number}. {text}", name) for number, text, name in rows] == [
        (title(record), record.name) for record in RECORDS
    ]
