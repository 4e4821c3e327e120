"""Findings: what an audit found wrong with the system itself, kept, and told to the administrators."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.db.models.functions import Now

from notifications.models import Alert, Finding, Via
from notifications.services.reached import administrators, ways_to

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Found:
    """One thing that must not be. `subject` tells several of one code apart; no word names a case."""

    code: str
    detail: str
    subject: str = ""
    count: int = 1


def settle(found: Iterable[Found], *, asked: Collection[str]) -> list[Finding]:
    """Brings the open findings of the codes `asked` into agreement with what was found; answers the new ones.

    What is new is told to every administrator; what is not found any more is resolved. To be called inside a
    transaction, by one at a time.
    """
    standing = {(one.code, one.subject): one for one in open_findings() if one.code in asked}
    new = []
    for one in found:
        row = standing.pop((one.code, one.subject), None)
        if row is None:
            new.append(_open(one))
        else:
            Finding.objects.filter(pk=row.pk).update(
                detail=one.detail[:300], count=max(one.count, 0), seen_at=Now()
            )
    Finding.objects.filter(pk__in=[one.pk for one in standing.values()]).update(resolved_at=Now())
    _tell(new)
    return new


def open_findings() -> QuerySet[Finding]:
    """Those that stand, the newest first; `finding_open_once` serves it."""
    return Finding.objects.filter(resolved_at=None).order_by("-id")


def _open(found: Found) -> Finding:
    logger.error("finding %s %s: %s", found.code, found.subject, found.detail)
    return Finding.objects.create(
        code=found.code, subject=found.subject[:80], detail=found.detail[:300], count=max(found.count, 0)
    )


def _tell(new: Sequence[Finding]) -> None:
    """One alert about each to each administrator by email, and by text message to those who want that too."""
    if not new:
        return
    ways = ways_to(administrators())
    if not ways:
        logger.error("no administrator can be told of %d findings", len(new))
    Alert.objects.bulk_create(
        Alert(
            finding=one,
            recipient_id=user,
            via=Via.OPERATOR,
            channel=channel,
            idem_key=f"finding:{one.pk}:{channel}:u{user}",
        )
        for one in new
        for user, channels in ways.items()
        for channel in channels
    )
