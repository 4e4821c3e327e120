"""The names of makes, types and calibers of firearms, as the FBI's code lists have them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent.parent / "data" / "ncic"

#: The files of each list, by its name in a page.
_FILES = {
    "makes": ("makes.txt", "usual_makes.txt"),
    "types": ("types.txt",),
    "calibers": ("calibers.txt",),
}
#: A make of the list that names none.
_NO_MAKE = "unknown"

#: Words for a firearm beside the types of the list.
_WORDS = frozenset({"firearm", "gun", "handgun", "airgun", "musket", "receiver", "frame"})

#: A model or a code with a digit (P320), or a code of three capital letters (GLC).
_CODE = re.compile(r"\d|\b[A-Z]{3}\b")


@cache
def word_lists() -> dict[str, tuple[str, ...]]:
    """Return the lists by name; `data/ncic/README.md` names their source."""
    return {
        name: tuple(sorted({line for file in files for line in (_FOLDER / file).read_text().splitlines()}))
        for name, files in _FILES.items()
    }


def names_firearm(text: str) -> bool:
    """True if the text names a make, a type or a model: “see attached list” does not."""
    if _CODE.search(text):
        return True
    words = text.casefold().split()
    if any(word.strip(".,;:").removesuffix("s") in _WORDS | _types() for word in words):
        return True
    makes = _makes()
    longest = max(one.count(" ") for one in makes) + 1
    return any(" ".join(words[:length]) in makes for length in range(1, min(len(words), longest) + 1))


@cache
def _types() -> frozenset[str]:
    return frozenset(one.casefold() for one in word_lists()["types"])


@cache
def _makes() -> frozenset[str]:
    return frozenset(one.casefold() for one in word_lists()["makes"]) - {_NO_MAKE}
