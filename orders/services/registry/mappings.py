"""Saved mappings: how the export of a court's own system is laid out, under a name."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.models import ExportFile, ImportFile, ImportJob, ImportMapping, ImportState
from orders.services.registry import jobs
from orders.services.registry.files import read_header
from orders.services.registry.layout import Layout, LayoutError, parse_layout

#: The longest mapping, in characters.
LONGEST = 20_000


def mappings_of(person: User) -> QuerySet[ImportMapping]:
    """Return the mappings of the courts for which the person imports."""
    return ImportMapping.objects.filter(court__in=person.agencies_for("add", "import")).order_by("name")


def headers_of(job: ImportJob) -> dict[str, list[str]]:
    """Return the column names of each file that was sent, by its kind. Raises `ExportError`."""
    found = {}
    layout = parse_layout(job.layout, "mapping") if job.layout else Layout()
    for file in sent_files(job):
        piece = file.pieces.order_by("number").first()
        found[file.name] = [one.strip() for one in read_header(bytes(piece.content), layout)] if piece else []
    return found


@transaction.atomic
def use_mapping(job: ImportJob, text: str) -> None:
    """Give an import that is not started another mapping. What was found out before is removed.

    Raises `InvalidFact` for a mapping that cannot be read, or an import that has started.
    """
    job = ImportJob.objects.select_for_update().get(pk=job.pk)
    if job.state != ImportState.OPEN:
        raise InvalidFact("files", "already_started", "This import has started. Send the files again.")
    check_mapping(text, "mapping")
    sent = {one.name for one in sent_files(job)}
    job.layout, job.preview, job.preview_asked_at = text, None, None
    job.save(update_fields=["layout", "preview", "preview_asked_at"])
    for name in ExportFile:
        if name.value not in sent:
            # A file that was not sent has no rows, below the headers of the mapping.
            stream = BytesIO(jobs.empty_file(name, text))
            jobs.put_file(job, name, stream, most=settings.IMPORT_MAX_BYTES)


def check_mapping(text: str, field: str) -> None:
    """Raise `InvalidFact` for a mapping that cannot be used. An earlier version may have saved one."""
    try:
        parse_layout(text, "mapping")
    except LayoutError as error:
        raise InvalidFact(field, "unreadable", str(error)) from error


def write_mapping(
    former: str, settings_of_file: Mapping[str, str], columns: Mapping[str, Mapping[str, str]]
) -> str:
    """Return the TOML of a mapping: `former` with other settings, and their name of each column by kind.

    A column without a name is not in their file and stays empty.
    """
    given: dict[str, Any] = tomllib.loads(former) if former else {}
    given = {name: one for name, one in given.items() if name not in settings_of_file}
    given |= {name: one for name, one in settings_of_file.items() if one}
    for kind, names in columns.items():
        table = dict(given.get(kind, {}))
        table["columns"] = {ours: theirs for ours, theirs in names.items() if theirs}
        empty = {ours: "" for ours, theirs in names.items() if not theirs}
        table["defaults"] = {**empty, **{k: v for k, v in table.get("defaults", {}).items() if k in empty}}
        given[kind] = table
    return as_toml(given)


def as_toml(given: Mapping[str, Any]) -> str:
    """Return a mapping as TOML."""
    lines = [f"{name} = {_quoted(one)}" for name, one in given.items() if not isinstance(one, dict)]
    for kind, table in given.items():
        if isinstance(table, dict):
            lines += _table(kind, table)
    return "\n".join(lines) + "\n"


def _table(name: str, table: Mapping[str, Any]) -> Iterator[str]:
    yield f"[{name}]"
    for key, one in table.items():
        if not isinstance(one, dict):
            yield f"{_quoted(key)} = {_quoted(one)}"
    for key, one in table.items():
        if isinstance(one, dict):
            yield from _table(f"{name}.{_quoted(key)}", one)


def _quoted(text: object) -> str:
    """Return a text as a string of TOML, which JSON's is too."""
    return json.dumps(str(text))


def sent_files(job: ImportJob) -> list[ImportFile]:
    """Return the files of the job that a person sent: the others have headers alone."""
    empty = {name.value: jobs.empty_file(name, job.layout) for name in ExportFile}
    return [one for one in job.files.filter(is_whole=True) if not _is(one, empty[one.name])]


def _is(file: ImportFile, content: bytes) -> bool:
    piece = file.pieces.order_by("number").first() if file.size == len(content) else None
    return piece is not None and bytes(piece.content) == content


def remove_mapping(key: str, *, by: User) -> ImportMapping | None:
    """Remove a mapping of the person's court and return it, if it is there. Imports keep its text."""
    found = mappings_of(by).filter(pk=key).first() if key.isascii() and key.isdecimal() else None
    if found is not None:
        ImportMapping.objects.filter(pk=found.pk).delete()
    return found


def save_mapping(*, name: str, text: str, by: User) -> ImportMapping:
    """Save a mapping for the person's court; the same name replaces it. Raises `InvalidFact`."""
    courts = sorted(by.agencies_for("add", "import"), key=lambda one: getattr(one, "pk", one))
    if not courts:
        raise InvalidFact("mapping", "no_court", "Only a clerk of a court saves a mapping.")
    name = clean(name)[:60]
    if not name:
        raise InvalidFact("mapping_name", "required", "Give the mapping a name.")
    if len(text) > LONGEST:
        raise InvalidFact("mapping_file", "too_large", f"A mapping has at most {LONGEST:,} characters.")
    check_mapping(text, "mapping_file")
    key = getattr(courts[0], "pk", courts[0])
    mapping, _ = ImportMapping.objects.update_or_create(court_id=key, name=name, defaults={"text": text})
    return mapping
