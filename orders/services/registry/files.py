"""The files of an export, read row by row, in the layout in which they come.

Encoding and delimiter are found out where the layout does not name them: a byte order mark or UTF-8; comma,
semicolon or tab. Headers match without regard to case, blanks and underscores. Unknown columns are ignored. A
file that is missing has no rows, as long as one of the three is there. A single file may be named instead of
its folder.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from accounts.text import clean, show_invisible
from orders.services.registry.cells import is_empty, without_null
from orders.services.registry.columns import COLUMNS, FIREARMS, OPTIONAL, ORDERS, RECEIPTS, SERIALS, kind_of
from orders.services.registry.layout import Layout, plain_header
from orders.services.registry.lines import ExportError, Lines

__all__ = ["FIREARMS", "NAMES", "ORDERS", "RECEIPTS", "Export", "ExportError", "Row"]

NAMES = (ORDERS, FIREARMS, RECEIPTS)

_DELIMITERS = ",;\t|"
#: So many files of a folder without an export are looked at.
_MOST_NAMED = 20
#: The line with which PostgreSQL ends what it copies.
_END_OF_COPY = "\\."
_FORMULA = re.compile(r'="(.*)"')
#: Excel's own first line, which names the delimiter.
_SEP_LINE = re.compile(r"\"?sep=(.)\"?", re.IGNORECASE)


@dataclass(frozen=True)
class Broken:
    """A row that cannot be read: the code and the reason of its rejection."""

    code: str
    detail: str


#: A row: the line where it begins, and its cells in the order of `COLUMNS`; None if their number is wrong.
Row = tuple[int, tuple[str, ...] | Broken | None]


@dataclass(frozen=True)
class Export:
    """An export: the folder of its files or one file of it, and its layout."""

    path: Path
    layout: Layout = field(default_factory=Layout)

    def rows(self, name: str) -> Iterator[Row]:
        """Return the rows of the file orders.csv, firearms.csv or receipts.csv, with clean cells.

        Rows without any text are skipped. Raises `ExportError`.
        """
        for line, cells, _ in self.rows_as_written(name):
            yield line, cells

    def rows_as_written(self, name: str) -> Iterator[tuple[int, tuple[str, ...] | Broken | None, list[str]]]:
        """Return the rows of one file, each with its cells as they are written in the file."""
        file = self._file(name)
        if file is None:
            return
        try:
            with file.open("rb") as stream:
                yield from _Reader(stream, file.name, kind_of(name), self.layout).rows()
        except OSError as error:
            raise ExportError(
                f"{file.name}: cannot be read ({error.strerror}). Check the file and its permissions."
            ) from error

    def header(self, name: str) -> list[str]:
        """Return the header of one file as it is written; our columns if the file is missing."""
        file = self._file(name)
        if file is None:
            return list(COLUMNS[kind_of(name)])
        with file.open("rb") as stream:
            return _Reader(stream, file.name, kind_of(name), self.layout).header()

    def check(self) -> None:
        """Raise `ExportError` if there is no file to import."""
        if not any(self._file(name) for name in NAMES):
            self._refuse_other_files()
            names = ", ".join(self.layout.file(kind_of(name)).name for name in NAMES)
            raise ExportError(
                f"{self.path}: holds none of the files {names}. Name the folder that holds them, or one of "
                "the files."
            )

    def _refuse_other_files(self) -> None:
        """Name what the folder holds instead, for example a NIEM exchange. Raises `ExportError`."""
        files = sorted(one for one in self.path.iterdir() if one.is_file()) if self.path.is_dir() else []
        for file in files[:_MOST_NAMED]:
            with file.open("rb") as stream:
                Lines(stream, file.name).begins()

    def _file(self, name: str) -> Path | None:
        if self.path.is_dir():
            return _in_folder(self.path, self.layout.file(kind_of(name)).name)
        if not self.path.is_file():
            return None
        return self.path if self._kind_of_single() == kind_of(name) else None

    def _kind_of_single(self) -> str:
        """Which of the three files a single file is, by its name, else by its header."""
        for kind in COLUMNS:
            if self.path.name.casefold() == self.layout.file(kind).name.casefold():
                return kind
        with self.path.open("rb") as stream:
            header = {
                plain_header(cell) for cell in _Reader(stream, self.path.name, "", self.layout).header()
            }
        return max(COLUMNS, key=lambda kind: len(header & {plain_header(one) for one in COLUMNS[kind]}))


def read_header(content: bytes, layout: Layout) -> list[str]:
    """Return the first row of the file that begins with `content`. Raises `ExportError`."""
    return _Reader(BytesIO(content), "file", "", layout).header()


def rows_of(stream: BinaryIO, kind: str, layout: Layout) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a file of that kind that can be read, in our columns. Raises `ExportError`."""
    for _, cells, _ in _Reader(stream, f"{kind}.csv", kind, layout).rows():
        if isinstance(cells, tuple):
            yield cells


class _Reader:
    """Reads one file."""

    def __init__(self, stream: BinaryIO, name: str, kind: str, layout: Layout) -> None:
        self._name = name
        self._kind = kind
        self._layout = layout
        self._lines = Lines(stream, name, layout.encoding)
        first = self._lines.begins()
        if named := _SEP_LINE.fullmatch(first.lstrip("\ufeff").rstrip("\r\n")):
            self._delimiter = named[1]
        else:
            self._lines.take_back(0)
            self._delimiter = _delimiter_of(first)
        self._delimiter = layout.delimiter or self._delimiter

    def header(self) -> list[str]:
        """The first row."""
        return next((cells for _, cells in self._records() if isinstance(cells, list)), [])

    def rows(self) -> Iterator[tuple[int, tuple[str, ...] | Broken | None, list[str]]]:
        """The rows after the header. A row that cannot be read is `Broken`, and the next one follows."""
        records = self._records()
        header = next((cells for _, cells in records if isinstance(cells, list)), [])
        pick, width = self._picker(header), len(header)
        keys = [plain_header(cell) for cell in header]
        for begins, cells in records:
            if isinstance(cells, Broken):
                yield begins, cells, [self._lines.row[0].rstrip("\r\n"), *[""] * (width - 1)]
                continue
            if [plain_header(cell) for cell in cells] == keys:
                # The files of two exports, one behind the other.
                continue
            fits = len(cells) == width or not any(clean(cell) for cell in cells[width:])
            yield begins, pick(cells) if fits and len(cells) >= width else None, cells

    def _records(self) -> Iterator[tuple[int, list[str] | Broken]]:
        """The rows with any text, each with the line where it begins.

        A row of several lines that does not have the cells of the first row has a quote that does not end:
        only its first line is taken, so that it does not swallow the rows after it.
        """
        width, lines = 0, self._lines
        while True:
            lines.begin_row()
            begins = lines.number + 1
            try:
                cells = next(csv.reader(lines, strict=True, delimiter=self._delimiter))
            except StopIteration:
                return
            except csv.Error as error:
                lines.take_back(1)
                yield begins, _not_csv(error)
                continue
            if not any(map(_has_text, cells)):
                continue
            width = width or len(cells)
            if len(lines.row) > 1 and len(cells) != width:
                lines.take_back(1)
                yield begins, _not_csv("unexpected end of data")
                continue
            yield begins, cells

    def _picker(self, header: list[str]) -> Callable[[list[str]], tuple[str, ...]]:
        """Return a function that gives the cells of a row in the order of `COLUMNS`, with our values."""
        layout, wanted = self._layout.file(self._kind), tuple(COLUMNS[self._kind])
        given = [plain_header(cell) for cell in header]
        places: list[int | None] = []
        wrong: list[str] = []
        for column in wanted:
            theirs = layout.columns.get(column, column)
            key = plain_header(theirs)
            if given.count(key) > 1:
                wrong.append(f"{theirs} is there twice")
            elif key not in given and column not in layout.defaults and column not in OPTIONAL:
                wrong.append(f"{theirs} is missing")
            places.append(given.index(key) if key in given else None)
        if wrong:
            written = ", ".join(f"“{show_invisible(cell)[:40]}”" for cell in header[:20]) or "an empty line"
            raise ExportError(
                f"{self._name}: wrong header: {', '.join(wrong)}. The header is {written}. The columns are "
                f"{', '.join(wanted)}; other names need a mapping."
            )

        def pick(cells: list[str]) -> tuple[str, ...]:
            return tuple(
                layout.defaults.get(column, "")
                if place is None
                else self._layout.value(self._kind, column, _value(column, cells[place]))
                for column, place in zip(wanted, places, strict=True)
            )

        return pick


def _has_text(cell: str) -> bool:
    """False for a cell without text, with delimiters only, or as databases write an empty one."""
    text = clean(cell).strip(_DELIMITERS + '"')
    return not is_empty(text) and text != _END_OF_COPY


def _delimiter_of(line: str) -> str:
    """The most frequent delimiter of the header; a comma without any."""
    best = max(_DELIMITERS, key=line.count)
    return best if line.count(best) else ","


def _value(column: str, cell: str) -> str:
    """The text of a cell, also of a formula, ="0012", with which a spreadsheet keeps zeros."""
    text = clean(cell)
    found = _FORMULA.fullmatch(text)
    text = found[1] if found else text
    # NULL as a serial number is a word that the list keeps.
    return text if column in SERIALS else without_null(text)


def _not_csv(error: object) -> Broken:
    return Broken(
        "not_csv",
        f"The row is not CSV ({error}). A quoted cell ends with its quote, and a quote in it is twice.",
    )


def _in_folder(folder: Path, name: str) -> Path | None:
    """The file of that name, in whatever case its name is written."""
    if (folder / name).is_file():
        return folder / name
    return next((one for one in sorted(folder.iterdir()) if one.name.casefold() == name.casefold()), None)
