"""Bring files and rows into agreement: remove files that no row needs, count rows without a file."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.encrypted_files import has_file, remove_file, stored_files
from orders.models import Attachment, ReleaseRequest

logger = logging.getLogger(__name__)

#: A file without a row is left alone this long: its transaction may still run.
PATIENCE = timedelta(days=1)
#: How long a withdrawn file is kept, so that a mistake can be put right from the folder.
KEPT_WITHDRAWN = timedelta(days=30)
_BATCH = 500


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What a sweep did: files removed, and rows whose file is missing."""

    removed: int
    missing: int


def sweep_files(*, now: datetime) -> Swept:
    """Remove files that no row names, and those withdrawn a month ago. Count rows whose file is missing."""
    removed = 0
    for name, written in stored_files():
        if written < (now - PATIENCE).timestamp() and not _is_of_a_row(name):
            removed += _remove(name)
    old = Attachment.objects.filter(withdrawn_at__lt=now - KEPT_WITHDRAWN)
    for name in old.values_list("stored_as", flat=True):
        if has_file(name):
            removed += _remove(name)
    return Swept(removed=removed, missing=count_missing())


def _remove(name: str) -> int:
    """Remove the file; return 1 if that worked. One that cannot be removed stops no other."""
    try:
        remove_file(name)
    except OSError as error:
        logger.error("a file cannot be removed: %s", error.strerror)
        return 0
    return 1


def _is_of_a_row(name: str) -> bool:
    """True if an attachment, or an advocate's request for a release, names the file."""
    named = Attachment.objects.filter(stored_as=name), ReleaseRequest.objects.filter(stored_as=name)
    return any(rows.exists() for rows in named)


def count_missing(*, newest: int | None = None) -> int:
    """Return how many rows that are shown have no file; with `newest`, of that many of the newest rows."""
    rows = Attachment.objects.order_by("-id").values_list("stored_as", "withdrawn_at")[:newest]
    return sum(withdrawn is None and not has_file(name) for name, withdrawn in rows.iterator(_BATCH))
