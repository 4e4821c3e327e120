"""Serial numbers of firearms: which ones identify a firearm, and which two may be the same number.

A person reads a number off worn metal and types it, so two records of one firearm often differ in case,
blanks, dashes, leading zeros, or letters that look like digits. Only equal numbers match by themselves.
Numbers that differ in these ways are near matches: a person decides.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from accounts.text import clean, in_normal_form, plain_dashes, plain_letters

_FILE = Path(__file__).with_name("serials.toml")
_LISTS = {name: frozenset(words.split()) for name, words in tomllib.loads(_FILE.read_text()).items()}
#: Words for "there is no number" or "no one could read it", in English and Spanish.
_NO_NUMBER = _LISTS["no_number"]
#: Words that may stand beside them and carry no number themselves.
_FILLERS = _LISTS["fillers"]
#: Words that make a text with a count no number: those above, and the kinds of firearm, as in "rifle 2".
_SAYING = (_NO_NUMBER - _FILLERS) | _LISTS["kinds"]
_WORDS = re.compile(r"[^\W_]+")
#: Letters and digits of a word apart: "UNK1" is a word and a count.
_PIECES = re.compile(r"[^\W\d_]+|\d+")
#: What people add to a word for no number, to tell two firearms apart: "UNK 2".
_LONGEST_COUNT = len("99")
#: A caliber or gauge, which people type into the wrong column: "9mm", "12 GA", ".22 LR", "5.56".
_CALIBER = re.compile(
    rf"\.?\d{{1,3}}(?:X\d{{2}})?(?:\W*(?:{'|'.join(sorted(_LISTS['calibers']))})\b)+\W*|\d?\.\d{{2,3}}(?:X\d{{2}})?"
)
#: A count of firearms: "1 of 2".
_COUNT = re.compile(r"\d{1,2}\W*OF\W*\d{1,2}")
#: A sign in place of a digit that no one could read: "12?45". At the end it may only mean doubt. A number has
#: no percent sign, as "80%" has for a kit without a number.
_UNREAD = re.compile(r"[?*][\W_]*[^\W_]|%")
#: A year in which a firearm was made before numbers were required: "made before 1968".
_YEAR = re.compile(r"1[89]\d\d")
#: Fewest places of a number that is one digit over and over, such as 99999, as systems fill an empty column.
_FEWEST_EQUAL = 4
#: Digits that people type, or scanners read, in place of letters: "N0NE".
_AS_LETTERS = str.maketrans("0158", "OISB")
#: What people write before and after a number: "S/N 123", "Serial No.: 123", "123 (Ruger)".
_LABEL = re.compile(
    r"^\W*(?:SERIAL|SER|S/?N|NUMBER|NO)\b(?:[\s.:#]*+(?:NUMBER|NO|NUM)\b)?[\s.:#]++", re.IGNORECASE
)
_NOTE = re.compile(r"(?<!\s)\s*+[(\[].*$")
#: A number as programs write it in a column with empty cells.
_WHOLE = re.compile(r"^'?(\d+)\.0+$")
#: A long number as a spreadsheet saves it. Its last digits are lost, so that two numbers look equal.
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+\d{2,3}")
#: A day, or more than one number: no serial number of one firearm.
_DAY_OR_LIST = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}|[,;|&+]")
#: A word of so many letters, or one of the list, names what something is: "permit 123", "2 boxes ammunition".
_FEWEST_OF_A_WORD = 4
#: What people write between two numbers.
_SEPARATORS = re.compile(r"\s*[,;/|&+]\s*|\s+and\s+|\s+y\s+|\s+")
#: Those that separate for certain: a blank, or the slash of a day, may also be part of what is written.
_CERTAIN_SEPARATORS = re.compile(r"\s*[,;|&+]\s*|\s+and\s+|\s+y\s+", re.IGNORECASE)
#: Letters that are taken for digits, and the digit that stands for both in the near key.
_LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "S": "5", "B": "8"})


def is_identifying(serial: str) -> bool:
    """Return True when `serial` is a number that can identify a firearm.

    Words such as UNK, UNKNOWN, NONE, N/A or OBLITERATED, a text without any digit, a word like these with a
    count ("UNK 2"), question marks, one digit over and over, a number that a spreadsheet rounded
    ("1.23457E+12"), a caliber, and a reference ("see report 26-1234") never do: two firearms with this
    "number" are two firearms.
    """
    text = _upper(serial)
    words = _WORDS.findall(text)
    letters = "".join(words)
    if not any(character.isdigit() for character in letters):
        return False
    if set(letters) <= {"0"} or (len(letters) >= _FEWEST_EQUAL and len(set(letters)) == 1):
        return False
    if letters.translate(_AS_LETTERS) in _NO_NUMBER or is_rounded(text) or _UNREAD.search(text):
        return False
    if _CALIBER.fullmatch(text) or _COUNT.fullmatch(text) or _is_reference(words):
        return False
    return not _is_label(letters, _PIECES.findall(text)) and not _is_unknown(words)


def _is_reference(words: Sequence[str]) -> bool:
    """True for words that lead elsewhere or name an age, with the number of that: "see report 26-1234"."""
    if words[0] in _LISTS["references"]:
        return True
    told = [one for one in words if not one.isdigit()]
    years = [one for one in words if one.isdigit()]
    return bool(told) and _LISTS["ages"].issuperset(told) and all(map(_YEAR.fullmatch, years))


def _is_unknown(words: Sequence[str]) -> bool:
    """True for a word for no number before what the firearm is: "unknown 9mm", "unk Glock 19"."""
    rest = [one for one in words[1:] if any(character.isdigit() for character in one)]
    return words[0] in _LISTS["unknown"] and all(
        _CALIBER.fullmatch(one) or (one.isdigit() and len(one) <= _LONGEST_COUNT) for one in rest
    )


def _is_label(letters: str, pieces: Sequence[str]) -> bool:
    """True for a word that means no number, alone or with a count beside it."""
    if letters in _LISTS["with_digits"]:
        return True
    words = [one for one in pieces if not one.isdigit()]
    counts = [one for one in pieces if one.isdigit()]
    if any(len(one) > _LONGEST_COUNT for one in counts):
        return False
    # "No. 12" is the number 12, and "A1" and "SN 7" are numbers; "no serial 1" is not.
    if "".join(words) in _SAYING:
        return True
    told = any(one in _SAYING for one in words) or any(
        first == "NO" and second in _FILLERS for first, second in pairwise(words)
    )
    return told and all(one in _NO_NUMBER or one in _FILLERS or one in _SAYING for one in words)


def is_rounded(text: str) -> bool:
    """Return True for a number that a spreadsheet rounded: other numbers look the same."""
    return _ROUNDED.fullmatch("".join(text.upper().split())) is not None


def is_plain_number(serial: str) -> bool:
    """Return True when `serial` is a number and nothing else, besides a label or a note.

    A receipt's cell may also name ammunition, a permit, a day, or several firearms, which do not count as a
    firearm until a person has read it.
    """
    if not is_identifying(serial):
        return False
    text = _upper(_NOTE.sub("", _LABEL.sub("", serial)))
    if _DAY_OR_LIST.search(text):
        return False
    words = [word for word in _WORDS.findall(text) if not any(character.isdigit() for character in word)]
    return not any(len(word) >= _FEWEST_OF_A_WORD or word in _LISTS["things"] for word in words)


def exact_key(serial: str) -> str:
    """Return the form in which equal serial numbers are equal, or an empty string when nothing identifies
    the firearm.

    Only invisible characters, the kind of dash and runs of blanks are ignored.
    """
    return plain_dashes(clean(serial)) if is_identifying(serial) else ""


def distinct(serials: Iterable[str]) -> tuple[str, ...]:
    """Return each serial number once, and other texts as often as they occur, sorted."""
    found: dict[str, str] = {}
    others: list[str] = []
    for one in serials:
        if key := exact_key(one):
            found.setdefault(key, one)
        else:
            others.append(one)
    return tuple(sorted([*found.values(), *others]))


def near_key(serial: str) -> str:
    """Return a key that is equal for serial numbers that may be the same number.

    The key ignores case, blanks, punctuation and leading zeros, and joins O with 0, I and L with 1, S with
    5, and B with 8. It is empty when nothing identifies the firearm.
    """
    if not is_identifying(serial):
        return ""
    letters = "".join(_WORDS.findall(_upper(serial))).translate(_LOOK_ALIKES)
    return letters.lstrip("0") or "0"


def near_matches(serial: str, listed: Iterable[str]) -> list[str]:
    """Return those of `listed` that may be the same number as `serial` but are not equal to it."""
    keys, exact = near_keys(serial), exact_key(serial)
    return [one for one in listed if keys & near_keys(one) and exact_key(one) != exact]


def split_serials(text: str, listed: Collection[str]) -> list[str]:
    """Return the numbers of a text that joins several of `listed` with other signs, such as "A1, A2".

    Empty unless each part is listed: a number may contain the signs itself.
    """
    parts = [exact_key(part) for part in _SEPARATORS.split(text) if part]
    return parts if len(parts) > 1 and all(part in listed for part in parts) else []


def split_partly(text: str, listed: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the parts of a text that are `listed`, and the others, such as "A1, B7 & B8" with A1 listed.

    Both are empty unless a part is listed and each has a digit: in "Glock, 17, B7" the 17 may be a model.
    """
    parts = [part for part in _CERTAIN_SEPARATORS.split(text) if part]
    found = [part for part in parts if exact_key(part) in listed]
    if not found or found == [text] or not all(any(map(str.isdigit, part)) for part in parts):
        return [], []
    return found, [part for part in parts if part not in found]


def near_keys(serial: str) -> set[str]:
    """Return the near keys of the number as it is, without a label before it, and without a note after it."""
    serial = _WHOLE.sub(r"\1", serial.strip())
    forms = (serial, _LABEL.sub("", serial), _NOTE.sub("", serial), _NOTE.sub("", _LABEL.sub("", serial)))
    return {near_key(one) for one in forms} - {""}


def _upper(serial: str) -> str:
    """Capitals without accents, with full-width letters and those of other scripts as the plain ones."""
    apart = in_normal_form("NFKD", plain_letters(plain_dashes(clean(serial))))
    return "".join(character for character in apart if not unicodedata.combining(character)).upper()
