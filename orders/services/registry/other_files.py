"""Name a file or a text that is no CSV by how it begins, with its remedy."""

from __future__ import annotations

import re
from typing import NamedTuple


class OtherFile(NamedTuple):
    """What a file is, and what to do with it."""

    what: str
    remedy: str
    #: What helps the people who wrote the export, after `what`.
    more: str = ""


_SHEETS = "Save each sheet as “CSV UTF-8”"
_UNPACK = "Unpack it"
_EXPORT = "Export the registry as CSV"
_DATABASE = OtherFile("a database", "Export its tables as CSV")

_BEGINS = (
    (b"\xd0\xcf\x11\xe0", OtherFile("an Excel workbook", _SHEETS)),
    (b"\x1f\x8b", OtherFile("a gzip archive", _UNPACK)),
    (b"7z\xbc\xaf", OtherFile("a 7-Zip archive", _UNPACK)),
    (b"Rar!", OtherFile("a RAR archive", _UNPACK)),
    (b"%PDF", OtherFile("a PDF", _EXPORT)),
    (b"\x89PNG", OtherFile("a picture", _EXPORT)),
    (b"\xff\xd8\xff", OtherFile("a picture", _EXPORT)),
    (b"{\\rtf", OtherFile("a text document", _EXPORT)),
    (b"SQLite format", _DATABASE),
    (b"\x00\x01\x00\x00Standard ", _DATABASE),
    (b"PAR1", OtherFile("a Parquet file", _EXPORT)),
)
_ZIPPED = (b"PK\x03\x04", b"PK\x05\x06")
#: What an archive is by the names of the files in it, which are near its beginning.
_IN_ZIP = (
    (b"xl/", OtherFile("an Excel workbook", _SHEETS)),
    (b"opendocument.spreadsheet", OtherFile("an OpenDocument spreadsheet", _SHEETS)),
    (b"word/", OtherFile("a Word document", _EXPORT)),
    (b"opendocument.text", OtherFile("a text document", _EXPORT)),
    (b"[Content_Types].xml", OtherFile("an Office document", _SHEETS)),
)


def other_file(start: bytes) -> OtherFile | None:
    """Return what a file is that begins with these bytes; None if it may be text."""
    if start.startswith(_ZIPPED):
        return next((found for name, found in _IN_ZIP if name in start), OtherFile("a ZIP archive", _UNPACK))
    return next((found for mark, found in _BEGINS if start.startswith(mark)), None)


#: The first element of a document. A comment ends at its first mark: with more ways to divide a row of
#: comments, trying them all would take years.
_ROOT = re.compile(
    r"\A\s*(?:<\?[^>]*>\s*|<!--(?:(?!-->).)*-->\s*|<!doctype[^>]*>\s*)*+<([A-Za-z_][\w:.-]*)", re.I | re.S
)
_JSON = re.compile(r"\A\s*(?:\[\s*)?\{")
_PAGES = ("html", "table", "head", "body")


def other_text(start: str) -> OtherFile | None:
    """Return what a text is that begins so; None if it may be CSV."""
    start = start.lstrip("\ufeff \t\r\n")
    if _JSON.match(start):
        return OtherFile("JSON", _EXPORT)
    if not start.startswith("<"):
        return None
    root = _ROOT.match(start)
    found = root.group(1) if root else ""
    if found.casefold() in _PAGES:
        return OtherFile("a web page", _EXPORT)
    element = f" (its first element is “{found}”)" if found else ""
    return OtherFile("XML", _EXPORT, f"{element}, as NIEM exchanges are")
