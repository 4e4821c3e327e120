"""Versions of the words of documents and of letterheads: what is in force, and how a new one is checked."""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import Agency, User
from accounts.text import clean_lines
from orders.models import DocumentWording, Letterhead
from orders.services.documents.blocks import Block, Boxed, Document, Heading, Items, Paragraph
from orders.services.documents.words import DocumentWords, shipped_words

#: The documents whose words administrators can change, with their titles.
DOCUMENTS = {
    "receipt": "Receipt for firearms",
    "surrender": "Notice of the duty to surrender",
    "hearing": "Notice of hearing",
}
#: The most characters of one text, and the most lines below an agency's name.
LONGEST, MOST_LINES = 1_500, 3

_NEWER = "Another administrator just added a version. Read it, then add yours."


def words_in_force(language: str) -> DocumentWords:
    """Return the words of a language: those of the code, with what the newest versions change."""
    shipped = shipped_words(language)
    newest = DocumentWording.objects.filter(language=language).order_by("document", "-version")
    changed = {one.document: one.texts for one in newest.distinct("document")}
    tables = {name: table | changed.get(name, {}) for name, table in shipped.tables.items()}
    return DocumentWords(language=language, tables=tables)


def versions_of(document: str, language: str) -> list[DocumentWording]:
    """Return the stored versions, the newest first."""
    rows = DocumentWording.objects.filter(document=document, language=language)
    return list(rows.select_related("created_by"))


def add_document_wording(
    document: str, language: str, *, texts: Mapping[str, str], by: User | None, now: datetime
) -> DocumentWording:
    """Add a version that is in force at once. Raises `ValidationError`, by text."""
    checked = check_texts(document, language, texts)
    shipped = shipped_words(language).tables[document]
    last = DocumentWording.objects.filter(document=document, language=language).first()
    try:
        with transaction.atomic():
            return DocumentWording.objects.create(
                document=document,
                language=language,
                version=last.version + 1 if last else 1,
                texts={key: text for key, text in checked.items() if text != shipped[key].strip()},
                created_at=now,
                created_by=by,
            )
    except IntegrityError:
        raise ValidationError(_NEWER) from None


def check_texts(document: str, language: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Return the cleaned texts. Raises `ValidationError`, by text, for other fields than the shipped ones."""
    shipped = shipped_words(language).tables[document]
    found = {key: clean_lines(texts.get(key, "")).strip() for key in shipped}
    problems = {key: _problem(text, shipped[key]) for key, text in found.items()}
    if problems := {key: problem for key, problem in problems.items() if problem}:
        raise ValidationError(problems)
    return found


def _problem(text: str, shipped: str) -> str:
    if not text:
        return "Enter a text."
    if len(text) > LONGEST:
        return f"At most {LONGEST} characters."
    wanted = _fields(shipped)
    try:
        given = _fields(text)
    except ValueError:
        return "A brace is not closed. Write fields as {name}."
    if given != wanted:
        names = ", ".join(f"{{{one}}}" for one in sorted(wanted))
        return f"Use each of these fields and no others: {names}." if wanted else "Leave out the braces."
    return ""


def _fields(text: str) -> set[str]:
    """Return the fields of a text. Raises `ValueError` for braces that are not closed, and for formats."""
    found = set()
    for _, name, form, conversion in string.Formatter().parse(text):
        if form or conversion:
            raise ValueError("a format")
        if name is not None:
            found.add(name)
    return found


def sample_document(document: str, words: DocumentWords, letterhead: tuple[str, ...] = ()) -> Document:
    """Return all texts of a document in their order, with fields shown by their names: a preview."""
    blocks: list[Block] = []
    texts = words.tables[document]
    for key, text in texts.items():
        shown = text.strip()
        if key == "title":
            continue
        if key.endswith("_heading"):
            blocks.append(Heading(text=shown))
        elif key.endswith("_title"):
            blocks.append(Boxed(title=shown, text=texts.get(key.removesuffix("_title"), "").strip()))
        elif "\n" in shown:
            blocks.append(Items(lines=shown.splitlines()))
        elif f"{key}_title" not in texts:
            blocks.append(Paragraph(text=shown))
    return Document(
        name=f"preview-{document}",
        title=texts["title"],
        office="Name of the office",
        office_lines=letterhead,
        number="Preview",
        language=words.language,
        page_words=words.page,
        blocks=blocks,
    )


def letterhead_of(agency: Agency | None) -> tuple[str, ...]:
    """Return the lines below the agency's name that are in force; its telephone if it has no letterhead."""
    if agency is None:
        return ()
    row = Letterhead.objects.filter(agency=agency).first()
    return tuple(row.lines.splitlines()) if row else tuple(filter(None, [agency.telephone]))


def add_letterhead(agency: Agency, *, lines: str, by: User | None, now: datetime) -> Letterhead:
    """Add a version that is in force at once. Raises `ValidationError`."""
    text = clean_lines(lines).strip()
    if len(text.splitlines()) > MOST_LINES:
        raise ValidationError({"lines": f"At most {MOST_LINES} lines."})
    last = Letterhead.objects.filter(agency=agency).first()
    try:
        with transaction.atomic():
            return Letterhead.objects.create(
                agency=agency,
                version=last.version + 1 if last else 1,
                lines=text,
                created_at=now,
                created_by=by,
            )
    except IntegrityError:
        raise ValidationError(_NEWER) from None
