"""Read PDF files that Typst made: their text, and every object of the file decompressed."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from functools import cached_property

_OBJECT = re.compile(rb"(\d+) 0 obj\s*(.*?)\s*endobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*)\r?\nendstream", re.DOTALL)
_MAPPED = re.compile(rb"<([0-9A-F]+)> <([0-9A-F]+)>")
_RANGE = re.compile(rb"<([0-9A-F]+)> <([0-9A-F]+)> (?:<([0-9A-F]+)>|\[(.*?)\])", re.DOTALL)
_STRING = rb"\(((?:[^()\\]|\\.|\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\))*)\)"
_SHOWN = re.compile(rb"/(f\d+) [\d.]+ Tf|" + _STRING + rb"|(\bET\b)", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_UTF16 = re.compile(rb"<(FEFF(?:[0-9A-F]{2})+)>")


@dataclass(frozen=True)
class Pdf:
    """A PDF file."""

    content: bytes

    @cached_property
    def objects(self) -> dict[int, bytes]:
        """The objects by number, with their streams decompressed."""
        return {int(one[1]): _plain(one[2]) for one in _OBJECT.finditer(self.content)}

    @cached_property
    def pages(self) -> list[str]:
        """The text of each page, in the order of the file."""
        pages = [
            one for one in self.objects.values() if b"/Type/Page/" in one or one.endswith(b"/Type/Page>>")
        ]
        return [self._text(one) for one in pages]

    @property
    def text(self) -> str:
        """The text of all pages, with single spaces."""
        return " ".join(" ".join(self.pages).split())

    @cached_property
    def everything(self) -> str:
        """The text, and every object as text: metadata, outlines, alternative texts, fonts and drawings."""
        raw = b"\n".join(self.objects.values())
        strings = [bytes.fromhex(one.decode()).decode("utf-16") for one in _UTF16.findall(raw)]
        return "\n".join([self.text, *strings, raw.decode("utf-8", "replace"), raw.decode("latin-1")])

    def _text(self, page: bytes) -> str:
        fonts = self._fonts(self._referred(page, b"Resources"))
        text, current = [], dict[int, str]()
        for found in _SHOWN.finditer(self._referred(page, b"Contents")):
            font, shown, _ = found.groups()
            if font:
                current = fonts[font]
            elif shown is not None:
                raw = _ESCAPE.sub(_unescaped, shown)
                codes = (int.from_bytes(raw[at : at + 2]) for at in range(0, len(raw), 2))
                text.append("".join(current.get(one, "") for one in codes))
            else:
                text.append(" ")
        return "".join(text)

    def _fonts(self, resources: bytes) -> dict[bytes, dict[int, str]]:
        named = re.search(rb"/Font<<(.*?)>>", resources, re.DOTALL)
        pairs = re.findall(rb"/(f\d+) (\d+) 0 R", named[1]) if named else []
        return {
            name: _letters(self._referred(self.objects[int(number)], b"ToUnicode")) for name, number in pairs
        }

    def _referred(self, found: bytes, key: bytes) -> bytes:
        reference = re.search(rb"/" + key + rb" (\d+) 0 R", found)
        return self.objects[int(reference[1])] if reference else b""


def _plain(content: bytes) -> bytes:
    stream = _STREAM.search(content)
    if stream is None:
        return content
    head = content[: stream.start()]
    return head + (zlib.decompress(stream[1]) if b"FlateDecode" in head else stream[1])


def _letters(table: bytes) -> dict[int, str]:
    """The letters of a font by their code."""
    found: dict[int, str] = {}
    for part in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for code, text in _MAPPED.findall(part):
            found[int(code, 16)] = _decoded(text)
    for part in re.findall(rb"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, start, _listed in _RANGE.findall(part):
            for step in range(int(last, 16) - int(first, 16) + 1):
                found[int(first, 16) + step] = chr(int(start, 16) + step)
    return found


def _decoded(text: bytes) -> str:
    return bytes.fromhex(text.decode()).decode("utf-16-be")


def _unescaped(found: re.Match[bytes]) -> bytes:
    one = found[1]
    return bytes([int(one, 8)]) if one.isdigit() else _LETTERS.get(one, one)
