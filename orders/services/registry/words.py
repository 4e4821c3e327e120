"""The words of a court's own system: which cells of a file hold other words than ours, and their meaning."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import islice
from typing import Any

from orders.models import FirearmSource, ImportFile, ImportJob, OrderKind, ServiceMethod
from orders.services.orders.legal_checks import kinds_of
from orders.services.registry.cells import Rejected, is_empty, read_flag, word_of
from orders.services.registry.columns import COLUMNS
from orders.services.registry.files import ExportError, rows_of
from orders.services.registry.layout import Layout, parse_layout
from orders.services.registry.mappings import as_toml, sent_files

#: The most rows of a file in which words are looked for, and the most words of one column.
MOST_ROWS, MOST_WORDS = 20_000, 40
_FLAGS = (("Y", "Yes"), ("N", "No"))
_TAKERS = (("police", "Police"), ("dealer", "Dealer"), ("court", "Court, for a statement"))
_PROOF = (("surrender", "Surrender"), ("non_possession_statement", "Sworn statement of no firearms"))


@dataclass(frozen=True, kw_only=True)
class WordColumn:
    """A column whose cells are words of a list: our words with their labels, and which texts we know."""

    kind: str
    column: str
    choices: Sequence[tuple[str, str]]
    knows: Callable[[str], bool]


def word_columns(state: str) -> list[WordColumn]:
    """Return the columns of the files that hold words of a list, for the courts of a state."""
    kinds = [(one.value, str(OrderKind(one.value).label)) for one in kinds_of(state)]
    flags = ("address_confidential", "firearms_indicated", "permit_held")
    lists: Sequence[tuple[str, str, Sequence[tuple[str, str]], bool]] = (
        ("orders", "order_kind", kinds, False),
        ("orders", "service_method", ServiceMethod.choices, True),
        ("firearms", "source", FirearmSource.choices, False),
        ("receipts", "kind", _PROOF, False),
        ("receipts", "recipient_kind", _TAKERS, False),
    )
    return [
        *(
            WordColumn(kind=kind, column=column, choices=choices, knows=_of_list(choices, may_be_empty=empty))
            for kind, column, choices, empty in lists
        ),
        *(WordColumn(kind="orders", column=one, choices=_FLAGS, knows=_is_flag) for one in flags),
    ]


@dataclass(frozen=True, kw_only=True)
class FoundWords:
    """The words of one column of a job's file that are not ours, each with what the mapping makes of it."""

    column: WordColumn
    words: Mapping[str, str]


def found_words(job: ImportJob) -> list[FoundWords]:
    """Return the words that the files of a job have and we do not know. Raises `ExportError`."""
    layout = parse_layout(job.layout, "mapping") if job.layout else Layout()
    as_written = replace(layout, files={kind: replace(one, values={}) for kind, one in layout.files.items()})
    found: list[FoundWords] = []
    columns = word_columns(layout.state)
    for file in sent_files(job):
        of_file = [one for one in columns if one.kind == file.name]
        words: dict[str, dict[str, str]] = {one.column: {} for one in of_file}
        places = {name: place for place, name in enumerate(COLUMNS[file.name])}
        for cells in islice(rows_of(_start_of(file), file.name, as_written), MOST_ROWS):
            for one in of_file:
                text = cells[places[one.column]]
                known = words[one.column]
                if len(known) < MOST_WORDS and text.casefold() not in known and not one.knows(text):
                    known[text.casefold()] = text
        for one in of_file:
            meant = layout.file(one.kind).values.get(one.column, {})
            texts = {text: meant.get(key, "") for key, text in words[one.column].items()}
            if texts:
                found.append(FoundWords(column=one, words=texts))
    return found


def has_words(job: ImportJob) -> bool:
    """True if a file has words that are not ours, whether or not the mapping knows them."""
    try:
        return bool(found_words(job))
    except ExportError:
        return False


def has_open_words(job: ImportJob) -> bool:
    """True if a file has words that neither we nor the mapping know."""
    try:
        return any(not ours for one in found_words(job) for ours in one.words.values())
    except ExportError:
        return False


def columns_fit(job: ImportJob) -> bool:
    """True if every column that a file needs is found, by our name or by the mapping."""
    layout = parse_layout(job.layout, "mapping") if job.layout else Layout()
    try:
        for file in sent_files(job):
            next(rows_of(_start_of(file), file.name, layout), None)
    except ExportError:
        return False
    return True


def write_words(former: str, meant: Mapping[tuple[str, str], Mapping[str, str]]) -> str:
    """Return the TOML of a mapping: `former`, with what each word means by kind and column of a file."""
    given: dict[str, Any] = tomllib.loads(former) if former else {}
    for (kind, column), words in meant.items():
        table = dict(given.get(kind, {}))
        values = dict(table.get("values", {}))
        kept = {theirs: ours for theirs, ours in values.get(column, {}).items() if theirs not in words}
        values[column] = kept | {theirs: ours for theirs, ours in words.items() if ours}
        table["values"] = {name: one for name, one in values.items() if one}
        given[kind] = table
    return as_toml(given)


def _start_of(file: ImportFile) -> BytesIO:
    """Return the whole rows of the first piece of a file."""
    piece = file.pieces.order_by("number").first()
    content = bytes(piece.content) if piece else b""
    return BytesIO(content[: content.rfind(b"\n") + 1] if len(content) < file.size else content)


def _of_list(choices: Sequence[tuple[str, str]], *, may_be_empty: bool) -> Callable[[str], bool]:
    known = {value for value, _ in choices}
    return lambda text: word_of(text) in known or (is_empty(text) and may_be_empty)


def _is_flag(text: str) -> bool:
    try:
        read_flag("", text)
    except Rejected:
        return False
    return True
