"""Text of an entry of the rulebook on screens: what it requires, and its law."""

from __future__ import annotations

from collections.abc import Iterator

from orders.rules.model import Entry
from orders.rules.vocabulary import Certainty
from orders.rules.words import LANGUAGE, words


def entry_law(entry: Entry) -> Iterator[str]:
    """Yield the source of an entry, how well it is known, its note and what is debatable."""
    said = words(LANGUAGE)
    status = said.texts[f"source_status.{entry.source_status}"]
    yield said.fill("sentence.source", sources="; ".join(entry.sources), status=status, since="")
    if entry.note:
        yield entry.note
    if entry.certainty is Certainty.DEBATABLE:
        yield said.fill("sentence.debatable", doubt=entry.doubt)


def required_notice_law(entry: Entry) -> Iterator[str]:
    """Yield the law of a required notice, and that its reading is certain if it is."""
    yield from entry_law(entry)
    if entry.certainty is Certainty.CERTAIN:
        yield words(LANGUAGE).texts["sentence.certain"]
