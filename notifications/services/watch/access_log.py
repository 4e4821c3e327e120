"""Audits of the access log: tampering, entries outside the chain, digests and reviews that are missing."""

from __future__ import annotations

from collections.abc import Iterator

from accounts.models import AuditAction, AuditChainLink, AuditEntry
from accounts.services.access import audit_chain, audit_digests
from accounts.services.access.reviews import overdue_weeks
from notifications.models import AuditDigest
from notifications.services.sql import rows_of
from notifications.services.watch import audit_digests as sent
from notifications.services.watch.findings import Violation

#: The code of the findings.
CODE = "access_log"


def access_log() -> Iterator[Violation]:
    """The chain matches, every entry is in it, digests leave the machine, and each week was reviewed."""
    yield from _tampering()
    yield from _removed()
    yield from _unlinked()
    yield from _silent()
    yield from _unreviewed()


def _tampering() -> Iterator[Violation]:
    """A verification failed, and no verification of the whole chain has succeeded since."""
    done = AuditEntry.objects.filter(action=AuditAction.LOG_VERIFIED).order_by("-at", "-id")
    failed = done.filter(succeeded=False).first()
    if failed is None:
        return
    whole = done.filter(succeeded=True, detail__is_whole=True).first()
    if whole is not None and whole.pk > failed.pk:
        return
    kind, link = failed.detail.get("fault", ""), failed.detail.get("at_link")
    where = f" at link {link}" if link else ""
    yield Violation(
        code=CODE,
        subject="chain",
        detail=(
            f"The access log does not match its audit chain{where} ({kind}). Someone may have changed "
            "or removed entries. Keep the database as it is, and run verify_audit."
        ),
    )


def _removed() -> Iterator[Violation]:
    """Every digest that was noted is that of its link."""
    compared = audit_digests.compare(sent.noted())
    yield Violation(
        code=CODE,
        subject="removed",
        count=len(compared.differing),
        detail=f"The end of the access log, or all of it, was removed or replaced. {compared.fault()}",
    )


def _unlinked() -> Iterator[Violation]:
    count, _, is_late = audit_chain.unlinked()
    minutes = int(audit_chain.LATE.total_seconds() // 60)
    yield Violation(
        code=CODE,
        subject="sealing",
        count=count if is_late else 0,
        detail=f"{count} entries of the access log are not in the audit chain after {minutes} minutes.",
    )


def _silent() -> Iterator[Violation]:
    """Each destination took a digest within two intervals, once there is something to send."""
    first = AuditChainLink.objects.order_by("pk").values_list("created_at", flat=True).first()
    ((now,),) = rows_of("SELECT statement_timestamp()", {})
    limit = now - 2 * sent.interval()
    if first is None or first > limit:
        return
    took = set(
        AuditDigest.objects.filter(sent_at__gte=limit).values_list("destination", flat=True).distinct()
    )
    silent = [number for number, one in enumerate(sent.destinations()) if one not in took]
    yield Violation(
        code=CODE,
        subject="digests",
        count=len(silent),
        detail=(
            "The digest of the access log did not leave the machine: destination "
            f"{', '.join(str(number) for number in silent)} of CTC_AUDIT_DIGEST_TO does not take it."
        ),
    )


def _unreviewed() -> Iterator[Violation]:
    weeks = overdue_weeks()
    first = f"{weeks[0]:%b} {weeks[0].day}" if weeks else ""
    yield Violation(
        code=CODE,
        subject="review",
        count=len(weeks),
        detail=f"The access log of {len(weeks)} weeks was not reviewed, the first since Monday, {first}.",
    )
