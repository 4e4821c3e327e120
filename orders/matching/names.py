"""Names of people: when two are the same, and how alike two others are.

Two records are one person without question only when the folded name and the date of birth are equal.
Anything weaker is a candidate: scores do not separate Maria from Mario Garcia, so a person decides.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from rapidfuzz import fuzz

from accounts.text import fold, fold_words, plain_letters

_FILE = Path(__file__).with_name("nicknames.toml")
#: Candidates below this score are not shown. The score is from 0 to 100.
LEAST_SCORE = 72.0
#: What may follow a name after a comma.
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "v", "esq", "md", "phd"})
#: How many candidates a list shows.
MOST = 10
#: What an equal date of birth adds, and what a different one takes away.
_SAME_BIRTHDAY = 12.0
_OTHER_BIRTHDAY = 12.0


@dataclass(frozen=True, kw_only=True)
class Named:
    """A stored person to compare with: its key, name, and date of birth if known."""

    key: int
    name: str
    date_of_birth: date | None = None


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A stored person who may be the one asked for, with a score from 0 to 100."""

    key: int
    score: float
    is_same_name: bool
    is_same_birthday: bool


def folded_name(name: str) -> str:
    """Return the form in which equal names are equal: words of the name, folded, joined without blanks.

    "Birch, Ash" is Ash Birch; what follows a comma may also be a suffix, as in "Ash Birch, Jr.".
    """
    last, comma, first = name.partition(",")
    if comma and "," not in first and fold(first) and fold(first) not in _SUFFIXES:
        return fold(first) + fold(last)
    return fold(name)


def is_no_name(name: str) -> bool:
    """Return True for words in place of a name, such as UNKNOWN, N/A, John Doe or a spreadsheet's #NAME?.

    Two respondents of this name may be two people, whatever else is equal.
    """
    words = looked_at(name.replace("/", " "))
    return all(word in _no_names() for word in words) or "".join(words) in {
        "johndoe",
        "janedoe",
        "doejohn",
        "doejane",
    }


def is_same_person(name: str, born: date | None, other: str, other_born: date | None) -> bool:
    """Return True when folded name and date of birth are equal and both dates are known."""
    is_known = born is not None and born == other_born and not is_no_name(name)
    return is_known and folded_name(name) == folded_name(other)


def rank(name: str, born: date | None, stored: Iterable[Named]) -> list[Candidate]:
    """Return the stored people who may be the one of that name and date of birth, the most likely first.

    At most `MOST`, none below `LEAST_SCORE`.
    """
    found = [one for row in stored if (one := _compared(name, born, row)).score >= LEAST_SCORE]
    found.sort(key=lambda one: (-one.score, one.key))
    return found[:MOST]


def looked_at(name: str) -> list[str]:
    """Return the folded words of a name as they look, whatever the script of a letter is."""
    return fold_words(plain_letters(name))


def _compared(name: str, born: date | None, row: Named) -> Candidate:
    words, theirs = looked_at(name), looked_at(row.name)
    is_same_name = folded_name(name) == folded_name(row.name)
    known = born is not None and row.date_of_birth is not None
    is_same_birthday = known and born == row.date_of_birth
    score = 100.0 if is_same_name else _likeness(words, theirs)
    if is_same_birthday:
        score += _SAME_BIRTHDAY
    elif known:
        score -= _OTHER_BIRTHDAY
    return Candidate(
        key=row.key,
        score=max(0.0, min(100.0, score)),
        is_same_name=is_same_name,
        is_same_birthday=is_same_birthday,
    )


def _likeness(words: Sequence[str], theirs: Sequence[str]) -> float:
    """How alike two names are, from 0 to 100, with nicknames taken for the names they stand for."""
    plain = fuzz.token_sort_ratio(" ".join(words), " ".join(theirs))
    if not words or not theirs:
        return 0.0
    swapped = [_as_theirs(word, theirs) for word in words]
    # A nickname is weaker than the name itself.
    return max(plain, fuzz.token_sort_ratio(" ".join(swapped), " ".join(theirs)) - 2.0)


def _as_theirs(word: str, theirs: Sequence[str]) -> str:
    """The word of the other name that `word` stands for, else `word`."""
    return next((other for other in theirs if other in nicknames(word)), word)


@cache
def _no_names() -> frozenset[str]:
    """What systems and people write where they have no name."""
    return frozenset(fold_words(tomllib.loads(_FILE.read_text(encoding="utf-8"))["no_names"]))


@cache
def _groups() -> dict[str, frozenset[str]]:
    """For each first name, the others that people use for it."""
    found: dict[str, set[str]] = {}
    for line in tomllib.loads(_FILE.read_text(encoding="utf-8"))["groups"]:
        names = {fold(name) for name in line.split()}
        for name in names:
            found.setdefault(name, set()).update(names - {name})
    return {name: frozenset(others) for name, others in found.items()}


def is_first_name(word: str) -> bool:
    """True if the word, folded, is a first name of the list of nicknames."""
    return word in _groups()


def nicknames(word: str) -> frozenset[str]:
    """Return the other names that people use for this first name; the word is folded."""
    return _groups().get(word, frozenset())
