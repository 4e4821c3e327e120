"""Compare the audit chain with digests that were noted outside of the database.

Someone who owns the tables can remove the newest links with their entries, or all of them: what is left
matches. A digest that left the machine before shows it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from accounts.models import AuditChainLink
from accounts.services.access.audit_chain import EndedEra, ended_eras


@dataclass(frozen=True, kw_only=True)
class NotedDigest:
    """The newest link at some time: its id and digest, when it was noted, and in which database."""

    link: int
    digest: str
    at: datetime
    database: str

    def line(self) -> str:
        """Return the digest as one line of JSON."""
        document = {
            "audit_link": self.link,
            "digest": self.digest,
            "at": self.at.astimezone(UTC).isoformat(),
            "database": self.database,
        }
        return json.dumps(document)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The noted digests: those that match, those that do not, and those lost in a restore."""

    matching: int
    differing: Sequence[NotedDigest]
    lost: Sequence[NotedDigest]

    def fault(self) -> str:
        """Return a sentence about the digests that do not match; empty if all do."""
        if not self.differing:
            return ""
        first = self.differing[0]
        return (
            f"{len(self.differing):,} of the noted digests do not match. The first is link {first.link}, "
            f"noted {first.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}: it is missing or was replaced."
        )


def newest() -> NotedDigest | None:
    """Return the newest link; None if there is no link."""
    link = AuditChainLink.objects.order_by("-pk").first()
    if link is None:
        return None
    return NotedDigest(
        link=link.pk, digest=bytes(link.digest).hex(), at=link.created_at, database=link.database
    )


def read(lines: Iterable[str]) -> Iterator[NotedDigest]:
    """Read noted digests from the lines of a file or a mail. Other lines are left out."""
    for line in lines:
        start, end = line.find("{"), line.rfind("}")
        try:
            found: Any = json.loads(line[start : end + 1]) if start >= 0 else {}
            yield NotedDigest(
                link=int(found["audit_link"]),
                digest=str(found["digest"]),
                at=datetime.fromisoformat(found["at"]),
                database=str(found.get("database", "")),
            )
        except (KeyError, TypeError, ValueError):
            continue


def compare(noted: Iterable[NotedDigest]) -> Comparison:
    """Compare the noted digests with the links of the same ids.

    A restore loses the links written after its backup. That is no mismatch if the chain shows the restore:
    a later link ended the era of the database that the digest names, and comes after all that was kept of it.
    """
    noted = list(noted)
    links = AuditChainLink.objects.filter(pk__in={one.link for one in noted})
    stored = {pk: bytes(digest).hex() for pk, digest in links.values_list("pk", "digest")}
    missing = [one for one in noted if stored.get(one.link) != one.digest]
    ends = ended_eras() if missing else []
    kept = {one.link: _last_before(one.link) for one in ends}
    lost = [one for one in missing if any(_is_lost(one, end, kept[end.link]) for end in ends)]
    return Comparison(
        matching=len(noted) - len(missing),
        differing=[one for one in missing if one not in lost],
        lost=lost,
    )


def _is_lost(noted: NotedDigest, end: EndedEra, last_kept: int) -> bool:
    return noted.database == end.before and noted.at < end.at and noted.link > last_kept


def _last_before(link: int) -> int:
    found = AuditChainLink.objects.filter(pk__lt=link).order_by("-pk").values_list("pk", flat=True).first()
    return found or 0
