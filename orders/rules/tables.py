"""Reads TOML tables strictly: every key is taken once, and what is wrong is named with file, line and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_HEADER = re.compile(r"^\[\[?\s*([\w.\-]+)\s*\]\]?", re.MULTILINE)


class TableError(ValueError):
    """A file that is not of its form; the text names file, line, key and remedy."""


@dataclass(frozen=True)
class _Source:
    file: Path
    text: str
    raises: type[TableError]

    @cached_property
    def headers(self) -> list[tuple[int, str]]:
        """Where each `[table]` and `[[table]]` begins, and its dotted name."""
        return [(found.start(), found[1]) for found in _HEADER.finditer(self.text)]

    def line(self, position: int) -> int:
        """The line, from 1, that `position` is on."""
        return self.text[:position].count("\n") + 1


@dataclass(frozen=True)
class _Span:
    """The part of the text that a table stands in."""

    start: int
    end: int
    path: str = ""


class Table:
    """One TOML table being read; a key that nobody takes is an error."""

    def __init__(self, values: dict[str, Any], source: _Source, span: _Span, around: str = "") -> None:
        self._left = dict(values)
        self._source = source
        self._span = span
        self._around = around
        self._allowed: list[str] = []

    @classmethod
    def parse(cls, text: str, file: Path, raises: type[TableError] = TableError) -> Table:
        """The top of a file. Raises `raises` where it is not TOML."""
        source = _Source(file=file, text=text, raises=raises)
        try:
            return cls(tomllib.loads(text), source, _Span(0, len(text)))
        except tomllib.TOMLDecodeError as error:
            raise raises(f"{file}: not TOML: {error}") from error

    @classmethod
    def read(cls, file: Path, name: Path, raises: type[TableError] = TableError) -> Table:
        """The top of `file`, which messages call `name`. Raises `raises` where it cannot be read."""
        try:
            return cls.parse(file.read_text(encoding="utf-8"), name, raises)
        except (OSError, UnicodeDecodeError) as error:
            raise raises(f"{name}: cannot be read: {error}") from error

    def error(self, key: str, problem: str) -> TableError:
        """The error that names file, line, key and problem."""
        line = self._source.line(self._find(key))
        return self._source.raises(f"{self._source.file}, line {line}, {self._around}{key}: {problem}.")

    def _find(self, key: str) -> int:
        """Where `key` stands in this table; where the table begins if it does not."""
        start, end, path = self._span.start, self._span.end, self._span.path
        inside = [(at, name) for at, name in self._source.headers if start < at < end]
        own_end = inside[0][0] if inside else end
        own = re.compile(rf"(?:^|[\s{{,\[]){re.escape(key)}\s*=")
        if found := own.search(self._source.text, start, own_end):
            return found.end()
        named = f"{path}.{key}".removeprefix(".")
        return next((at for at, name in inside if name == named), start)

    def _take(self, key: str, wanted: str, type_: type, default: object) -> Any:
        self._allowed.append(key)
        if key not in self._left:
            if default is ...:
                raise self.error(key, f"missing; give {wanted}")
            return default
        value = self._left.pop(key)
        if type(value) is not type_:
            raise self.error(key, f"{value!r} is not {wanted}")
        return value

    def text(self, key: str, default: object = ...) -> str:
        """A text."""
        return str(self._take(key, "a text in quotes", str, default))

    def number(self, key: str, default: object = ...) -> int:
        """A whole number."""
        return int(self._take(key, "a whole number", int, default))

    def number_or_none(self, key: str) -> int | None:
        """A whole number; None where it is not given."""
        taken = self._take(key, "a whole number", int, default=None)
        return None if taken is None else int(taken)

    def yes(self, key: str) -> bool:
        """A true or false; false where it is not given."""
        return bool(self._take(key, "true or false", bool, default=False))

    def yes_or_none(self, key: str) -> bool | None:
        """A true or false; None where it is not given."""
        taken = self._take(key, "true or false", bool, default=None)
        return None if taken is None else bool(taken)

    def day(self, key: str, default: object = ...) -> date:
        """A date."""
        found = self._take(key, "a date such as 2016-10-01", date, default)
        assert isinstance(found, date)  # noqa: S101 - narrows Any
        return found

    def day_or_none(self, key: str) -> date | None:
        """A date; None where it is not given."""
        found = self._take(key, "a date such as 2016-10-01", date, default=None)
        assert found is None or isinstance(found, date)  # noqa: S101 - narrows Any
        return found

    def clock(self, key: str, default: time) -> time:
        """A time of day."""
        found = self._take(key, "a time of day such as 09:00:00", time, default)
        assert isinstance(found, time)  # noqa: S101 - narrows Any
        return found

    def texts(
        self, key: str, allowed: frozenset[str] | None = None, *, needed: bool = True
    ) -> tuple[str, ...]:
        """A list of texts, each among `allowed` if that is given; at least one where it is `needed`."""
        found = self._take(key, "a list of texts", list, ... if needed else [])
        for one in found:
            if not isinstance(one, str) or (allowed is not None and one not in allowed):
                raise self.error(key, f"{one!r} is not among {', '.join(sorted(allowed or ['texts']))}")
        if needed and not found:
            raise self.error(key, "empty; name at least one")
        return tuple(found)

    def one_of(self, key: str, choices: type[E], default: E | None = None) -> E:
        """One of the words of `choices`."""
        word = self.text(key, ... if default is None else default.value)
        try:
            return choices(word)
        except ValueError:
            raise self.error(key, f"“{word}” is not among {', '.join(choices)}") from None

    def tables(self, key: str, *, needed: bool = True) -> Iterator[Table]:
        """The tables of a list of tables."""
        found = self._take(key, "a list of tables", list, ... if needed else [])
        spans = self._spans(key, len(found))
        for one, span in zip(found, spans, strict=True):
            if not isinstance(one, dict):
                raise self.error(key, f"{one!r} is not a table")
            around = f"{one['id']}: " if isinstance(one.get("id"), str) else self._around
            yield Table(one, self._source, span, around)

    def _spans(self, key: str, count: int) -> list[_Span]:
        """Where each of `count` tables stands: below its own header, or within the line that lists them."""
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
        """A table; None where it is not given."""
        found = self._take(key, 'a table such as { amount = 24, unit = "elapsed_hours" }', dict, None)
        if found is None:
            return None
        return Table(found, self._source, _Span(self._find(key), self._span.end), self._around)

    def words(self, key: str) -> dict[str, str]:
        """A table of texts; its keys are free."""
        found = self._take(key, "a table of texts", dict, ...)
        for name, word in found.items():
            if not isinstance(word, str):
                raise self.error(key, f"{name} = {word!r} is not a text")
        return dict(found)

    def lists(self, key: str) -> dict[str, tuple[str, ...]]:
        """A table of lists of texts; its keys are free."""
        found = self._take(key, "a table of lists of texts", dict, ...)
        for name, words in found.items():
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                raise self.error(key, f"{name} = {words!r} is not a list of texts")
        return {name: tuple(words) for name, words in found.items()}

    def nothing_else(self) -> None:
        """Raises for a key that nobody asked for."""
        for key in self._left:
            raise self.error(key, f"not known here; allowed are {', '.join(sorted(self._allowed))}")


def read(table: Table, build: Callable[[Table], T]) -> T:
    """What `build` makes of `table`, nothing of it left unread."""
    built = build(table)
    table.nothing_else()
    return built
