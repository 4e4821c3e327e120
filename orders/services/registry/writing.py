"""Files that an import writes: an empty export with its description, and rejected rows to correct."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from orders.services.registry.columns import COLUMNS, kind_of
from orders.services.registry.files import Export
from orders.services.registry.staging import Reject

#: What a file of rejected rows adds to each row. An import ignores columns that it does not know.
REASON_COLUMNS = ("reject_code", "reject_reason_and_remedy")


def write_template(folder: Path) -> None:
    """Write the three files without rows, and COLUMNS.txt with a description of each column."""
    folder.mkdir(parents=True, exist_ok=True)
    words: list[str] = []
    for kind, columns in COLUMNS.items():
        with (folder / f"{kind}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow(columns)
        words += [f"{kind}.csv", *(f"  {column}: {text}" for column, text in columns.items()), ""]
    (folder / "COLUMNS.txt").write_text("\n".join(words), encoding="utf-8")


def write_rejects(folder: Path, export: Export, rejects: Iterable[Reject]) -> list[Path]:
    """Write each rejected row as it was, with the reason and the remedy, into a file of its own kind.

    `rejects` come by file and line. Correct the rows and import the folder again. Returns the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, group in groupby(rejects, key=lambda one: one.file):
        reasons: dict[int, list[Reject]] = {}
        for one in group:
            reasons.setdefault(one.line, []).append(one)
        file = folder / export.layout.file(kind_of(name)).name
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            header = export.header(name)
            writer.writerow([*_without_reasons(header, header), *REASON_COLUMNS])
            for line, _, cells in export.rows_as_written(name):
                if line in reasons:
                    writer.writerow(
                        [
                            *_without_reasons(header, cells),
                            "; ".join(one.code for one in reasons[line]),
                            " ".join(one.detail for one in reasons[line]),
                        ]
                    )
        written.append(file)
    return written


def _without_reasons(header: list[str], cells: list[str]) -> list[str]:
    """The cells but for those that an earlier file of rejects added."""
    return [
        cell
        for place, cell in enumerate(cells)
        if place >= len(header) or header[place] not in REASON_COLUMNS
    ]
