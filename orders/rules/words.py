"""The texts of explanations in each language, and the translations of the rules' own texts."""

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
    "source_status",
    "event",
    "origin",
    "weekday",
    "month",
    "actor",
    "closed",
)
_TEXTS = ("title", "short", "doubt", "closed_day_doubt", "note", "no_check", "source")


class WordsError(TableError):
    """A language without words, or a file of words with an error."""


@dataclass(frozen=True)
class Words:
    """All texts of one language, under keys such as `sentence.due`."""

    language: str
    texts: dict[str, str]

    def fill(self, key: str, **parts: object) -> str:
        """Return the text of `key` with its {fields} filled in."""
        return self.texts[key].format(**parts)

    def translated(self, key: str, original: str) -> str:
        """Return the translation under `key` of a text in the rule files; `original` without one."""
        return self.texts.get(key, original)


def languages() -> tuple[str, ...]:
    """Return the languages that have words."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("??.toml")))


@cache
def words(language: str) -> Words:
    """Return the words of `language`. Raises `WordsError` for a language without words."""
    if language not in languages():
        raise WordsError(
            f"“{language}” is not a language of the rulebook; choose from {', '.join(languages())}"
        )
    texts = _read(_FOLDER / f"{language}.toml", _TABLES)
    translations = _FOLDER / "rules" / f"{language}.toml"
    if translations.exists():
        texts.update(_read(translations, _TEXTS))
    return Words(language=language, texts=texts)


def _read(file: Path, tables: tuple[str, ...]) -> dict[str, str]:
    top = Table.read(file, file.relative_to(_FOLDER.parent), WordsError)
    texts = {f"{table}.{key}": text for table in tables for key, text in top.words(table).items()}
    top.reject_unread()
    return texts
