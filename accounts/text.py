"""Clean text that people type or systems send, before it is checked and stored.

Pure functions: every entry point (admin, API, import, pages, commands) cleans text in the same way, so
that the same words are stored as the same characters.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

#: Unicode categories of characters that print nothing: control, format (zero width, direction marks),
#: surrogate, private use, unassigned.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
#: Characters of other categories that print nothing: Hangul fillers, the combining grapheme joiner and
#: Braille's blank.
_BLANKS = "\u115f\u1160\u3164\uffa0\u034f\u2800\u17b4\u17b5"
_VARIATION_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
#: Every character that people use as a hyphen or a dash.
_DASHES = re.compile(
    "[\u002d\u00ad\u02d7\u058a\u05be\u1806\u2010-\u2015\u2043\u207b\u208b\u2212\u2500\u2501\u2796\u2e3a\u2e3b\u301c\u3030"
    "\u30a0\u30fc\ufe31\ufe32\ufe58\ufe63\uff0d\uff70]"
)
#: What Unicode counts as letters and people type for an apostrophe, or to stretch a line of Arabic: the
#: modifier letters of the Hawaiian and other alphabets, the saltillo, the tatweel.
_LETTERS_AS_SIGNS = frozenset(
    "\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ca\u02cb\u02ee\ua78b\ua78c\u0640"
)
_NEWLINES = re.compile(r"\r\n?|[\u0085\u2028\u2029]")

#: Words of a Latin letter and the letters of other scripts that look like it.
_LOOKS: list[str] = tomllib.loads(Path(__file__).with_name("look_alikes.toml").read_text(encoding="utf-8"))[
    "letters"
].split()
_LOOK_ALIKES = str.maketrans({one: word[0] for word in _LOOKS for one in word[1:]})
_LOOKED_LIKE = frozenset(word[0] for word in _LOOKS)

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
#: The most marks on one letter: no script has more (Unicode Standard Annex 15, stream-safe text).
_MOST_MARKS = 30
#: Marks that count as letters until they are taken apart.
_HIDDEN_MARKS = frozenset("\u0f73\u0f75\u0f81")

#: Letters that NFKD does not split into a base letter and an accent.
_BASE_LETTERS = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\u0131": "i",
        "ħ": "h",
        "ŋ": "n",
    }
)


def in_normal_form(form: Form, text: str) -> str:
    """Return `text` in a normal form of Unicode, in a time that grows with its length.

    Marks beyond the thirtieth on one letter are left out: Python sorts the marks of a letter one by one.
    """
    if len(text) > _MOST_MARKS and not text.isascii():
        text = "".join(_without_piles(text))
    return unicodedata.normalize(form, text)


def _without_piles(text: str) -> Iterator[str]:
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) or character in _HIDDEN_MARKS else 0
        if marks <= _MOST_MARKS:
            yield character


def clean(text: str) -> str:
    """Return `text` in NFC, without invisible characters, with each run of blanks as one space.

    The result has no blanks at its ends and no line breaks. It is empty when nothing in `text` is visible.
    """
    return " ".join(_visible(text).split())


def clean_lines(text: str) -> str:
    """Clean each line of `text`, and keep single empty lines between paragraphs."""
    lines = (clean(line) for line in _NEWLINES.sub("\n", text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def plain_dashes(text: str) -> str:
    """Return `text` with every dash and hyphen as the ASCII hyphen."""
    return _DASHES.sub("-", text)


def plain_letters(text: str) -> str:
    """Return `text` with the letters of other scripts that look like Latin ones as those.

    For comparison only: a name may be written in its own script.
    """
    return text if text.isascii() else in_normal_form("NFKC", text).translate(_LOOK_ALIKES)


def without_look_alikes(text: str, *, digits: bool) -> str:
    """Return `text` without the capital letters, and `digits`, that a letter of another script looks like."""
    return "".join(one for one in text if one.upper() not in _LOOKED_LIKE or (one.isdigit() and not digits))


def fold(text: str) -> str:
    """Return the letters and digits of `text` for comparison: no accents, case, punctuation, blanks or
    invisible marks.

    "José O'Neill-Díaz" and "JOSE ONEILL DIAZ" give the same result. Scripts other than Latin keep their
    letters.
    """
    return "".join(fold_words(text))


def fold_words(text: str) -> list[str]:
    """Return the words of `text`, each folded. A hyphen separates words; an apostrophe does not."""
    plain = in_normal_form("NFKD", _visible(text)).casefold().translate(_BASE_LETTERS)
    words = "".join(map(_fold_character, plain)).split()
    return [in_normal_form("NFC", word) for word in words]


def show_invisible(text: str) -> str:
    """Return `text` with each character that prints nothing as its code point, for error messages.

    A no-break space, a zero-width space and the like are the usual reason why two texts look the same and
    differ.
    """
    return "".join(
        f"[U+{ord(character):04X}]"
        if _is_invisible(character) or (character.isspace() and character != " ")
        else character
        for character in text
    )


def _visible(text: str) -> str:
    """NFC, without invisible characters; every line break and blank is a space."""
    spaced = "".join(" " if character.isspace() else character for character in text)
    kept = "".join(character for character in spaced if not _is_invisible(character))
    return in_normal_form("NFC", kept)


def _is_invisible(character: str) -> bool:
    return (
        unicodedata.category(character) in _INVISIBLE
        or character in _BLANKS
        or _VARIATION_SELECTORS.match(character) is not None
    )


def _fold_character(character: str) -> str:
    """The character itself, a blank between words, or nothing."""
    if character.isalnum() and character not in _LETTERS_AS_SIGNS:
        return character
    if character.isspace() or _DASHES.match(character) or character in ",;/_":
        return " "
    return ""
