"""How easily a text reads: the school grade of an English one, the ease of a Spanish one.

textstat counts English syllables with a dictionary that it would download. Here they are counted by groups of
vowels, which is a little stricter than hyphenation; a test of known words keeps the count honest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import textstat

_VOWELS = re.compile(r"[aeiouy]+")


def prose(texts: Iterable[str]) -> str:
    """Return the texts as sentences: a title or a point without a period ends one, too."""
    return " ".join(one if one[-1] in ".?!" else f"{one}." for one in texts if one)


def syllables(word: str) -> int:
    """Return the syllables of an English word, by its groups of vowels without a silent e."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    count = len(_VOWELS.findall(letters))
    silent = letters.endswith("e") and not letters.endswith(("le", "ee")) and count > 1
    ended = letters.endswith("ed") and not letters.endswith(("ted", "ded")) and count > 1
    return max(count - (silent or ended), 1)


def english_grade(texts: Iterable[str]) -> float:
    """Return the school grade after Flesch and Kincaid."""
    textstat.set_lang("en")
    text = prose(texts)
    words = textstat.lexicon_count(text)
    spoken = sum(syllables(one) for one in text.split())
    return float(0.39 * words / textstat.sentence_count(text) + 11.8 * spoken / words - 15.59)


def spanish_ease(texts: Iterable[str]) -> float:
    """Return the ease after Szigriszt: 40 to 55 is rather hard, 55 to 65 normal, 65 to 80 rather easy."""
    textstat.set_lang("es")
    return float(textstat.szigriszt_pazos(prose(texts)))
