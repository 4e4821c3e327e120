"""Find stored names by what people type: keys that an index looks up, and how well a name fits.

A stored name has keys for the beginnings of its words, and for their consonants as they sound. Each typed
word asks for some of these keys, also for those of the names behind a nickname.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

from rapidfuzz import fuzz

from accounts.text import fold_words
from orders.matching.names import looked_at, nicknames

#: The shortest beginning of a word that is stored as a key.
SHORTEST = 3
#: What may follow a typed beginning of two letters.
_NEXT = string.ascii_lowercase + string.digits
#: Beginnings of words are stored up to this length.
_LONGEST = 12
#: A stored name that fits less than this, from 0 to 100, is not shown.
LEAST_FIT = 78.0
#: How well a beginning of a word, a nickname, any other part of a word, and a word that sounds alike fit.
_BEGINNING, _NICKNAME, _WITHIN, _SOUND_ALIKE = 96.0, 92.0, 94.0, 84.0
#: A word that sounds alike must also look alike: Pyke is Pike, and Pack is not.
_LEAST_LIKE = 60.0
#: What each stored word that no typed word names takes away.
_UNNAMED = 1.0

_SOUNDS = (
    (re.compile("sch"), "s"),
    (re.compile("ph"), "f"),
    (re.compile("ck|q"), "k"),
    (re.compile("c(?=[eiy])"), "s"),
    (re.compile("c"), "k"),
    (re.compile("gh(?!$)"), "g"),
    (re.compile("gh$"), ""),
    (re.compile("x"), "ks"),
    (re.compile("z"), "s"),
    (re.compile("v"), "b"),
    (re.compile("j|ll(?=[aeiou])"), "y"),
)
_SILENT = re.compile("[aeiouhwy]")
_DOUBLE = re.compile(r"(.)\1+")
#: Sound keys begin with this, which no folded word contains.
_SOUND_MARK = "~"


def stored_keys(name: str) -> list[str]:
    """Return the keys under which a name is stored."""
    keys: dict[str, None] = {}
    for word in (*fold_words(name), *looked_at(name)):
        keys.update(dict.fromkeys(_beginnings(word)))
        if sound := _sound(word):
            keys[sound] = None
    return list(keys)


def asked_keys(name: str) -> list[list[str]]:
    """Return for each typed word the keys; a stored name must have one of them."""
    return [sorted({*_asked(word), *_asked(seen)}) for word, seen in _words_and_looks(name)]


def asked_beginnings(name: str) -> list[list[str]]:
    """Return the same for a search, where a typed word may be only a beginning: "Reese Ib" is Reese Ibarra.

    Initials ask for nothing. They only decide how well a name fits.
    """
    words = [pair for pair in _words_and_looks(name) if len(pair[0]) > 1]
    return [[*dict.fromkeys(key for one in pair for key in (*_asked(one), *_longer(one)))] for pair in words]


def _longer(word: str) -> list[str]:
    """The words of one letter more, for a beginning that is too short to be stored."""
    return [word + one for one in _NEXT if len(word) < SHORTEST]


def _words_and_looks(name: str) -> list[tuple[str, str]]:
    """Each folded word of a name, and the Latin word that it looks like."""
    words, looks = fold_words(name), looked_at(name)
    return list(zip(words, looks if len(looks) == len(words) else words, strict=True))


def fit(typed: Sequence[str], stored: Sequence[str]) -> float:
    """Return how well the folded words of a stored name fit the typed ones, from 0 to 100."""
    if not typed or not stored:
        return 0.0
    if "".join(typed) == "".join(stored):
        return 100.0
    best = [max(_fit_of(word, other) for other in stored) for word in _without_other_initials(typed, stored)]
    unnamed = max(0, len(stored) - len(typed)) * _UNNAMED
    apart = sum(best) / len(best) - unnamed
    # “Mc Donald” and “McDonald”: the blank may be anywhere.
    return max(apart, fuzz.ratio("".join(typed), "".join(stored)) - _UNNAMED)


def _without_other_initials(typed: Sequence[str], stored: Sequence[str]) -> Sequence[str]:
    """The typed words without a middle initial that the stored name lacks, if two full words are left."""
    words = [word for word in typed if len(word) > 1 or any(other.startswith(word) for other in stored)]
    return words if sum(len(word) > 1 for word in words) > 1 else typed


def _fit_of(word: str, other: str) -> float:
    if word == other:
        return 100.0
    if other.startswith(word):
        return _BEGINNING
    if other in nicknames(word):
        return _NICKNAME
    if len(word) >= SHORTEST and word in other:
        return _WITHIN
    likeness = fuzz.ratio(word, other)
    if likeness >= _LEAST_LIKE and (sound := _sound(word)) and sound == _sound(other):
        return max(likeness, _SOUND_ALIKE)
    return likeness


def _asked(word: str) -> list[str]:
    keys = {word[:_LONGEST], *(other[:_LONGEST] for other in nicknames(word))}
    if len(word) > SHORTEST:
        # The beginning of a misspelled word.
        keys.add(word[:SHORTEST])
    if sound := _sound(word):
        keys.add(sound)
    return sorted(keys)


def _beginnings(word: str) -> list[str]:
    if len(word) <= SHORTEST:
        return [word]
    return [word[:size] for size in range(SHORTEST, min(len(word), _LONGEST) + 1)]


def _sound(word: str) -> str:
    """Return the first sound and the consonants, so that Smith and Smyth, Garcia and Garzia are equal."""
    if len(word) < SHORTEST:
        return ""
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    if not word:
        return ""
    first = "a" if word[0] in "aeiou" else word[0]
    rest = _SILENT.sub("", word[1:])
    key = _DOUBLE.sub(r"\1", first + rest)
    return f"{_SOUND_MARK}{key}" if len(key) > 1 else ""
