"""Names of towns and villages as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rapidfuzz import fuzz, process

from accounts.text import fold_words

#: Words that people shorten, by their short form.
_LONG_FORMS = {
    "n": "north",
    "no": "north",
    "nth": "north",
    "s": "south",
    "so": "south",
    "sth": "south",
    "e": "east",
    "w": "west",
    "mt": "mount",
    "ctr": "center",
    "cntr": "center",
    "centre": "center",
    "spgs": "springs",
    "spg": "springs",
    "hts": "heights",
    "nrth": "north",
    "ft": "fort",
    "mtn": "mountain",
    "grns": "greens",
    "boro": "borough",
    "htfd": "hartford",
    "hfd": "hartford",
    "vlg": "village",
    "jct": "junction",
}
#: What people add to the name of a town.
_BEFORE = re.compile(r"^(town|city|borough|village) of ")
_AFTER = re.compile(r" (conn|connecticut|ct)( usa?)?$")
_STATE = re.compile(r"conn|connecticut|ct|usa?")
_ZIP = re.compile(r"(?<![\s,])[\s,]++\d{5}(?:\d{4})?(?:-\d{4})?\s*+$")
#: A village and, behind a sign, its town: "Mystic (Groton)", "Mystic, Groton", "Vernon/Rockville".
_PARTS = re.compile(r"[(),/;]+|\s-\s|\bin the town of\b", re.IGNORECASE)
#: Names less alike than this, from 0 to 100, are not offered.
_LEAST = 70.0


def place_key(name: str) -> str:
    """Return the form in which equal names of places are equal: "W. Hartford, CT 06107" is
    "west hartford".
    """
    words = " ".join(fold_words(_ZIP.sub("", name).replace(".", ". ")))
    words = _AFTER.sub("", _BEFORE.sub("", words))
    return " ".join(_LONG_FORMS.get(word, word) for word in words.split())


def without_state(name: str, *states: str) -> str:
    """Return the name of a place without its ZIP code and the state that it ends with, one of `states`.

    Empty if it ends otherwise.
    """
    text = _ZIP.sub("", name).strip()
    ending = rf"(?<![\s,])[\s,]++({'|'.join(map(re.escape, states))})\.?(\s++usa?)?$"
    found = re.search(ending, text, re.IGNORECASE)
    return text[: found.start()] if found else ""


def part_keys(name: str) -> list[str]:
    """Return the keys of the places that a text names together, such as a village and its town.

    Empty for a text that names one place.
    """
    parts = (place_key(part) for part in _PARTS.split(_ZIP.sub("", name)))
    keys = [key for key in parts if key and not _STATE.fullmatch(key)]
    return keys if len(keys) > 1 else []


def nearest(name: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """Return those of the `known` names that look most like `name`, the most alike first."""
    found = process.extract(
        place_key(name), list(known), scorer=fuzz.ratio, processor=place_key, limit=most, score_cutoff=_LEAST
    )
    return [one for one, _, _ in found]
