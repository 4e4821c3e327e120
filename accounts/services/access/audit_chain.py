"""Extend and verify the audit chain: batches of access-log entries, each with a digest over all before it.

Readers and writers of the log never wait for the chain. Each entry carries the id of its transaction and
joins the chain once every transaction with an id up to that one is over.

In a restored database these ids start again. The first link there ends the era of the database before: for a
moment it locks the log, and takes every entry that is in no link.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from string import Template
from typing import Any

from django.db import connection, transaction

from accounts.database import IDENTITY, difference
from accounts.models import BEFORE_ALL, AuditAction, AuditChainLink, AuditEntry, EntryPoint
from accounts.services.access.access_log import record

logger = logging.getLogger(__name__)

#: Entries of one link; more if one transaction wrote more.
BATCH = 10_000
#: Links that one statement verifies. The statement must end long before the statement timeout.
LINKS = 20
#: An entry outside the chain for this long is a fault: the task does not run, or a transaction never ends.
LATE = timedelta(minutes=15)
#: Above every id.
_ABOVE_ALL = 2**63 - 1

#: Advisory lock held while a link is added, until it is committed.
_LOCK = 0x0A0D17

#: Every column of an entry, in a form that does not depend on session settings such as the time zone.
_CANONICAL = """sha256(convert_to(jsonb_build_array(
  e.id, (extract(epoch FROM e.at) * 1000000)::bigint, e.action, e.entry_point, e.what, e.actor_id,
  e.subject_id, e.token_id, e.address::text, e.succeeded, e.detail, to_jsonb(e.cases), e.transaction
)::text, 'UTF8'))"""

_DIGEST = f"string_agg({_CANONICAL}, ''::bytea ORDER BY e.transaction, e.id)"

#: What of the end of an era its digest covers besides the entries.
_END = (
    """convert_to(jsonb_build_array({0}database, {0}era_after, {0}closed_after, {0}last_id)::text, 'UTF8')"""
)

#: Where the next link begins: after the newest link, or in a new era.
_NEXT = """
last AS MATERIALIZED (SELECT * FROM accounts_auditchainlink ORDER BY id DESC LIMIT 1),
next AS MATERIALIZED (
  SELECT coalesce((SELECT up_to FROM last WHERE closed_after IS NULL), BEFORE_ALL) AS lower,
         coalesce((SELECT CASE WHEN closed_after IS NULL THEN era_after ELSE last_id END FROM last),
                  BEFORE_ALL) AS era_after,
         (SELECT CASE WHEN closed_after IS NULL THEN last_id END FROM last) AS last_id,
         coalesce((SELECT database NOT IN ('', IDENTITY) FROM last), false) AS is_other
)""".replace("BEFORE_ALL", f"({BEFORE_ALL})::bigint").replace("IDENTITY", IDENTITY)

_STATE = f"WITH {_NEXT} TABLE next"

_ADD_LINK = Template("""
WITH $next, span AS MATERIALIZED (
  SELECT max(ready.transaction) AS upper
  FROM (
    SELECT transaction FROM accounts_auditentry
    WHERE transaction > (SELECT lower FROM next) AND id > (SELECT era_after FROM next)
      AND transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY transaction, id LIMIT %(batch)s
  ) ready
)
INSERT INTO accounts_auditchainlink (up_to, entries, digest, era_after, last_id, database)
SELECT max(e.transaction), count(*), sha256(coalesce((SELECT digest FROM last), ''::bytea) || $digest),
       (SELECT era_after FROM next), greatest(max(e.id), (SELECT last_id FROM next)), $identity
FROM accounts_auditentry e
WHERE e.transaction > (SELECT lower FROM next) AND e.transaction <= (SELECT upper FROM span)
  AND e.id > (SELECT era_after FROM next)
HAVING count(*) > 0
RETURNING entries
""").substitute(next=_NEXT, digest=_DIGEST, identity=IDENTITY)

_END_ERA = Template("""
WITH $next, ends AS MATERIALIZED (
  SELECT *, coalesce(last_id, era_after) AS closed_after, $identity AS database FROM next
), whole AS (
  SELECT max(e.transaction) FILTER (WHERE e.id <= ends.closed_after) AS up_to, count(*) AS entries,
         $digest AS digest, max(e.id) AS last_id
  FROM ends CROSS JOIN LATERAL (
    SELECT * FROM accounts_auditentry
    WHERE transaction > ends.lower AND id > ends.era_after AND id <= ends.closed_after
    UNION ALL
    SELECT * FROM accounts_auditentry WHERE id > ends.closed_after
  ) e
)
INSERT INTO accounts_auditchainlink (up_to, entries, digest, era_after, last_id, closed_after, database)
SELECT greatest(n.lower, n.up_to), n.entries,
       sha256(coalesce((SELECT digest FROM last), ''::bytea) || n.digest || $end),
       n.era_after, n.last_id, n.closed_after, n.database
FROM (
  SELECT ends.lower, ends.era_after, ends.closed_after, ends.database,
         whole.up_to, whole.entries, whole.digest, greatest(whole.last_id, ends.closed_after) AS last_id
  FROM ends CROSS JOIN whole
) n
WHERE n.entries > 0
RETURNING entries
""").substitute(next=_NEXT, identity=IDENTITY, digest=_DIGEST, end=_END.format("n."))

# `highest`: through which id transactions of the era count. Above it, those of a restored database may.
# Within a closed era nothing is above its last regular link but what the link that closed it holds.
_VERIFY = Template("""
WITH part AS MATERIALIZED (
  SELECT * FROM accounts_auditchainlink WHERE id >= %(after)s ORDER BY id LIMIT %(links)s + 1
), chain AS MATERIALIZED (
  SELECT part.*, lag(part.digest) OVER w AS previous,
         CASE WHEN lag(part.era_after) OVER w = part.era_after AND lag(part.closed_after) OVER w IS NULL
              THEN lag(part.up_to) OVER w ELSE ($before_all)::bigint END AS lower,
         CASE WHEN lag(part.id) OVER w IS NULL
         THEN %(after)s > 0 OR part.era_after = ($before_all)::bigint
         ELSE (
           part.era_after = CASE WHEN lag(part.closed_after) OVER w IS NULL THEN lag(part.era_after) OVER w
                            ELSE lag(part.last_id) OVER w END
           AND (part.closed_after IS NULL OR part.closed_after = coalesce(
             CASE WHEN lag(part.closed_after) OVER w IS NULL THEN lag(part.last_id) OVER w END,
             part.era_after))) END AS follows,
         coalesce(part.closed_after, ended.closed_after,
                  CASE WHEN part.era_after = %(era_after)s THEN %(highest)s ELSE $above_all END) AS highest
  FROM part LEFT JOIN accounts_auditchainlink ended
    ON ended.era_after = part.era_after AND ended.closed_after IS NOT NULL
  WINDOW w AS (ORDER BY part.id)
)
SELECT c.id, c.created_at, c.digest, c.entries, found.entries, found.digest = c.digest AND c.follows
FROM chain c CROSS JOIN LATERAL (
  SELECT count(*) AS entries,
         sha256(coalesce(c.previous, ''::bytea) || coalesce($digest, ''::bytea)
                || CASE WHEN c.closed_after IS NULL THEN ''::bytea ELSE $end END) AS digest
  FROM (
    SELECT * FROM accounts_auditentry
    WHERE transaction > c.lower
      AND transaction <= CASE WHEN c.closed_after IS NULL THEN c.up_to ELSE $above_all END
      AND id > c.era_after AND id <= c.highest
    UNION ALL
    SELECT * FROM accounts_auditentry
    WHERE c.closed_after IS NOT NULL AND id > c.closed_after AND id <= c.last_id
  ) e
) found
WHERE c.id > %(after)s
ORDER BY c.id LIMIT %(links)s
""").substitute(before_all=BEFORE_ALL, above_all=_ABOVE_ALL, digest=_DIGEST, end=_END.format("c."))

# The second part: entries of a restored database, before the era of the one before is closed.
_UNLINKED = """
SELECT count(*), min(at), coalesce(min(at) < statement_timestamp() - make_interval(secs => %(late)s), false)
FROM (
  SELECT at FROM accounts_auditentry WHERE transaction > %(up_to)s AND id > %(era_after)s
  UNION ALL
  SELECT at FROM accounts_auditentry WHERE transaction <= %(up_to)s AND id > %(highest)s
) unlinked
"""

_ENDED = """
SELECT id, created_at, database, lag(database) OVER (ORDER BY id), closed_after IS NOT NULL FROM (
  SELECT * FROM accounts_auditchainlink WHERE closed_after IS NOT NULL
  UNION SELECT * FROM accounts_auditchainlink WHERE id IN (
    SELECT (SELECT max(before.id) FROM accounts_auditchainlink before WHERE before.id < ended.id)
    FROM accounts_auditchainlink ended WHERE ended.closed_after IS NOT NULL)
) found ORDER BY id
"""


@dataclass(frozen=True, kw_only=True)
class ChainFault:
    """The first mismatch. `link` is its id; None if the fault is after the last link."""

    kind: str
    message: str
    link: int | None = None


@dataclass(frozen=True, kw_only=True)
class EndedEra:
    """A link that ended an era: since when another database continues the chain, and why."""

    link: int
    at: datetime
    before: str
    after: str

    @property
    def reason(self) -> str:
        """How the one database became the other."""
        return difference(self.before, self.after)


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
        if _position()[-1]:
            cursor.execute("SELECT accounts_lock_access_log()")
            # Its own statement: it must see what was written while the lock was waited for.
            cursor.execute(_END_ERA)
        else:
            cursor.execute(_ADD_LINK, {"batch": batch})
        added = cursor.fetchone()
    return added[0] if added else 0


def ended_eras() -> list[EndedEra]:
    """Return the ends of all eras but the present one, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_ENDED)
        return [
            EndedEra(link=id_, at=at, before=before or "", after=after)
            for id_, at, after, before, is_end in cursor.fetchall()
            if is_end
        ]


def verify(
    *,
    entry_point: EntryPoint,
    after: int | None = 0,
    seconds: float | None = None,
    is_whole: bool = False,
) -> ChainReport:
    """Recompute every link after the one with id `after`, for at most `seconds`.

    `is_whole`: every link up to `after` was verified by the calls before.

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
    if report.is_finished and (is_whole or after == 0):
        detail["is_whole"] = True
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
    _, era_after, highest = _open_era()
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                _VERIFY, {"after": report.newest, "links": LINKS, "era_after": era_after, "highest": highest}
            )
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


def _position() -> tuple[int, int, int | None, bool]:
    """Return where the next link begins: transaction and id, the last id before, and if a new era begins."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        lower, era_after, last_id, is_other = cursor.fetchone()
    return lower, era_after, last_id, is_other


def _open_era() -> tuple[int, int, int]:
    """Return the last transaction in the chain, where its era begins, and through which id it counts."""
    lower, era_after, last_id, is_other = _position()
    return lower, era_after, last_id if is_other and last_id is not None else _ABOVE_ALL


def unlinked() -> tuple[int, datetime | None, bool]:
    """Return how many entries are in no link, since when, and whether that is too long."""
    up_to, era_after, highest = _open_era()
    with connection.cursor() as cursor:
        # Pass the values themselves: with a subquery the planner expects too many rows.
        cursor.execute(
            _UNLINKED,
            {"up_to": up_to, "era_after": era_after, "highest": highest, "late": LATE.total_seconds()},
        )
        count, since, is_late = cursor.fetchone()
    return count, since, is_late


def _check_unlinked(report: ChainReport) -> ChainFault | None:
    report.unlinked, report.unlinked_since, is_late = unlinked()
    if not is_late or report.unlinked_since is None:
        return None
    since = report.unlinked_since.astimezone(UTC)
    message = (
        f"{report.unlinked:,} entries are not in the chain, the oldest since {since:%Y-%m-%dT%H:%M:%S.%fZ}."
    )
    return ChainFault(kind="unlinked", message=message)
