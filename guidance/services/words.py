"""The words of the pages without sign-in, in English and Spanish."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib import resources

from accounts.dates import format_day

LANGUAGES = ("en", "es")


@cache
def words(language: str) -> dict[str, str]:
    """Return the words of a language by their name."""
    text = resources.files("guidance.data").joinpath("words.toml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = tomllib.loads(text)
    return {name: line[language] for name, line in found.items()}


def day(value: date, language: str) -> str:
    """Return a date without its weekday, such as "Nov 28, 2026" or "28 nov 2026"."""
    return format_day(value, language).partition(", " if language == "en" else " ")[2].strip()
