"""Tables as files: CSV that is written while it is read, and XLSX.

A cell that a spreadsheet would take for a formula is written as text.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

import xlsxwriter

#: What a spreadsheet takes for the beginning of a formula: also after spaces and lines, and in wide letters.
_FORMULA = re.compile(r"[\t\r\n]|[\s\ufeff]*[=+@\uff1d\uff0b\uff0d\uff20-]")


def plain_cell(value: str) -> str:
    """Return the text so that no spreadsheet computes it."""
    return f"'{value}" if _FORMULA.match(value) else value


class _Line:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        """Return the text."""
        return text


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a CSV file. It begins with a mark by which Excel knows UTF-8."""
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(header)
    for row in rows:
        yield writer.writerow([plain_cell(cell) for cell in row])


def write_xlsx(file: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a workbook with one sheet. Rows go to disk as they come."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as workbook:
        sheet, bold = workbook.add_worksheet(), workbook.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(header) - 1, 18)
        for column, title in enumerate(header):
            sheet.write_string(0, column, title, bold)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell)
