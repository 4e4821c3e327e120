"""The lines of an export's file as text, and what the file is if it is no CSV."""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from accounts.text import clean
from orders.services.registry.other_files import OtherFile, other_file, other_text

#: A longer line belongs to no export. The rest of it is dropped, so that it cannot fill the memory.
LONGEST_LINE = 1 << 20
#: A row with more line breaks in its cells has a quote that does not end.
MOST_LINES = 100

_CHUNK = 1 << 16
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NEWLINE = re.compile(r"\r\n|\r|\n")
_TEMPLATE = "`import_por --template DIR` writes the columns."


class ExportError(ValueError):
    """An export that cannot be read. The message names the file, the line and the remedy."""


class Lines:
    """The lines of one file with their line breaks, which may be of any kind.

    An iterator. `number` is that of the last line that it returned. `take_back` returns lines again.
    """

    def __init__(self, stream: BinaryIO, name: str, encoding: str = "") -> None:
        self.number = 0
        #: The lines since `begin_row`.
        self.row: list[str] = []
        self._name = name
        self._stream = stream
        start = stream.read(_CHUNK)
        self._refuse_other_file(start)
        self.encoding = encoding or _encoding_of(start)
        mark = next((mark for mark, _ in _BOMS if start.startswith(mark)), b"")
        stream.seek(len(mark))
        self._again: deque[str] = deque()
        self._source = self._decoded()

    def __iter__(self) -> Iterator[str]:
        """Return itself."""
        return self

    def __next__(self) -> str:
        """Return the next line. A row of more than `MOST_LINES` lines ends early."""
        if len(self.row) >= MOST_LINES:
            raise StopIteration
        line = self._again.popleft() if self._again else next(self._source)
        self.number += 1
        self.row.append(line)
        return line

    def begin_row(self) -> None:
        """Begin a row with the next line."""
        self.row = []

    def take_back(self, kept: int) -> None:
        """Return the lines of the row again, except the first `kept` ones."""
        self._again.extendleft(reversed(self.row[kept:]))
        self.number -= len(self.row[kept:])
        self.row = self.row[:kept]

    def begins(self) -> str:
        """Return the first line with any text, and refuse a file without text or in another format."""
        for line in self:
            if clean(line).strip(',;|" '):
                self._refuse_other_text(line)
                return line
            self.begin_row()
        raise ExportError(
            f"{self._name}: is empty. Export it again, or remove the file: a file without rows still "
            "has its header."
        )

    def _decoded(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self.encoding)()
        rest, number, is_last = "", 0, False
        while not is_last:
            raw = self._stream.read(_CHUNK)
            is_last = not raw
            try:
                rest += decoder.decode(raw, final=is_last)
            except UnicodeDecodeError as error:
                raise self._wrong_encoding(number + 1, rest, error) from error
            *whole, rest = _split(rest, is_last=is_last)
            number += len(whole)
            yield from whole
            # What is left of an overlong line is dropped up to its line break.
            rest = rest[:LONGEST_LINE]

    def _wrong_encoding(self, number: int, before: str, error: UnicodeDecodeError) -> ExportError:
        lines = _NEWLINE.split(error.object[: error.start].decode("latin-1"))
        first = len(before.encode(self.encoding, "replace")) if len(lines) == 1 else 0
        return ExportError(
            f"{self._name}, line {number + len(lines) - 1}: not {self.encoding.upper()} at its byte "
            f"{first + len(lines[-1]) + 1}. Export it again as UTF-8, or name its encoding in a mapping, "
            'such as encoding = "windows-1252".'
        )

    def _refuse_other_file(self, start: bytes) -> None:
        if found := other_file(start):
            raise ExportError(f"{self._name}: is {found.what}, not CSV. {found.remedy}; {_TEMPLATE}")

    def _refuse_other_text(self, line: str) -> None:
        if "\0" in line:
            raise ExportError(
                f"{self._name}, line {self.number}: contains a NUL byte, so it is not text in "
                f"{self.encoding}. Export it again, or name its encoding in a mapping."
            )
        # More lines are read only of what is refused: they are not returned again.
        if other_text(line) and (found := other_text("".join([line, *self._next_few()]))):
            raise ExportError(
                f"{self._name}: is {found.what}{found.more}, not CSV. {found.remedy}; {_TEMPLATE}"
            )

    def _next_few(self) -> list[str]:
        return [line for _, line in zip(range(20), self, strict=False)]


def other_in(start: bytes) -> OtherFile | None:
    """Return what a file is that begins with these bytes, if they show that it is no CSV."""
    text = start[:_CHUNK].decode(_encoding_of(start), "ignore")
    return other_file(start) or other_text(text)


def _encoding_of(start: bytes) -> str:
    found = next((encoding for mark, encoding in _BOMS if start.startswith(mark)), None)
    if found:
        return found
    # Without a mark, ASCII text in UTF-16 has a NUL as every second byte.
    nul = [byte == 0 for byte in start[:4]]
    if nul == [False, True, False, True]:
        return "utf-16-le"
    if nul == [True, False, True, False]:
        return "utf-16-be"
    return "utf-8"


def _split(text: str, *, is_last: bool) -> list[str]:
    """The whole lines of `text` with their line breaks, and what comes after the last one."""
    found, start = [], 0
    for match in _NEWLINE.finditer(text):
        # A carriage return at the end may be the first half of a line break.
        if match.end() == len(text) and match.group() == "\r" and not is_last:
            break
        found.append(text[start : match.end()])
        start = match.end()
    rest = text[start:]
    return [*found, rest, ""] if is_last and rest else [*found, rest]
