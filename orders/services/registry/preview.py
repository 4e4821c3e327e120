"""What an import would do, found by a trial run that stores nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import transaction

from orders.models import ImportJob, ReviewItem
from orders.services.registry import jobs
from orders.services.registry.importing import importing
from orders.services.registry.staging import Reject

#: Larger imports are not tried first: a page waits for the result.
LARGEST = 2 * 1024 * 1024
#: The most rejected and doubtful rows that a page shows. The counts are of all.
MOST_SHOWN = 100


@dataclass(frozen=True, kw_only=True)
class ImportPreview:
    """What the import would store, change, reject and leave to a clerk."""

    total: int
    imported: int
    updated: int
    unchanged: int
    beyond_rule: int
    unusual_dockets: int
    rejected: int
    rejects: list[Reject]
    doubtful: int
    reviews: list[ReviewItem]


def can_preview(job: ImportJob) -> bool:
    """True if the files are small enough to be tried while a person waits."""
    return sum(job.files.filter(is_whole=True).values_list("size", flat=True)) <= LARGEST


def preview(job: ImportJob, *, now: datetime) -> ImportPreview:
    """Run the import and take everything back. Raises `ExportError` and `AlreadyImportingError`."""
    with TemporaryDirectory() as name:
        export, courts = jobs.export_of(job, Path(name))
        with importing(export, now=now, courts=courts) as run, transaction.atomic():
            for _ in run.batches():
                pass
            reviews = list(run.reviews())
            found = ImportPreview(
                total=run.total,
                imported=run.imported,
                updated=run.updated,
                unchanged=run.unchanged,
                beyond_rule=run.beyond_rule,
                unusual_dockets=run.unusual_dockets,
                rejected=sum(run.rejected.values()),
                rejects=list(islice(run.rejects(), MOST_SHOWN)),
                doubtful=len(reviews),
                reviews=reviews[:MOST_SHOWN],
            )
            transaction.set_rollback(True)
    return found
