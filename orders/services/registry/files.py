"""The files of an export: UTF-8, comma-separated, read line by line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

ORDERS = "orders.csv"
FIREARMS = "firearms.csv"
RECEIPTS = "receipts.csv"

#: What each file says of each row; the order in the file is free.
COLUMNS: dict[str, tuple[str, ...]] = {
    ORDERS: (
        "por_number",
        "docket_number",
        "order_kind",
        "issued_at",
        "expires_on",
        "hearing_on",
        "served_at",
        "service_method",
        "respondent_name",
        "respondent_dob",
        "respondent_town",
        "protected_person",
        "address_confidential",
        "firearms_indicated",
        "permit_held",
    ),
    FIREARMS: ("por_number", "serial", "make", "model", "caliber", "firearm_type", "source"),
    RECEIPTS: ("por_number", "kind", "at", "recipient_kind", "recipient_id", "receipt_number", "serials"),
}

#: A line longer than this is no line of an export; to read it whole could fill the memory.
_LONGEST_LINE = 1 << 20

#: A row: the line it begins on, and its cells in the order of `COLUMNS`; None where it has too few or many.
Row = tuple[int, tuple[str, ...] | None]


class ExportError(ValueError):
    """An export that cannot be read; the text names file, line and remedy."""


def read(folder: Path, name: str) -> Iterator[Row]:
    """The rows of one file, without surrounding blanks in the cells; empty lines are passed over.

    Raises `ExportError` for a file that is missing, has other columns, or is not UTF-8 or not CSV.
    """
    try:
        with (folder / name).open("rb") as file:
            yield from _rows(file, name)
    except FileNotFoundError:
        raise ExportError(
            f"{name}: missing in {folder}. Name a folder that holds {ORDERS}, {FIREARMS} and {RECEIPTS}."
        ) from None
    except OSError as error:
        raise ExportError(
            f"{name}: cannot be read ({error.strerror}). Check the file and its rights."
        ) from error


def _rows(file: BinaryIO, name: str) -> Iterator[Row]:
    reader = csv.reader(_lines(file, name), strict=True)
    begins = 1
    try:
        header = next(reader, [])
        pick, width = _picker(header, name), len(header)
        begins = reader.line_num + 1
        for cells in reader:
            if cells:
                yield begins, tuple(map(str.strip, pick(cells))) if len(cells) == width else None
            begins = reader.line_num + 1
    except csv.Error as error:
        raise ExportError(
            f"{name}, line {begins}: not CSV ({error}). Export it again; a quoted cell ends with its quote."
        ) from error


def _lines(file: BinaryIO, name: str) -> Iterator[str]:
    number = 0
    while raw := file.readline(_LONGEST_LINE):
        number += 1
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if len(raw) == _LONGEST_LINE:
            raise ExportError(
                f"{name}, line {number}: longer than a line of an export can be. Export it again."
            )
        if b"\0" in raw:
            raise ExportError(f"{name}, line {number}: holds a NUL byte, so it is not text. Export it again.")
        try:
            yield raw.decode()
        except UnicodeDecodeError as error:
            raise ExportError(
                f"{name}, line {number}: not UTF-8 at its byte {error.start + 1}. Export it again as UTF-8."
            ) from error


def _picker(header: list[str], name: str) -> Callable[[list[str]], tuple[str, ...]]:
    """Puts the cells of a row into the order of `COLUMNS`."""
    given, wanted = [cell.strip() for cell in header], COLUMNS[name]
    wrong = [
        *(f"{column} is missing" for column in wanted if column not in given),
        *(f"“{column[:40]}” is not known" for column in given if column not in wanted),
        *(f"{column} stands twice" for column in wanted if given.count(column) > 1),
    ]
    if wrong:
        raise ExportError(f"{name}: wrong header: {', '.join(wrong)}. The columns are {', '.join(wanted)}.")
    return itemgetter(*(given.index(column) for column in wanted))
