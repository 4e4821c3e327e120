"""The catalog of the court's desk: English texts of pages, each with its Spanish.

A text with places, such as “%(count)s due”, is for every text of that form. A place that is named
`count`, or ends with `_count`, holds a number; any other holds words, which are translated in turn if they
are a text of the catalog themselves.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ctcompliance.catalogs import read
from orders.rules.words import LANGUAGE, words
from orders.services.planning.rulebooks import bundled

FILE = Path(__file__).with_name("es.po")

_PLACE = re.compile(r"%\((\w+)\)s")
_NUMBER = r"[\d,.]+\+?"
_BLANKS = re.compile(r"\s+")
#: What joins two texts in one line: signs of a list, of a title, and the end of a sentence or a label.
_JOINED = re.compile(
    r"( · |; |^\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} | [|] |(?<=[a-z0-9)][.:!?]) (?=[A-Z“])|:$)"
)
#: The most texts within each other that are translated.
_DEPTH = 4
#: The most characters of a text that is put together of others. What people wrote is longer, and the work
#: grows with the square of the length.
_LONGEST = 600


@dataclass(frozen=True)
class _Form:
    """A text with places, as an expression, and its Spanish."""

    expression: re.Pattern[str]
    spanish: str


@dataclass
class DeskWords:
    """The catalog, ready to translate."""

    exact: dict[str, str] = field(default_factory=dict)
    #: Texts with places, by their first word; those that begin with a place by an empty text.
    forms: dict[str, list[_Form]] = field(default_factory=lambda: defaultdict(list))

    def add(self, english: str, spanish: str) -> None:
        """Add a text."""
        if not _PLACE.search(english):
            self.exact[english] = spanish
            return
        parts = _PLACE.split(english)
        expression = "".join(
            re.escape(part) if number % 2 == 0 else _place(part) for number, part in enumerate(parts)
        )
        first = parts[0].split(" ")[0] if " " in parts[0] else ""
        self.forms[first].append(_Form(re.compile(expression), spanish))

    def translate(self, text: str, *, stored: Collection[str] = (), depth: int = 0) -> str:
        """Return the text in Spanish. What is not in the catalog stays, and so does what is `stored`."""
        plain = plain_text(text)
        if not plain or plain in stored:
            return text
        # A stored name before “· 3 h left” is no word of a sentence.
        is_mixed = stored and len(plain) <= _LONGEST and any(one in stored for one in _JOINED.split(plain))
        found = (self._in_parts if is_mixed else self._found)(plain, stored, depth)
        if found is None:
            return text
        head = text[: len(text) - len(text.lstrip())]
        tail = text[len(text.rstrip()) :]
        return f"{head}{found}{tail}"

    def _found(self, plain: str, stored: Collection[str], depth: int) -> str | None:
        if plain in self.exact:
            return self.exact[plain]
        if depth >= _DEPTH or len(plain) > _LONGEST:
            return None
        first = plain.split(" ", maxsplit=1)[0]
        for form in (*self.forms.get(first, ()), *self.forms.get("", ())):
            if match := form.expression.fullmatch(plain):
                return self._filled(form, match, stored, depth)
        return self._in_parts(plain, stored, depth)

    def _in_parts(self, plain: str, stored: Collection[str], depth: int) -> str | None:
        """Return a text of several parts, each in Spanish as far as it is known; None for a single part."""
        parts = _JOINED.split(plain)
        if len(parts) > 1:
            return "".join(self.translate(one, stored=stored, depth=depth + 1) for one in parts)
        capital = plain[0].upper() + plain[1:]
        if capital != plain and capital in self.exact:
            found = self.exact[capital]
            return found[0].lower() + found[1:]
        return None

    def _filled(self, form: _Form, match: re.Match[str], stored: Collection[str], depth: int) -> str:
        def value(place: re.Match[str]) -> str:
            return self.translate(match[place[1]], stored=stored, depth=depth + 1)

        return _PLACE.sub(value, form.spanish)


def plain_text(text: str) -> str:
    """Return the text as the catalog has it: with one blank between words."""
    return _BLANKS.sub(" ", text).strip()


def _place(name: str) -> str:
    return f"(?P<{name}>{_NUMBER if name.endswith('count') else '.+?'})"


@cache
def desk_words() -> DeskWords:
    """Return the catalog."""
    found = DeskWords()
    for english, spanish in _rulebook_texts().items():
        found.exact[english] = spanish
    # A text with more of its own comes first: “%(count)s d late” before “%(what)s late”.
    for entry in sorted(read(FILE)[1:], key=lambda one: -len(_PLACE.sub("", one.text))):
        found.add(entry.text, entry.translations[0])
    return found


def _rulebook_texts() -> dict[str, str]:
    """Return the titles of rules, short and long, and who must act, in the Spanish of the rulebook."""
    spanish, book = words("es"), bundled()
    ruled = [*book.rules, *(one.rule for one in book.announced.values())]
    titles = {one.title: spanish.translated(f"title.{one.id}", one.title) for one in ruled}
    short = {one.short: spanish.translated(f"short.{one.id}", one.short) for one in book.rules}
    actors = {
        text: spanish.texts[key]
        for key, text in words(LANGUAGE).texts.items()
        if key.startswith("actor.") and key in spanish.texts
    }
    # Lists and headings show a title without its period.
    bare = {english.rstrip("."): text.rstrip(".") for english, text in titles.items()}
    return {english: text for english, text in (actors | bare | titles | short).items() if text != english}
