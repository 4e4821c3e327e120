"""Imports as jobs: upload files, start, and run in a worker. A sweep finds jobs without a worker.

A worker holds an advisory lock on its job. The lock ends with the database session, so the job of a killed
worker is free and runs again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.isolation import each_alone
from accounts.models import Agency, Membership, Role, State, User
from orders.errors import InvalidFact
from orders.models import ExportFile, ImportFile, ImportJob, ImportPiece, ImportReject, ImportState
from orders.services.court_days import states_of
from orders.services.registry.columns import COLUMNS
from orders.services.registry.files import Export, ExportError
from orders.services.registry.importing import Import, importing
from orders.services.registry.layout import Layout, parse_layout
from orders.services.registry.lines import other_in
from orders.services.registry.staging import AlreadyImportingError

logger = logging.getLogger(__name__)

#: The size of one piece of a file, in bytes.
PIECE = 1024 * 1024
#: Rejected rows written in one statement.
REJECT_BATCH = 2000
#: A job that was interrupted so often fails.
MAX_RUNS = 5
#: How long uploaded files are kept for a start. They contain names of people.
KEEP_UNSTARTED = timedelta(days=1)

#: Distinguishes the locks of jobs from other advisory locks of the database.
_LOCKS = 0x6A6F6273 << 32

#: The kind of an import that failed for a reason of its own.
KIND = "import"

_RUNNABLE = (ImportState.WAITING, ImportState.RUNNING)


class TooLargeError(ValueError):
    """A file exceeds the size limit."""


@transaction.atomic
def open_job(*, by: User, now: datetime, layout: str = "") -> ImportJob:
    """Create a job that accepts files, laid out as the TOML `layout` describes.

    Raises `InvalidFact` if the agency has used up those of a day.
    """
    agencies = by.agencies_for("add", "import")
    # Without the lock, two requests at once would not count each other.
    list(Agency.objects.select_for_update(no_key=True).filter(pk__in=agencies).order_by("pk"))
    recent = ImportJob.objects.filter(created_at__gt=now - timedelta(days=1))
    colleagues = Membership.objects.filter(agency__in=agencies, role=Role.CLERK).values("user")
    if recent.filter(by__in=colleagues).count() >= settings.IMPORTS_A_DAY:
        message = (
            f"Your agency started {settings.IMPORTS_A_DAY} imports in the last 24 hours, which is the most. "
            "Import later, or ask an administrator to raise CTC_IMPORTS_A_DAY."
        )
        raise InvalidFact("body", "too_many", message)
    return ImportJob.objects.create(by=by, created_at=now, layout=layout)


def put_file(job: ImportJob, name: ExportFile, stream: IO[bytes], *, most: int) -> ImportFile:
    """Store a file and replace an earlier one with its name. Raises `InvalidFact` and `TooLargeError`."""
    _check_open(job)
    # Not in one transaction, which would last as long as the upload.
    file = ImportFile.objects.create(job=job, name=name)
    try:
        number = 0
        while piece := stream.read(PIECE):
            if number == 0:
                _refuse_other(piece, name)
            file.size += len(piece)
            if file.size > most:
                raise TooLargeError
            ImportPiece.objects.create(file=file, number=number, content=piece)
            number += 1
        with transaction.atomic():
            _check_open(ImportJob.objects.select_for_update().get(pk=job.pk))
            ImportFile.objects.filter(job=job, name=name).exclude(pk=file.pk).delete()
            file.is_whole = True
            file.save(update_fields=["size", "is_whole"])
    finally:
        if not file.is_whole:
            file.delete()
    return file


def _refuse_other(piece: bytes, name: ExportFile) -> None:
    """Refuse what is no CSV before any page asks for its columns."""
    if found := other_in(piece):
        words = f"This is {found.what}, not CSV. {found.remedy}, and choose that file."
        raise InvalidFact(name.value, "not_csv", words)


@transaction.atomic
def start(job: ImportJob) -> ImportJob:
    """Queue the job for a worker. A started job is not changed. Raises `InvalidFact`."""
    job = ImportJob.objects.select_for_update().get(pk=job.pk)
    if job.state != ImportState.OPEN:
        return job
    sent = set(job.files.filter(is_whole=True).values_list("name", flat=True))
    if missing := [name for name in ExportFile.values if name not in sent]:
        raise InvalidFact("files", "missing_file", f"Upload {', '.join(missing)} first.")
    job.state = ImportState.WAITING
    job.save(update_fields=["state"])
    return job


def run(job_id: int, *, now: datetime) -> None:
    """Import the files of the job, unless it has ended or another worker runs it."""
    with _held(job_id) as is_held:
        if not is_held:
            return
        job = ImportJob.objects.select_related("by").filter(pk=job_id, state__in=_RUNNABLE).first()
        if job is None:
            return
        if job.runs >= MAX_RUNS:
            _end(
                job,
                ImportState.FAILED,
                failure="The import was interrupted too often. Upload the files again in smaller parts.",
            )
            return
        # Count first. Otherwise a job that always fails, such as on a full disk, would run forever.
        _count_run(job, 1)
        try:
            with TemporaryDirectory() as name:
                export, courts = export_of(job, Path(name))
                with importing(export, now=now, courts=courts) as imported:
                    _import(job, imported)
        except AlreadyImportingError:
            # Another import is running. The sweep tries again.
            _count_run(job, -1)
        except ExportError as error:
            _end(job, ImportState.FAILED, failure=str(error)[:300])


def sweep(now: datetime) -> int:
    """Run waiting and interrupted jobs, the oldest first, and fail unstarted ones. Return the number run."""
    unstarted = ImportJob.objects.filter(state=ImportState.OPEN, created_at__lt=now - KEEP_UNSTARTED)
    failure = "The import was not started within a day."
    each_alone(KIND, unstarted, lambda job: _end(job, ImportState.FAILED, failure=failure))
    waiting = list(ImportJob.objects.filter(state__in=_RUNNABLE).order_by("id").values_list("id", flat=True))
    # One that fails stops no other, and is tried again until it has run too often.
    each_alone(KIND, waiting, lambda job_id: run(job_id, now=now))
    return len(waiting)


def _count_run(job: ImportJob, by: int) -> None:
    ImportJob.objects.filter(pk=job.pk).update(runs=F("runs") + by)


def _check_open(job: ImportJob) -> None:
    if job.state != ImportState.OPEN:
        raise InvalidFact("files", "already_started", "This import accepts no more files. Create another.")


def _courts_of(user: User) -> frozenset[int]:
    """The courts (keys) of which the person is a clerk now."""
    if not user.is_active:
        return frozenset()
    held = user.memberships.filter(role=Role.CLERK, agency__isnull=False)
    return frozenset(held.values_list("agency_id", flat=True))


def _state_of(courts: frozenset[int]) -> str:
    """The state of the courts. Of courts in several states, Connecticut's are imported."""
    states = states_of(courts)
    return states[0] if len(states) == 1 else State.CONNECTICUT.value


def export_of(job: ImportJob, folder: Path) -> tuple[Export, frozenset[int]]:
    """Write the files of the job to `folder`. Return the export, and the courts whose orders it may store."""
    courts = _courts_of(job.by)
    layout = parse_layout(job.layout, "mapping") if job.layout else Layout(state=_state_of(courts))
    _write_out(job, folder, layout)
    return Export(folder, layout), courts


def empty_file(name: ExportFile, layout: str) -> bytes:
    """Return a file of that kind without rows, with the headers of the mapping."""
    theirs = (parse_layout(layout, "mapping") if layout else Layout()).file(name.value).columns
    header = [theirs.get(column, column) for column in COLUMNS[name.value]]
    return (",".join(f'"{cell}"' for cell in header) + "\n").encode()


def _write_out(job: ImportJob, folder: Path, layout: Layout) -> None:
    for file in job.files.filter(is_whole=True):
        # The name in the mapping may hold a path; only its last part is used.
        with (folder / Path(layout.file(file.name).name).name).open("wb") as written:
            for piece in file.pieces.order_by("number").iterator(chunk_size=1):
                written.write(piece.content)


def _import(job: ImportJob, imported: Import) -> None:
    job.state, job.total, job.read = ImportState.RUNNING, imported.total, 0
    job.save(update_fields=["state", "total", "read"])
    ImportJob.objects.filter(pk=job.pk, started_at=None).update(started_at=Now())
    for rows in imported.batches():
        ImportJob.objects.filter(pk=job.pk).update(
            read=F("read") + rows,
            imported=imported.imported,
            updated=imported.updated,
            unchanged=imported.unchanged,
        )
    with transaction.atomic():
        _keep_rejects(job, imported)
        _end(job, ImportState.DONE, rejected=imported.rejected)


def _keep_rejects(job: ImportJob, imported: Import) -> None:
    rejects = iter(imported.rejects())
    while batch := list(islice(rejects, REJECT_BATCH)):
        ImportReject.objects.bulk_create(
            ImportReject(job=job, file=one.file, line=one.line, code=one.code, detail=one.detail)
            for one in batch
        )


@transaction.atomic
def _end(job: ImportJob, state: ImportState, **facts: object) -> None:
    """End the job and delete its files."""
    ImportJob.objects.filter(pk=job.pk).update(state=state, ended_at=Now(), preview=None, **facts)
    job.files.all().delete()
    logger.info("import %s: %s", job.public_id, state)


@contextmanager
def _held(job_id: int) -> Iterator[bool]:
    """Hold the lock of the job if it is free. Yields True if it is held."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCKS + job_id])
        is_held = bool(cursor.fetchone()[0])
        try:
            yield is_held
        finally:
            # A dead session has released its lock.
            if is_held and connection.is_usable():
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCKS + job_id])
