"""The words of the explanations, by language, and the rules' own texts where they are translated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orders.rules.tables import Table, TableError

#: The language of the rule files themselves.
LANGUAGE = "en"

_FOLDER = Path(__file__).parent / "data" / "words"
_TABLES = (
    "sentence",
    "form",
    "span",
    "unit",
    "mark",
    "event",
    "origin",
    "weekday",
    "month",
    "actor",
    "closed",
)
_TEXTS = ("title", "doubt", "note")


class WordsError(TableError):
    """A language that is not there, or a file of words that is not of its form."""


@dataclass(frozen=True)
class Words:
    """All that is said in one language, under keys such as `sentence.due`."""

    language: str
    said: dict[str, str]

    def fill(self, key: str, **parts: object) -> str:
        """The text under `key` with its {words} filled in."""
        return self.said[key].format(**parts)

    def translated(self, key: str, original: str) -> str:
        """What stands under `key` for a text of the rule files; the text itself where nothing does."""
        return self.said.get(key, original)


def languages() -> tuple[str, ...]:
    """The languages there are words for."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("??.toml")))


@cache
def words(language: str) -> Words:
    """The words of `language`. Raises `WordsError` where there are none."""
    if language not in languages():
        raise WordsError(f"“{language}” is no language of the rulebook; there are {', '.join(languages())}")
    said = _read(_FOLDER / f"{language}.toml", _TABLES)
    texts = _FOLDER / "rules" / f"{language}.toml"
    if texts.exists():
        said.update(_read(texts, _TEXTS))
    return Words(language=language, said=said)


def _read(file: Path, tables: tuple[str, ...]) -> dict[str, str]:
    top = Table.read(file, file.relative_to(_FOLDER.parent), WordsError)
    said = {f"{table}.{key}": text for table in tables for key, text in top.words(table).items()}
    top.nothing_else()
    return said
