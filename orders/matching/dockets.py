"""Docket numbers: one written form, and the pattern of Connecticut's courts."""

from __future__ import annotations

import re

from accounts.text import clean, in_normal_form, plain_dashes, plain_letters

#: Court letters, case type with the two digits of the year, sequence, and the letter of the court type, such
#: as
#: HHD-FA26-6012345-S or H14H-CR26-0712345-S. The year may also be a part of its own: HHD-FA-26-6012345-S.
_CONNECTICUT = re.compile(r"[A-Z][A-Z0-9]{1,4}-[A-Z]{2}-?\d{2}-\d{6,8}-[A-Z]")
#: The same parts with any sequence: what a blank between them can be removed from.
_SHAPE = re.compile(r"[A-Z][A-Z0-9]{1,4}-[A-Z]{2}-?\d{2}-[A-Z0-9]+-[A-Z]")
#: A number of the form that Connecticut's Superior Court uses.
DOCKET_EXAMPLE = "HHD-FA26-6012345-S"

#: Court letters and case type, and from the year on. The dash between them may be missing.
_PARTS = re.compile(r"([A-Z][A-Z0-9]{1,4}-[A-Z]{2})-?(\d{2}(?:-.*)?)")

_AROUND_DASHES = re.compile(r"(?<!\s)\s*+-\s*+")
#: What people and systems write between the parts in place of a dash.
_BETWEEN = re.compile(r"[\s_/.\\|:~-]+")
#: Words before a number: "Docket No. HHD-FA26-6012345-S".
_LABEL = re.compile(r"^(?:DOCKET|DKT|CASE|FILE)?[\s.]*+(?:NUMBER\b|NO\b|NUM\b|#)?[\s.:#]*+(?=[A-Z])")
#: Signs around a number: quotes, brackets, and the end of a sentence.
_AROUND = "\"'\u2018\u2019\u201c\u201d`.,;:#()[]<>*- "
#: A number with the whole year: HHD-FA2026-6012345-S.
_WHOLE_YEAR = re.compile(r"([A-Z][A-Z0-9]{1,4}-[A-Z]{2}-?)(?:19|20)(\d{2}-\d{6,8}-[A-Z])")
#: The parts of a number without anything between them.
_RUN_TOGETHER = re.compile(r"([A-Z][A-Z0-9]{1,4}?)([A-Z]{2}\d{2})(\d{6,8})([A-Z])")


def clean_docket(text: str) -> str:
    """Return a docket number as it is stored: capitals, plain dashes, no invisible characters, no blanks
    at dashes, and no letter of another script that looks like a Latin one.

    Where the parts of Connecticut's numbers are clear, other signs between and around them, blanks, and a
    word such as "Docket" before them are removed, and of a year of four digits the first two. The result is
    empty when nothing in `text` is visible.
    """
    plain = plain_dashes(clean(plain_letters(in_normal_form("NFKC", text)))).upper()
    joined = _AROUND_DASHES.sub("-", plain)
    bare = joined.strip(_AROUND)
    for one in (joined, bare, _LABEL.sub("", bare, count=1).strip(_AROUND)):
        for shaped in (one.replace(" ", ""), _BETWEEN.sub("-", one)):
            if _SHAPE.fullmatch(shaped):
                return shaped
            if parts := _WHOLE_YEAR.fullmatch(shaped):
                return "".join(parts.groups())
        if parts := _RUN_TOGETHER.fullmatch(_BETWEEN.sub("", one)):
            return "-".join(parts.groups())
    return joined


def docket_key(docket_number: str) -> str:
    """Return what is equal for two spellings of one cleaned docket number."""
    return spellings(docket_number)[0]


def spellings(docket_number: str) -> list[str]:
    """Return the spellings of a cleaned docket number, or of its beginning: without and with the dash before
    the year.
    """
    parts = _PARTS.fullmatch(docket_number)
    return [f"{parts[1]}{parts[2]}", f"{parts[1]}-{parts[2]}"] if parts else [docket_number]


def looks_like_docket(docket_number: str) -> bool:
    """Return True for a cleaned docket number with the parts of Connecticut's, whatever its sequence."""
    return _SHAPE.fullmatch(docket_number) is not None


def is_connecticut_docket(docket_number: str) -> bool:
    """Return True for a cleaned docket number of the form that Connecticut's Superior Court uses."""
    return _CONNECTICUT.fullmatch(docket_number) is not None
