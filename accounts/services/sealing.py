"""Seals the record of who did what in batches, each with a digest over all before it; and verifies it.

Neither reading nor writing of the record waits for sealing: an entry carries the number of its transaction,
and is sealed once every transaction up to that number is over.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from accounts.models import Act, AuditEntry, AuditSeal, Door
from accounts.services.audit import record

logger = logging.getLogger(__name__)

#: Entries of one seal; more where one transaction wrote more.
BATCH = 10_000
#: Seals that one statement verifies, which must be done long before it is timed out.
SEALS = 20
#: An entry that is not sealed after so long will not be: nobody seals, or its transaction never ends.
LATE = timedelta(hours=1)

#: Held by the one who seals, until its seal stands.
_LOCK = 0x0A0D17

#: Every column of an entry, written in a way that no setting of a session (time zone, dates) changes.
_CANONICAL = """sha256(convert_to(jsonb_build_array(
  e.id, (extract(epoch FROM e.at) * 1000000)::bigint, e.act, e.door, e.what, e.actor_id, e.subject_id,
  e.token_id, e.address::text, e.succeeded, e.detail, to_jsonb(e.cases), e.transaction)::text, 'UTF8'))"""

_DIGEST = f"string_agg({_CANONICAL}, ''::bytea ORDER BY e.transaction, e.id)"

#: Less than any transaction's number: what the first seal begins after.
_BEFORE_ALL = -(2**63) + 1

_SEAL = f"""
WITH last AS MATERIALIZED (
  SELECT up_to, digest FROM accounts_auditseal ORDER BY id DESC LIMIT 1
), span AS MATERIALIZED (
  SELECT coalesce((SELECT up_to FROM last), ({_BEFORE_ALL})::bigint) AS lower, max(next.transaction) AS upper
  FROM (
    SELECT transaction FROM accounts_auditentry
    WHERE transaction > coalesce((SELECT up_to FROM last), ({_BEFORE_ALL})::bigint)
      AND transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY transaction, id LIMIT %(batch)s
  ) next
)
INSERT INTO accounts_auditseal (up_to, entries, digest)
SELECT max(e.transaction), count(*), sha256(coalesce((SELECT digest FROM last), ''::bytea) || {_DIGEST})
FROM accounts_auditentry e
WHERE e.transaction > (SELECT lower FROM span) AND e.transaction <= (SELECT upper FROM span)
HAVING count(*) > 0
RETURNING entries
"""  # noqa: S608 - made of the constants above

_VERIFY = f"""
WITH chain AS MATERIALIZED (
  SELECT id, up_to, entries, digest, sealed_at,
         lag(up_to) OVER (ORDER BY id) AS lower, lag(digest) OVER (ORDER BY id) AS previous
  FROM (SELECT * FROM accounts_auditseal WHERE id >= %(after)s ORDER BY id LIMIT %(seals)s + 1) part
)
SELECT c.id, c.sealed_at, c.digest, c.entries, found.entries, found.digest = c.digest
FROM chain c CROSS JOIN LATERAL (
  SELECT count(*) AS entries,
         sha256(coalesce(c.previous, ''::bytea) || coalesce({_DIGEST}, ''::bytea)) AS digest
  FROM accounts_auditentry e
  WHERE e.transaction > coalesce(c.lower, ({_BEFORE_ALL})::bigint) AND e.transaction <= c.up_to
) found
WHERE c.id > %(after)s
ORDER BY c.id LIMIT %(seals)s
"""  # noqa: S608 - made of the constants above

_UNSEALED = """
SELECT count(*), min(at), coalesce(min(at) < statement_timestamp() - make_interval(secs => %(late)s), false)
FROM accounts_auditentry WHERE transaction > %(up_to)s
"""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The first thing that does not fit. `seal` is where; None where it is after the last seal."""

    kind: str
    words: str
    seal: int | None = None


@dataclass(kw_only=True)
class Report:
    """What a verification found. `newest` and `digest` are the last seal that fits; whoever notes the digest
    elsewhere can tell later that nothing up to there was taken away."""

    seals: int = 0
    entries: int = 0
    newest: int = 0
    digest: str = ""
    finding: Finding | None = None
    unsealed: int = 0
    unsealed_since: datetime | None = None
    #: False where the time given was over before the last seal was reached.
    is_finished: bool = True


def seal(*, batch: int = BATCH) -> int:
    """The oldest entries that are not sealed are, whole transactions of them; the answer is how many.

    0 where there are none yet whose time has come, or where somebody else is sealing.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # In a statement of its own: the next one must see the seal of whoever had the lock before.
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_SEAL, {"batch": batch})
        sealed = cursor.fetchone()
    return sealed[0] if sealed else 0


def verify(*, door: Door, after: int | None = 0, seconds: float | None = None) -> Report:
    """Every seal after the one of id `after` is computed anew, for so many seconds at most.

    None stands for the last seal that ever fitted, which must still stand in any case. It ends at the first
    that does not fit. That somebody verified, and what came of it, is on record; a finding is logged as an
    error besides. Memory does not grow with the record.
    """
    remembered = _remembered()
    report = remembered if after is None else Report(newest=after, digest=_digest_of(after))
    if report.finding is None:
        _walk(report, seconds)
    if report.is_finished:
        report.finding = report.finding or remembered.finding or _look_at_the_unsealed(report)
    detail: dict[str, Any] = {"seal": report.newest, "digest": report.digest, "seals": report.seals}
    if finding := report.finding:
        detail |= {"finding": finding.kind, "at_seal": finding.seal}
        logger.error("access log: %s", finding.words)
    else:
        logger.info("access log: verified up to seal %d, digest %s", report.newest, report.digest)
    record(Act.LOG_VERIFIED, door, what="verify_audit", succeeded=finding is None, detail=detail)
    return report


def _remembered() -> Report:
    """At the last seal that ever fitted; with a finding where it is there no more, or is another one."""
    verified = AuditEntry.objects.filter(act=Act.LOG_VERIFIED, succeeded=True, detail__seal__gt=0)
    last = verified.order_by("-detail__seal").values_list("detail", flat=True).first()
    if last is None:
        return Report()
    report = Report(newest=last["seal"], digest=last["digest"])
    if _digest_of(report.newest) != report.digest:
        words = f"Seal {report.newest}, which fitted when it was last verified, is gone or another one."
        report.finding = Finding(kind="seal_gone", words=words, seal=report.newest)
    return report


def _walk(report: Report, seconds: float | None) -> None:
    ends = None if seconds is None else time.monotonic() + seconds
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_VERIFY, {"after": report.newest, "seals": SEALS})
            rows = cursor.fetchall()
        for id_, sealed_at, digest, sealed, found, fits in rows:
            if not fits or sealed != found:
                report.finding = _misfit(id_, sealed_at, sealed, found)
                return
            report.seals += 1
            report.entries += found
            report.newest, report.digest = id_, bytes(digest).hex()
        if len(rows) < SEALS:
            return
        if ends is not None and time.monotonic() > ends:
            report.is_finished = False
            return


def _digest_of(seal_id: int) -> str:
    found = AuditSeal.objects.filter(pk=seal_id).values_list("digest", flat=True).first()
    return bytes(found).hex() if found is not None else ""


def _misfit(seal_id: int, sealed_at: datetime, sealed: int, found: int) -> Finding:
    where = f"Seal {seal_id} of {sealed_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ} does not fit"
    if found < sealed:
        words = f"{where}: {sealed - found:,} of its {sealed:,} entries are missing."
        return Finding(kind="missing", words=words, seal=seal_id)
    if found > sealed:
        words = f"{where}: {found - sealed:,} entries were added to its {sealed:,}, or a seal before is gone."
        return Finding(kind="added", words=words, seal=seal_id)
    words = f"{where}: something in its {sealed:,} entries, in it or in the seal before it was changed."
    return Finding(kind="changed", words=words, seal=seal_id)


def _look_at_the_unsealed(report: Report) -> Finding | None:
    up_to = AuditSeal.objects.order_by("-pk").values_list("up_to", flat=True).first()
    with connection.cursor() as cursor:
        # Asked with the number itself: of one that it must look up first, the planner expects too much.
        cursor.execute(_UNSEALED, {"up_to": up_to or _BEFORE_ALL, "late": LATE.total_seconds()})
        report.unsealed, report.unsealed_since, is_late = cursor.fetchone()
    if not is_late or report.unsealed_since is None:
        return None
    since = report.unsealed_since.astimezone(UTC)
    words = f"{report.unsealed:,} entries are not sealed, the oldest since {since:%Y-%m-%dT%H:%M:%S.%fZ}."
    return Finding(kind="unsealed", words=words)
