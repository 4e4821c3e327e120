"""The words of documents in each language."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).resolve().parents[2] / "data" / "documents" / "words"

#: The languages of documents for the parties, with their own names.
LANGUAGES = {"en": "English", "es": "Español"}


@dataclass(frozen=True, kw_only=True)
class DocumentWords:
    """The words of one language, by table and key."""

    language: str
    tables: dict[str, dict[str, str]]

    def text(self, table: str, key: str, **parts: object) -> str:
        """Return a text with its fields filled in."""
        return self.tables[table][key].strip().format(**parts)

    def lines(self, table: str, key: str) -> list[str]:
        """Return a text of several lines as a list."""
        return self.tables[table][key].strip().splitlines()

    def counted(self, key: str, count: int) -> str:
        """Return a count with its noun, such as “2 firearms”."""
        return self.text("count", key if count == 1 else f"{key}_many", count=count)

    @property
    def page(self) -> tuple[str, str]:
        """The words around the page numbers."""
        return self.tables["page"]["page"], self.tables["page"]["of"]


@cache
def shipped_words(language: str) -> DocumentWords:
    """Return the words of a language as they were shipped. Raises `KeyError` for another language."""
    if language not in LANGUAGES:
        raise KeyError(language)
    tables = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return DocumentWords(language=language, tables=tables)
