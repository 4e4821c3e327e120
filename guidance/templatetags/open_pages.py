"""Filters of the pages without sign-in."""

from __future__ import annotations

import re
from datetime import date

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from guidance.services.directory import DirectoryEntry
from guidance.services.statistics import FEW, HELD
from guidance.services.words import day, words

register = template.Library()

_NUMBER = re.compile(r"[\d() -]{10,}\d")


@register.filter
def named(found: dict[str, str], name: str) -> str:
    """Return the word with this name."""
    return found[str(name)]


@register.filter
def in_language(entry: DirectoryEntry, language: str) -> str:
    """Return the text of an entry in the language."""
    return entry.es if language == "es" else entry.en


@register.filter
def short_day(value: date | None, language: str) -> str:
    """Return a date without its weekday; empty for None."""
    return day(value, language) if value else ""


@register.filter
def figure(value: int | str, language: str = "en") -> SafeString:
    """Return a released figure: a number, or in words why it is hidden."""
    if isinstance(value, str):
        name = {FEW: "figures_few", HELD: "figures_held"}[value]
        return format_html("<i>{}</i>", words(language)[name])
    return format_html("{}", f"{value:,}")


@register.filter
def dial(number: str) -> str:
    """Return the address that dials a ten-digit number. What follows it ("then 2") is left to the caller."""
    found = _NUMBER.search(number)
    return f"tel:+1{re.sub(r'[^0-9]', '', found[0])[:10]}" if found else f"tel:{number}"
