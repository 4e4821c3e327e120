"""What an import would do, found by a trial run that stores nothing but its result."""

from __future__ import annotations

import logging
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import transaction

from accounts.isolation import each_alone, is_about_item
from orders.models import ImportJob, ImportState
from orders.services.registry import jobs
from orders.services.registry.files import ExportError
from orders.services.registry.importing import importing
from orders.services.registry.staging import AlreadyImportingError

logger = logging.getLogger(__name__)

#: A worker tries larger imports; a page waits for the result of smaller ones.
LARGEST = 2 * 1024 * 1024
#: The most rejected and doubtful rows that a page shows. The counts are of all.
MOST_SHOWN = 100


def is_quick(job: ImportJob) -> bool:
    """True if the files are small enough to be tried while a person waits."""
    return sum(job.files.filter(is_whole=True).values_list("size", flat=True)) <= LARGEST


def is_tried(job: ImportJob) -> bool:
    """True if a trial of these files with this mapping came to its end."""
    return job.preview is not None and "problem" not in job.preview


def ask(job: ImportJob, *, now: datetime) -> None:
    """Ask for a trial of an import that is not started. An earlier result is removed."""
    ImportJob.objects.filter(pk=job.pk, state=ImportState.OPEN).update(preview=None, preview_asked_at=now)


def try_out(job_id: int, *, now: datetime) -> None:
    """Run the import, take everything back, and keep what it would have done or why it cannot be run."""
    job = ImportJob.objects.select_related("by").filter(pk=job_id, state=ImportState.OPEN).first()
    if job is None:
        return
    try:
        found = _found(job, now)
    except AlreadyImportingError:
        found = {"problem": "Another import is running. Try again in a minute."}
    except ExportError as error:
        found = {"problem": str(error)[:300]}
    except Exception as error:
        if not is_about_item(error):
            raise
        # A person waits for the result, and would wait for good.
        logger.exception("import %s could not be tried", job.public_id)
        found = {"problem": "The files could not be tried. Upload them again, or ask an administrator."}
    # Not for a job that was started, or whose mapping was changed, in the meantime.
    asked = {"preview_asked_at": job.preview_asked_at, "state": ImportState.OPEN}
    ImportJob.objects.filter(pk=job_id, **asked).update(preview=found)


def sweep(now: datetime) -> None:
    """Try the imports whose trial no worker has made: a message may be lost."""
    waiting = ImportJob.objects.filter(
        state=ImportState.OPEN, preview__isnull=True, preview_asked_at__isnull=False
    )
    keys = list(waiting.order_by("id").values_list("id", flat=True))
    each_alone(jobs.KIND, keys, lambda job_id: try_out(job_id, now=now))


def _found(job: ImportJob, now: datetime) -> dict[str, Any]:
    """Return what the import would store, change, reject and leave to a clerk."""
    with TemporaryDirectory() as name:
        export, courts = jobs.export_of(job, Path(name))
        with importing(export, now=now, courts=courts) as run, transaction.atomic():
            for _ in run.batches():
                pass
            reviews = list(run.reviews())
            rejects = islice(run.rejects(), MOST_SHOWN)
            found = {
                "total": run.total,
                "imported": run.imported,
                "updated": run.updated,
                "unchanged": run.unchanged,
                "rejected": sum(run.rejected.values()),
                "rejects": [{"file": one.file, "line": one.line, "detail": one.detail} for one in rejects],
                "doubtful": len(reviews),
                "reviews": [
                    {"file": one.file, "line": one.line, "words": one.words} for one in reviews[:MOST_SHOWN]
                ],
            }
            transaction.set_rollback(True)
    return found
