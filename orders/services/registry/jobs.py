"""Imports as jobs: files are sent, a start is asked for, a worker imports, and a sweep sees that one does.

Whoever runs a job holds an advisory lock for it, which ends with its session: a job whose worker was killed
is simply one that nobody holds, and is run again.
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

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import Role, User
from orders.errors import InvalidFact
from orders.models import ExportFile, ImportFile, ImportJob, ImportPiece, ImportReject, ImportState
from orders.services.registry.files import ExportError
from orders.services.registry.importing import Import, importing
from orders.services.registry.staging import AlreadyImportingError

logger = logging.getLogger(__name__)

#: Bytes of one piece of a file.
PIECE = 1024 * 1024
#: Rejects written at once.
SOME = 2000
#: A job that was cut off so often is not tried again.
RUNS = 5
#: Files wait so long for a start; they hold people's names.
PATIENCE = timedelta(days=1)

#: Names the locks of jobs among all advisory locks of the database.
_LOCKS = 0x6A6F6273 << 32

_NOT_OVER = (ImportState.WAITING, ImportState.RUNNING)


class TooLargeError(ValueError):
    """A file is larger than a file may be."""


def open_job(*, by: User, now: datetime) -> ImportJob:
    """A job that takes files."""
    return ImportJob.objects.create(by=by, created_at=now)


def put_file(job: ImportJob, name: ExportFile, stream: IO[bytes], *, most: int) -> ImportFile:
    """The file is stored, in place of one of that name. Raises `InvalidFact` and `TooLargeError`."""
    _check_open(job)
    # Not in one transaction: it lasts as long as the sender takes.
    file = ImportFile.objects.create(job=job, name=name)
    try:
        number = 0
        while piece := stream.read(PIECE):
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


@transaction.atomic
def start(job: ImportJob) -> ImportJob:
    """The job waits for a worker; one that was started before stays as it is. Raises `InvalidFact`."""
    job = ImportJob.objects.select_for_update().get(pk=job.pk)
    if job.state != ImportState.OPEN:
        return job
    sent = set(job.files.filter(is_whole=True).values_list("name", flat=True))
    if missing := [name for name in ExportFile.values if name not in sent]:
        raise InvalidFact("files", "missing_file", f"Send {', '.join(missing)} first.")
    job.state = ImportState.WAITING
    job.save(update_fields=["state"])
    return job


def run(job_id: int, *, now: datetime) -> None:
    """Imports the job's files, unless the job is over or somebody else is at it."""
    with _held(job_id) as is_ours:
        if not is_ours:
            return
        job = ImportJob.objects.select_related("by").filter(pk=job_id, state__in=_NOT_OVER).first()
        if job is None:
            return
        if job.runs >= RUNS:
            _end(job, ImportState.FAILED, failure="It was cut off too often. Send the files again in parts.")
            return
        # Before anything can go wrong, or a disk that is full would be tried for ever.
        _count_run(job, 1)
        try:
            with TemporaryDirectory() as name:
                folder = Path(name)
                _write_out(job, folder)
                with importing(folder, now=now, courts=_courts_of(job.by)) as imported:
                    _import(job, imported)
        except AlreadyImportingError:
            # No fault of this job's; the sweep asks again.
            _count_run(job, -1)
        except ExportError as error:
            _end(job, ImportState.FAILED, failure=str(error)[:300])


def sweep(now: datetime) -> int:
    """Runs what waits and what was cut off, the oldest first, and gives up what nobody started; counts."""
    for job in ImportJob.objects.filter(state=ImportState.OPEN, created_at__lt=now - PATIENCE):
        _end(job, ImportState.FAILED, failure="It was not started within a day.")
    waiting = list(ImportJob.objects.filter(state__in=_NOT_OVER).order_by("id").values_list("id", flat=True))
    for job_id in waiting:
        run(job_id, now=now)
    return len(waiting)


def _count_run(job: ImportJob, by: int) -> None:
    ImportJob.objects.filter(pk=job.pk).update(runs=F("runs") + by)


def _check_open(job: ImportJob) -> None:
    if job.state != ImportState.OPEN:
        raise InvalidFact("files", "already_started", "This import takes no more files. Open another.")


def _courts_of(user: User) -> frozenset[int]:
    """The courts where the person is a clerk now."""
    if not user.is_active or user.locked_at:
        return frozenset()
    held = user.memberships.filter(role=Role.CLERK, agency__isnull=False)
    return frozenset(held.values_list("agency_id", flat=True))


def _write_out(job: ImportJob, folder: Path) -> None:
    for file in job.files.filter(is_whole=True):
        with (folder / f"{file.name}.csv").open("wb") as written:
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
    while some := list(islice(rejects, SOME)):
        ImportReject.objects.bulk_create(
            ImportReject(job=job, file=one.file, line=one.line, code=one.code, detail=one.detail)
            for one in some
        )


@transaction.atomic
def _end(job: ImportJob, state: ImportState, **facts: object) -> None:
    """The job is over, and its files are gone."""
    ImportJob.objects.filter(pk=job.pk).update(state=state, ended_at=Now(), **facts)
    job.files.all().delete()
    logger.info("import %s: %s", job.public_id, state)


@contextmanager
def _held(job_id: int) -> Iterator[bool]:
    """Whether nobody else is at the job, nor comes to be meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCKS + job_id])
        is_ours = bool(cursor.fetchone()[0])
        try:
            yield is_ours
        finally:
            # Should the session have died, so has its lock.
            if is_ours and connection.is_usable():
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCKS + job_id])
