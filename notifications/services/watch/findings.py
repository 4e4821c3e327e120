"""Findings: violations that audits found in the system itself. Administrators are notified of each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts.isolation import halved, reason_of
from notifications.models import Alert, Finding, Priority, Via
from notifications.services.recipients.recipients import administrators, channels_for

logger = logging.getLogger(__name__)


Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One violated condition. `subject` distinguishes several of one code. No field identifies a case."""

    code: str
    detail: str
    subject: str = ""
    count: int = 1


def reconcile(found: Iterable[Violation], *, audited: Collection[str]) -> list[Finding]:
    """Update the open findings of the codes `audited` to what was found; return the new ones.

    Every administrator is notified of new findings; findings that are gone are resolved. Call inside a
    transaction, from one process at a time.
    """
    still_open = {(one.code, one.subject): one for one in open_findings() if one.code in audited}
    stored = [(one, still_open.pop((one.code, one.subject), None)) for one in found]
    new = [one for part in _each(stored, _store) for one in part]
    Finding.objects.filter(pk__in=[one.pk for one in still_open.values()]).update(resolved_at=Now())
    _notify_administrators(new)
    return new


def report(violation: Violation) -> None:
    """Open the finding at once, and notify every administrator, unless it is open.

    An audit of the same code resolves it.
    """
    with transaction.atomic():
        is_open = open_findings().filter(code=violation.code, subject=violation.subject[:80]).exists()
        if is_open:
            return
        try:
            with transaction.atomic():
                new = _open(violation)
        except IntegrityError:
            if not open_findings().filter(code=violation.code, subject=violation.subject[:80]).exists():
                raise
            # Another process has just opened it.
            return
        _notify_administrators([new])


def open_findings() -> QuerySet[Finding]:
    """Return the open findings, newest first. Uses the index `finding_open_once`."""
    return Finding.objects.filter(resolved_at=None).order_by("-id")


def _store(some: Sequence[tuple[Violation, Finding | None]]) -> list[Finding]:
    """Open findings, or update them; return those that are new."""
    new = []
    for one, row in some:
        if row is None:
            new.append(_open(one))
        else:
            Finding.objects.filter(pk=row.pk).update(
                detail=one.detail[:300], count=max(one.count, 0), seen_at=Now()
            )
    return new


def _each(items: Sequence[Item], work: Callable[[Sequence[Item]], Result]) -> list[Result]:
    """Call `work` on the items. One that cannot be stored stops no other: the log has it, as the last way."""
    results, failed = halved(items, work)
    for _, error in failed:
        logger.error("a finding, or an alert about it, cannot be stored: %s", reason_of(error))
    return results


def _open(violation: Violation) -> Finding:
    logger.error("finding %s %s: %s", violation.code, violation.subject, violation.detail)
    return Finding.objects.create(
        code=violation.code,
        subject=violation.subject[:80],
        detail=violation.detail[:300],
        count=max(violation.count, 0),
    )


def _notify_administrators(new: Sequence[Finding]) -> None:
    """Create an alert for each finding and administrator: by each channel that the person chose."""
    if not new:
        return
    users = administrators()
    if not users:
        logger.error("no administrator can be notified of %d findings", len(new))
    _notify(new, users)


def notify_others(code: str, subject: str, users: Collection[int]) -> None:
    """Create an alert about an open finding for people (by key) who are no administrators, once for each."""
    found = list(open_findings().filter(code=code, subject=subject))
    known = Alert.objects.filter(finding__in=found).values_list("recipient", flat=True)
    _notify(found, set(users) - set(known))


def _notify(findings: Sequence[Finding], users: Collection[int]) -> None:
    channels_by_user = channels_for(users)
    alerts = [
        Alert(
            finding=one,
            recipient_id=user,
            via=Via.OPERATOR,
            channel=channel,
            priority=Priority.URGENT,
            idem_key=f"finding:{one.pk}:{channel}:u{user}",
        )
        for one in findings
        for user, channels in channels_by_user.items()
        for channel in channels
    ]
    _each(alerts, Alert.objects.bulk_create)
