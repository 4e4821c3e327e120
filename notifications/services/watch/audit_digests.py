"""Which digests of the access log left this machine, where to, and what can be compared here."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings

from accounts.services.access import audit_digests
from accounts.services.access.audit_digests import NotedDigest
from notifications.models import AuditDigest

#: The destination of the digest that is kept in the database, where another table holds it than the log.
HERE = ""


def interval() -> timedelta:
    """The time between two digests to one destination."""
    return timedelta(minutes=settings.AUDIT_DIGEST_MINUTES)


def destinations() -> list[str]:
    """Where digests go: the setting's destinations, and this database."""
    return [HERE, *settings.AUDIT_DIGEST_TO]


def noted() -> list[NotedDigest]:
    """Return what can be compared here: the newest digest of each destination, and the end of each file."""
    rows = AuditDigest.objects.order_by("destination", "-id").distinct("destination")
    found = [
        NotedDigest(link=one.link, digest=one.digest, at=one.noted_at, database=one.database) for one in rows
    ]
    for destination in settings.AUDIT_DIGEST_TO:
        if destination.startswith("file:"):
            found += list(audit_digests.read(_last_lines(path_of(destination))))
    return found


def path_of(destination: str) -> Path:
    return Path(unquote(urlsplit(destination).path))


def _last_lines(path: Path) -> list[str]:
    """Return the last lines of a file that only grows; empty if this process cannot read it."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 64 * 1024))
            return file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
