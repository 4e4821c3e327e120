"""Set a document as PDF/UA-1 with Typst, in the fonts that its package carries.

The template is ours and the content is data, so that no text that a person typed can act as markup or read a
file.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path

import typst

from orders.services.documents.blocks import Document

_FOLDER = Path(__file__).resolve().parents[2] / "data" / "documents"
_TEMPLATE = _FOLDER / "document.typ"

#: What takes the place of a letter that the fonts do not have.
MISSING = "\N{WHITE SQUARE}"
#: Typst names one text that cannot be shown at a time.
_MOST_TRIES = 20
_NOT_SHOWN = re.compile(r"the text `?\"(?P<text>.+?)\"`? could not be displayed", re.DOTALL)


class TypesettingError(RuntimeError):
    """A document could not be set. The message names the document and no content."""


def typeset(document: Document, *, now: datetime) -> bytes:
    """Return the document as PDF. Raises `TypesettingError`.

    A letter that no font has would make the file useless for screen readers, so a square takes its place.
    """
    content = json.dumps(document.as_data(), ensure_ascii=False)
    for _ in range(_MOST_TRIES):
        found = _compile(content, now)
        if isinstance(found, bytes):
            return found
        shown = _NOT_SHOWN.search(found)
        if shown is None:
            break
        content = content.translate(dict.fromkeys(map(ord, _letters(shown["text"])), MISSING))
    raise TypesettingError(f"The document “{document.name}” cannot be set.") from None


def _compile(content: str, now: datetime) -> bytes | str:
    """Return the PDF, or why there is no PDF: the error itself quotes the content."""
    compiler = typst.Compiler(root=_FOLDER, font_paths=fonts(), ignore_system_fonts=True)
    try:
        found = compiler.compile(
            input=_TEMPLATE,
            format="pdf",
            sys_inputs={"data": content},
            pdf_standards=["ua-1"],
            timestamp=int(now.timestamp()),
        )
    except typst.TypstError as error:
        return error.message
    return found if isinstance(found, bytes) else b"".join(found or ())


def _letters(quoted: str) -> str:
    """Return the letters of a quoted text: Typst writes some of them as `\\u{1f600}`."""
    plain = re.sub(r"\\u\{([0-9a-f]+)\}", lambda one: chr(int(one[1], 16)), quoted)
    # What JSON itself needs stays.
    return "".join(one for one in plain if not one.isascii())


@cache
def fonts() -> typst.Fonts:
    """Return the fonts of the package: Libertinus Serif and DejaVu Sans Mono, the same on every machine."""
    return typst.Fonts(include_system_fonts=False)
