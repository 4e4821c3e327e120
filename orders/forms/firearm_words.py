"""Words that a form offers for the make, type and caliber of a firearm. Any other text is accepted."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django import forms

_FOLDER = Path(__file__).parent.parent / "data" / "ncic"

#: The file of each list, by its name in a page.
_FILES = {"makes": "makes.txt", "types": "types.txt", "calibers": "calibers.txt"}


@cache
def word_lists() -> dict[str, tuple[str, ...]]:
    """Return the lists by name; `data/ncic/README.md` names their source."""
    return {name: tuple((_FOLDER / file).read_text().splitlines()) for name, file in _FILES.items()}


def offer_words(field: forms.Field, name: str) -> None:
    """Let the browser offer the words of a list while a person types."""
    field.widget.attrs["list"] = f"words-{name}"
