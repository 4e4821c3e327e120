"""Extend and verify the audit chain: batches of access-log entries, each with a digest over all before it.

Readers and writers of the log never wait for the chain. Each entry carries the id of its transaction and
joins the chain once every transaction with an id up to that one is over.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from accounts.models import AuditAction, AuditChainLink, AuditEntry, EntryPoint
from accounts.services.access.access_log import record

logger = logging.getLogger(__name__)

#: Entries of one link; more if one transaction wrote more.
BATCH = 10_000
#: Links that one statement verifies. The statement must end long before the statement timeout.
LINKS = 20
#: An entry outside the chain for this long is a fault: the task does not run, or a transaction never ends.
LATE = timedelta(hours=1)

#: Advisory lock held while a link is added, until it is committed.
_LOCK = 0x0A0D17

#: Every column of an entry, in a form that does not depend on session settings such as the time zone.
_CANONICAL = """sha256(convert_to(jsonb_build_array(
  e.id, (extract(epoch FROM e.at) * 1000000)::bigint, e.action, e.entry_point, e.what, e.actor_id,
  e.subject_id, e.token_id, e.address::text, e.succeeded, e.detail, to_jsonb(e.cases), e.transaction
)::text, 'UTF8'))"""

_DIGEST = f"string_agg({_CANONICAL}, ''::bytea ORDER BY e.transaction, e.id)"

#: Lower than any transaction id: where the first link begins.
_BEFORE_ALL = -(2**63) + 1

_ADD_LINK = f"""
WITH last AS MATERIALIZED (
  SELECT up_to, digest FROM accounts_auditchainlink ORDER BY id DESC LIMIT 1
), span AS MATERIALIZED (
  SELECT coalesce((SELECT up_to FROM last), ({_BEFORE_ALL})::bigint) AS lower, max(next.transaction) AS upper
  FROM (
    SELECT transaction FROM accounts_auditentry
    WHERE transaction > coalesce((SELECT up_to FROM last), ({_BEFORE_ALL})::bigint)
      AND transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY transaction, id LIMIT %(batch)s
  ) next
)
INSERT INTO accounts_auditchainlink (up_to, entries, digest)
SELECT max(e.transaction), count(*), sha256(coalesce((SELECT digest FROM last), ''::bytea) || {_DIGEST})
FROM accounts_auditentry e
WHERE e.transaction > (SELECT lower FROM span) AND e.transaction <= (SELECT upper FROM span)
HAVING count(*) > 0
RETURNING entries
"""  # noqa: S608 - only constants above

_VERIFY = f"""
WITH chain AS MATERIALIZED (
  SELECT id, up_to, entries, digest, created_at,
         lag(up_to) OVER (ORDER BY id) AS lower, lag(digest) OVER (ORDER BY id) AS previous
  FROM (SELECT * FROM accounts_auditchainlink WHERE id >= %(after)s ORDER BY id LIMIT %(links)s + 1) part
)
SELECT c.id, c.created_at, c.digest, c.entries, found.entries, found.digest = c.digest
FROM chain c CROSS JOIN LATERAL (
  SELECT count(*) AS entries,
         sha256(coalesce(c.previous, ''::bytea) || coalesce({_DIGEST}, ''::bytea)) AS digest
  FROM accounts_auditentry e
  WHERE e.transaction > coalesce(c.lower, ({_BEFORE_ALL})::bigint) AND e.transaction <= c.up_to
) found
WHERE c.id > %(after)s
ORDER BY c.id LIMIT %(links)s
"""  # noqa: S608 - only constants above

_UNLINKED = """
SELECT count(*), min(at), coalesce(min(at) < statement_timestamp() - make_interval(secs => %(late)s), false)
FROM accounts_auditentry WHERE transaction > %(up_to)s
"""


@dataclass(frozen=True, kw_only=True)
class ChainFault:
    """The first mismatch. `link` is its id; None if the fault is after the last link."""

    kind: str
    message: str
    link: int | None = None


@dataclass(kw_only=True)
class ChainReport:
    """The result of a verification.

    `newest` and `digest` are the last link that matches. Note the digest outside the database: it shows later
    whether anything up to that link was removed.
    """

    links: int = 0
    entries: int = 0
    newest: int = 0
    digest: str = ""
    fault: ChainFault | None = None
    unlinked: int = 0
    unlinked_since: datetime | None = None
    #: False if time ran out before the last link.
    is_finished: bool = True


def extend_chain(*, batch: int = BATCH) -> int:
    """Add a link for the oldest entries outside the chain, in whole transactions. Return their number.

    Returns 0 if no entry is ready, or if another process is adding a link.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # Its own statement: the next one must see the link of the process that held the lock before.
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_ADD_LINK, {"batch": batch})
        added = cursor.fetchone()
    return added[0] if added else 0


def verify(*, entry_point: EntryPoint, after: int | None = 0, seconds: float | None = None) -> ChainReport:
    """Recompute every link after the one with id `after`, for at most `seconds`.

    None starts after the newest link that ever matched. That link must still exist in any case. Stops at the
    first fault. Logs the verification and its result in the access log, and a fault also as an error.
    Memory use does not grow with the log.
    """
    remembered = _last_verified()
    report = remembered if after is None else ChainReport(newest=after, digest=_digest_of(after))
    if report.fault is None:
        _walk(report, seconds)
    if report.is_finished:
        report.fault = report.fault or remembered.fault or _check_unlinked(report)
    detail: dict[str, Any] = {"link": report.newest, "digest": report.digest, "links": report.links}
    if fault := report.fault:
        detail |= {"fault": fault.kind, "at_link": fault.link}
        logger.error("access log: %s", fault.message)
    else:
        logger.info("access log: verified up to link %d, digest %s", report.newest, report.digest)
    record(AuditAction.LOG_VERIFIED, entry_point, what="verify_audit", succeeded=fault is None, detail=detail)
    return report


def _last_verified() -> ChainReport:
    """Return a report at the newest link that ever matched, with a fault if that link is gone or differs."""
    verified = AuditEntry.objects.filter(action=AuditAction.LOG_VERIFIED, succeeded=True, detail__link__gt=0)
    last = verified.order_by("-detail__link").values_list("detail", flat=True).first()
    if last is None:
        return ChainReport()
    report = ChainReport(newest=last["link"], digest=last["digest"])
    if _digest_of(report.newest) != report.digest:
        message = f"Link {report.newest}, which matched when last verified, is missing or was replaced."
        report.fault = ChainFault(kind="link_gone", message=message, link=report.newest)
    return report


def _walk(report: ChainReport, seconds: float | None) -> None:
    ends = None if seconds is None else time.monotonic() + seconds
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_VERIFY, {"after": report.newest, "links": LINKS})
            rows = cursor.fetchall()
        for id_, created_at, digest, recorded, found, matches in rows:
            if not matches or recorded != found:
                report.fault = _mismatch(id_, created_at, recorded, found)
                return
            report.links += 1
            report.entries += found
            report.newest, report.digest = id_, bytes(digest).hex()
        if len(rows) < LINKS:
            return
        if ends is not None and time.monotonic() > ends:
            report.is_finished = False
            return


def _digest_of(link_id: int) -> str:
    found = AuditChainLink.objects.filter(pk=link_id).values_list("digest", flat=True).first()
    return bytes(found).hex() if found is not None else ""


def _mismatch(link_id: int, created_at: datetime, recorded: int, found: int) -> ChainFault:
    where = f"Link {link_id} of {created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ} does not match"
    if found < recorded:
        message = f"{where}: {recorded - found:,} of its {recorded:,} entries are missing."
        return ChainFault(kind="missing", message=message, link=link_id)
    if found > recorded:
        added = f"{found - recorded:,} entries were added to its {recorded:,}"
        message = f"{where}: {added}, or an earlier link is gone."
        return ChainFault(kind="added", message=message, link=link_id)
    message = f"{where}: one of its {recorded:,} entries, the link itself or the link before it was changed."
    return ChainFault(kind="changed", message=message, link=link_id)


def _check_unlinked(report: ChainReport) -> ChainFault | None:
    up_to = AuditChainLink.objects.order_by("-pk").values_list("up_to", flat=True).first()
    with connection.cursor() as cursor:
        # Pass the value itself: with a subquery the planner expects too many rows.
        cursor.execute(_UNLINKED, {"up_to": up_to or _BEFORE_ALL, "late": LATE.total_seconds()})
        report.unlinked, report.unlinked_since, is_late = cursor.fetchone()
    if not is_late or report.unlinked_since is None:
        return None
    since = report.unlinked_since.astimezone(UTC)
    message = (
        f"{report.unlinked:,} entries are not in the chain, the oldest since {since:%Y-%m-%dT%H:%M:%S.%fZ}."
    )
    return ChainFault(kind="unlinked", message=message)
