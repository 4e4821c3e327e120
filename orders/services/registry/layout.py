"""The layout of an export: file names, columns, encoding, delimiter, dates, words for values, time zone.

`docs/import.md` describes the default layout. A court whose system writes other names describes them once in
a TOML file (`import_por --map FILE`).
"""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from accounts.models import State
from accounts.text import clean, show_invisible
from orders.services.registry.columns import BIRTHS, COLUMNS, DAYS, INSTANTS, OPEN_CENTURY, SHARED

_TOP = {"state", "encoding", "delimiter", "date_format", "datetime_format", "time_zone", *COLUMNS}
_OF_A_FILE = {"name", "columns", "values", "defaults"}


class LayoutError(ValueError):
    """A layout file that cannot be used. The message names the key and the remedy."""


@dataclass(frozen=True, kw_only=True)
class FileLayout:
    """The layout of one file.

    `columns` gives the header for each column of ours, `values` our word for each word of theirs by column,
    and `defaults` the value of a column that the file does not have.
    """

    name: str
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)

    def shared(self, kind: str) -> dict[str, list[str]]:
        """Our columns that read the same header of theirs, by that header."""
        found: dict[str, list[str]] = {}
        names: dict[str, str] = {}
        for ours in COLUMNS[kind]:
            theirs = self.columns.get(ours, ours)
            found.setdefault(names.setdefault(plain_header(theirs), theirs), []).append(ours)
        return {theirs: ours for theirs, ours in found.items() if len(ours) > 1}


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The layout of an export. An empty `encoding`, `delimiter` or format means: find it out, or ISO 8601.

    All orders of the export are of courts of `state`.
    """

    state: str = State.CONNECTICUT.value
    encoding: str = ""
    delimiter: str = ""
    date_format: str = ""
    datetime_format: str = ""
    zone: ZoneInfo | None = None
    files: Mapping[str, FileLayout] = field(default_factory=dict)

    def file(self, kind: str) -> FileLayout:
        """The layout of the file of that kind: orders, firearms or receipts."""
        return self.files.get(kind) or FileLayout(name=f"{kind}.csv")

    @property
    def warnings(self) -> list[str]:
        """What may be a mistake, in one sentence each."""
        return [
            f"The columns {' and '.join(ours)} are both read from “{theirs}”. If that is not intended, "
            "correct the mapping."
            for kind, file in self.files.items()
            for theirs, ours in file.shared(kind).items()
        ]

    def value(self, kind: str, column: str, text: str) -> str:
        """Return our value for a cell: our word for theirs, and days and times in ISO 8601.

        A day or time that does not have the layout's format stays as it is, and is rejected where it is read.
        """
        words = self.file(kind).values.get(column, {})
        text = words.get(text.casefold(), text)
        if text and column in DAYS and self.date_format:
            return _as_iso(text, self.date_format, column)
        if text and column in INSTANTS and self.datetime_format:
            return _as_iso(text, self.datetime_format, column)
        return text


def read_layout(file: Path) -> Layout:
    """Read a layout from a TOML file. Raises `LayoutError`."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise LayoutError(
            f"{file.name}: cannot be read ({error.strerror}). Check the path and its permissions."
        ) from error
    except UnicodeDecodeError as error:
        raise LayoutError(f"{file.name}: not a TOML file in UTF-8 ({error}).") from error
    return parse_layout(text, file.name)


def parse_layout(text: str, name: str) -> Layout:
    """Return the layout that a TOML text describes; `name` is its name in messages. Raises `LayoutError`."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LayoutError(f"{name}: not a TOML file in UTF-8 ({error}).") from error
    _known(given, _TOP, name)
    return Layout(
        state=_state(given.get("state", State.CONNECTICUT), name),
        encoding=_encoding(_text(given, "encoding"), name),
        delimiter=_delimiter(_text(given, "delimiter"), name),
        date_format=_format(given, "date_format", "%m/%d/%Y", name),
        datetime_format=_format(given, "datetime_format", "%m/%d/%Y %I:%M %p", name),
        zone=_zone(_text(given, "time_zone"), name),
        files={kind: _file_layout(kind, given[kind], name) for kind in COLUMNS if kind in given},
    )


def _file_layout(kind: str, given: Any, source: str) -> FileLayout:
    _known(_table(given, kind, source), _OF_A_FILE, f"{source}: [{kind}]")
    columns, defaults, values = (
        _table(given.get(key, {}), f"{kind}.{key}", source) for key in ("columns", "defaults", "values")
    )
    for key, table in (("columns", columns), ("defaults", defaults), ("values", values)):
        _known(table, set(COLUMNS[kind]), f"{source}: [{kind}.{key}]")
    for column, words in values.items():
        _table(words, f"{kind}.values.{column}", source)
    layout = FileLayout(
        name=str(given.get("name", f"{kind}.csv")),
        columns={ours: str(theirs) for ours, theirs in columns.items()},
        values={
            column: {str(theirs).casefold(): str(ours) for theirs, ours in words.items()}
            for column, words in values.items()
        },
        defaults={column: str(value) for column, value in defaults.items()},
    )
    for theirs, ours in layout.shared(kind).items():
        if not any(one.issuperset(ours) for one in SHARED):
            raise LayoutError(
                f"{source}: [{kind}.columns]: {' and '.join(ours)} cannot both be "
                f"“{show_invisible(theirs)}”. Name another header for one of them, or a default in its place."
            )
    return layout


def plain_header(text: str) -> str:
    """Return a header as headers are compared: without case, blanks, dashes and underscores."""
    return re.sub(r"[\s_\-]+", "", clean(text)).casefold()


def _table(given: Any, name: str, source: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise LayoutError(f"{source}: {name} must be a table. Write [{name}], and its lines below.")
    return given


def _known(given: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(given.keys() - known):
        raise LayoutError(f"{where}: “{unknown[0]}” is not known here. Use {', '.join(sorted(known))}.")


def _text(given: Mapping[str, Any], key: str) -> str:
    return str(given.get(key, ""))


def _format(given: Mapping[str, Any], key: str, example: str, source: str) -> str:
    """Return a format that Python reads a whole date with, or an empty text. Raises `LayoutError`."""
    form = _text(given, key)
    try:
        if not form:
            return ""
        tried = datetime.strptime(_SAMPLE.strftime(form), form).replace(tzinfo=UTC)
        if tried.date() == _SAMPLE.date():
            return form
    except (ValueError, re.error):
        pass
    raise LayoutError(
        f"{source}: {key} “{form}” does not read a date with its year. Write it with the signs of Python's "
        f"strptime, such as “{example}”."
    )


def _encoding(name: str, source: str) -> str:
    try:
        found = codecs.lookup(name).name if name else ""
        # What encodes no text, such as rot13 or zip, is refused here.
        "text".encode(found or "utf-8")
        if found in _OF_NAMES:
            raise LookupError(name)
        return found
    except (LookupError, ValueError) as error:
        raise LayoutError(
            f"{source}: encoding “{name}” is not known. Use utf-8, utf-16, windows-1252 or another name that "
            "Python knows."
        ) from error


def _delimiter(text: str, source: str) -> str:
    text = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}.get(text, text)
    if len(text) > 1 or text in ('"', "\r", "\n", "\0"):
        raise LayoutError(
            f"{source}: delimiter “{show_invisible(text)}” must be one character, or “tab”, and no quote or "
            "line break."
        )
    return text


def _state(name: Any, source: str) -> str:
    if name not in State.values:
        raise LayoutError(f"{source}: state “{name}” is not known. Use one of {', '.join(State.values)}.")
    return State(name).value


def _zone(name: str, source: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise LayoutError(
            f"{source}: time_zone “{name}” is not known. Write it as America/New_York."
        ) from error


#: A date with which a format is tried.
_SAMPLE = datetime(2026, 12, 4, 15, 30, tzinfo=UTC)
#: Encodings of the names of computers, which no file has.
_OF_NAMES = frozenset({"idna", "punycode"})
#: Formats with a year of two digits.
_SHORT_YEAR = re.compile(r"(?<!%)(?:%%)*%[yxD]")


def _as_iso(text: str, form: str, column: str) -> str:
    """The day or time in ISO 8601. A year of two digits is of this century; that of a birth is left open."""
    try:
        parsed = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is added where the cell is read
    except ValueError:
        return text
    if _SHORT_YEAR.search(form):
        if column in BIRTHS:
            return f"{OPEN_CENTURY}{parsed:%y-%m-%d}"
        parsed = parsed.replace(year=2000 + parsed.year % 100)
    return date.isoformat(parsed.date()) if column in DAYS else parsed.isoformat(sep="T")
