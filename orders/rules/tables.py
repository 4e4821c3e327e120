"""Read TOML tables strictly: each key is read once, and errors name file, line and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import EllipsisType
from typing import Any, TypeVar

T = TypeVar("T")
D = TypeVar("D")
E = TypeVar("E", bound=StrEnum)

_HEADER = re.compile(r"^\[\[?\s*([\w.\-]+)\s*\]\]?", re.MULTILINE)


class TableError(ValueError):
    """A file with an error; the message names file, line, key and remedy."""


@dataclass(frozen=True)
class _Source:
    file: Path
    text: str
    raises: type[TableError]

    @cached_property
    def headers(self) -> list[tuple[int, str]]:
        """The position and the dotted name of each `[table]` and `[[table]]`."""
        return [(found.start(), found[1]) for found in _HEADER.finditer(self.text)]

    def line(self, position: int) -> int:
        """Return the number of the line at `position`; the first is 1."""
        return self.text[:position].count("\n") + 1


@dataclass(frozen=True)
class _Span:
    """The part of the text that contains a table."""

    start: int
    end: int
    path: str = ""


class Table:
    """A TOML table that is being read. A key that is left over is an error."""

    def __init__(self, values: dict[str, Any], source: _Source, span: _Span, around: str = "") -> None:
        self._left = dict(values)
        self._source = source
        self._span = span
        self._around = around
        self._allowed: list[str] = []

    @classmethod
    def parse(cls, text: str, file: Path, raises: type[TableError] = TableError) -> Table:
        """Parse the top table of a file. Raises `raises` if the text is not TOML."""
        source = _Source(file=file, text=text, raises=raises)
        try:
            return cls(tomllib.loads(text), source, _Span(0, len(text)))
        except tomllib.TOMLDecodeError as error:
            raise raises(f"{file}: not TOML: {error}") from error

    @classmethod
    def read(cls, file: Path, name: Path, raises: type[TableError] = TableError) -> Table:
        """Read the top table of `file`, called `name` in messages. Raises `raises` if it cannot be read."""
        try:
            return cls.parse(file.read_bytes().decode(), name, raises)
        except (OSError, UnicodeDecodeError) as error:
            raise raises(f"{name}: cannot be read: {error}") from error

    def error(self, key: str, problem: str) -> TableError:
        """Return the error with file, line, key and problem."""
        line = self._source.line(self._find(key))
        return self._source.raises(f"{self._source.file}, line {line}, {self._around}{key}: {problem}.")

    def _find(self, key: str) -> int:
        """Return the position of `key` in this table; the beginning of the table without it."""
        start, end, path = self._span.start, self._span.end, self._span.path
        inside = [(at, name) for at, name in self._source.headers if start < at < end]
        own_end = inside[0][0] if inside else end
        own = re.compile(rf"(?:^|[\s{{,\[]){re.escape(key)}\s*=")
        if found := own.search(self._source.text, start, own_end):
            return found.end()
        named = f"{path}.{key}".removeprefix(".")
        return next((at for at, name in inside if name == named), start)

    def _take(self, key: str, wanted: str, type_: type[T], default: D | EllipsisType) -> T | D:
        """Read a key; return `default` without it, unless that is an ellipsis."""
        self._allowed.append(key)
        if key not in self._left:
            if isinstance(default, EllipsisType):
                raise self.error(key, f"missing; give {wanted}")
            return default
        value: T = self._left.pop(key)
        if type(value) is not type_:
            raise self.error(key, f"{value!r} is not {wanted}")
        return value

    def text(self, key: str, default: str | EllipsisType = ...) -> str:
        """Read a text."""
        return self._take(key, "a text in quotes", str, default)

    def number(self, key: str, default: int | EllipsisType = ...) -> int:
        """Read a whole number."""
        return self._take(key, "a whole number", int, default)

    def number_or_none(self, key: str) -> int | None:
        """Read a whole number; None without the key."""
        return self._take(key, "a whole number", int, default=None)

    def flag(self, key: str) -> bool:
        """Read true or false; false without the key."""
        return self._take(key, "true or false", bool, default=False)

    def flag_or_none(self, key: str) -> bool | None:
        """Read true or false; None without the key."""
        return self._take(key, "true or false", bool, default=None)

    def day(self, key: str, default: date | EllipsisType = ...) -> date:
        """Read a date."""
        return self._take(key, "a date such as 2016-10-01", date, default)

    def day_or_none(self, key: str) -> date | None:
        """Read a date; None without the key."""
        return self._take(key, "a date such as 2016-10-01", date, default=None)

    def clock(self, key: str, default: time) -> time:
        """Read a time of day."""
        return self._take(key, "a time of day such as 09:00:00", time, default)

    def texts(self, key: str, allowed: frozenset[str] | None = None) -> tuple[str, ...]:
        """Read a list of at least one text, each one of `allowed` if given."""
        found = self._texts(key, allowed, ...)
        if not found:
            raise self.error(key, "empty; name at least one")
        return found

    def optional_texts(self, key: str, allowed: frozenset[str] | None = None) -> tuple[str, ...]:
        """Read a list of texts, each one of `allowed` if given; empty without the key."""
        return self._texts(key, allowed, [])

    def _texts(
        self, key: str, allowed: frozenset[str] | None, default: list[Any] | EllipsisType
    ) -> tuple[str, ...]:
        found = self._take(key, "a list of texts", list, default)
        for one in found:
            if not isinstance(one, str) or (allowed is not None and one not in allowed):
                raise self.error(key, f"{one!r} is not one of {', '.join(sorted(allowed or ['texts']))}")
        return tuple(found)

    def one_of(self, key: str, choices: type[E], default: E | None = None) -> E:
        """Read one of the words of `choices`."""
        word = self.text(key, default or ...)
        try:
            return choices(word)
        except ValueError:
            raise self.error(key, f"“{word}” is not one of {', '.join(choices)}") from None

    def one_of_if_given(self, key: str, choices: type[E]) -> E | None:
        """Read one of the words of `choices`; None without the key."""
        if key in self._left:
            return self.one_of(key, choices)
        self._allowed.append(key)
        return None

    def tables(self, key: str) -> Iterator[Table]:
        """Yield the tables of a list of tables."""
        return self._tables(key, ...)

    def optional_tables(self, key: str) -> Iterator[Table]:
        """Yield the tables of a list of tables; none without the key."""
        return self._tables(key, [])

    def _tables(self, key: str, default: list[Any] | EllipsisType) -> Iterator[Table]:
        found = self._take(key, "a list of tables", list, default)
        spans = self._spans(key, len(found))
        for one, span in zip(found, spans, strict=True):
            if not isinstance(one, dict):
                raise self.error(key, f"{one!r} is not a table")
            around = f"{one['id']}: " if isinstance(one.get("id"), str) else self._around
            yield Table(one, self._source, span, around)

    def _spans(self, key: str, count: int) -> list[_Span]:
        """Return the span of each of `count` tables: below its own header, or the line that lists them."""
        path = f"{self._span.path}.{key}".removeprefix(".")
        inside = [(at, name) for at, name in self._source.headers if self._span.start <= at < self._span.end]
        begins = [at for at, name in inside if name == path]
        if len(begins) != count:
            return [_Span(self._find(key), self._span.end, path)] * count
        others = [at for at, name in inside if not name.startswith(f"{path}.")]
        return [
            _Span(at, min((other for other in others if other > at), default=self._span.end), path)
            for at in begins
        ]

    def table(self, key: str) -> Table | None:
        """Read a table; None without the key."""
        found = self._take(key, 'a table such as { amount = 24, unit = "elapsed_hours" }', dict, None)
        if found is None:
            return None
        return Table(found, self._source, _Span(self._find(key), self._span.end), self._around)

    def words(self, key: str) -> dict[str, str]:
        """Read a table of texts with any keys."""
        found = self._take(key, "a table of texts", dict, ...)
        for name, word in found.items():
            if not isinstance(word, str):
                raise self.error(key, f"{name} = {word!r} is not a text")
        return dict(found)

    def lists(self, key: str) -> dict[str, tuple[str, ...]]:
        """Read a table of lists of texts with any keys."""
        found = self._take(key, "a table of lists of texts", dict, ...)
        for name, words in found.items():
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                raise self.error(key, f"{name} = {words!r} is not a list of texts")
        return {name: tuple(words) for name, words in found.items()}

    def reject_unread(self) -> None:
        """Raise an error for a key that was not read."""
        for key in self._left:
            raise self.error(key, f"unknown key; choose from {', '.join(sorted(self._allowed))}")


def read(table: Table, build: Callable[[Table], T]) -> T:
    """Return `build(table)`. Raises an error if `build` leaves a key unread."""
    built = build(table)
    table.reject_unread()
    return built
