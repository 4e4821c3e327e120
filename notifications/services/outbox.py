"""The outbox: lease, begin to send, complete; and the reaper that frees what a dead sender held.

A lease outlives Celery's hard limit, that its soft limit, that a provider's timeout. Whoever cannot finish
simply stops: the fence refuses its late word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from enum import IntEnum
from uuid import UUID

from notifications.models import AlertState
from notifications.services.offers import STANDS
from notifications.services.statements import rows_of

#: Seconds a lease lasts.
LEASE = 60
#: Seconds that must be left of it when a sending begins: more than a provider takes for a part, at the most.
LEFT = 20
#: Seconds that a doubt waits for a receipt, where the provider sends any.
FOR_A_RECEIPT = 120

# Decides again before acting. An alert whose deadline was met, withdrawn or moved since it was fired is not
# leased but withdrawn; so is one that was answered through another channel or before its step of the ladder
# was sent, one whose release ended or whose safe contact no longer stands, and word of a finding that is gone
# or of an offer that is over. A printed notice is a person's to deliver.
_LEASE = f"""
WITH ready AS MATERIALIZED (
  SELECT a.id, a.public_id, a.channel, a.via, a.recipient_id, a.agency_id, a.release_id, a.message_key,
         a.bundled, a.template, a.provider, a.created_at, a.first_sent_at,
         CASE WHEN a.hand_over_id IS NOT NULL THEN 'check' ELSE COALESCE(c.purpose, '') END AS purpose,
         COALESCE(d.rule_id, '') AS rule_id,
         CASE WHEN a.finding_id IS NOT NULL THEN f.resolved_at IS NULL
              WHEN a.hand_over_id IS NOT NULL THEN a.acknowledged_at IS NULL AND {STANDS}
              ELSE d.state IN ('open', 'overdue') AND d.revision = c.revision
                AND a.acknowledged_at IS NULL
                AND (a.release_id IS NULL OR r.begins_at <= statement_timestamp()
                     AND r.ends_at > statement_timestamp()
                     AND (r.revoked_at IS NULL OR r.revoked_at > statement_timestamp()))
                AND (a.via NOT IN ('relay', 'protected')
                     OR s.confirmed_at + s.confirm_every > statement_timestamp()
                     AND s.channel = CASE a.via WHEN 'relay' THEN 'relay' ELSE a.channel END)
                AND w.answered_at IS NULL
         END IS TRUE AS stands,
         CASE WHEN a.via = 'protected' THEN s.sealed_address
              WHEN a.channel = 'sms' THEN p.phone
              WHEN a.channel = 'service' THEN p.sealed_service
              ELSE COALESCE(u.email, g.email) END AS address,
         CASE WHEN a.via = 'protected' THEN s.sealed_phrase END AS sealed_phrase,
         COALESCE(u.is_active, true) AS is_active,
         CASE WHEN a.via = 'protected' THEN s.language ELSE COALESCE(p.language, 'en') END AS language,
         COALESCE(p.zone, 'America/New_York') AS zone,
         CASE WHEN a.via = 'protected' THEN s.hours_until ELSE p.quiet_from END AS quiet_from,
         CASE WHEN a.via = 'protected' THEN s.hours_from ELSE p.quiet_until END AS quiet_until,
         p.digest_at
  FROM notifications_alert a
  LEFT JOIN orders_checkpoint c ON c.id = a.checkpoint_id
  LEFT JOIN orders_handover h ON h.id = a.hand_over_id
  LEFT JOIN orders_followup t ON t.id = h.follow_up_id
  LEFT JOIN orders_deadline d ON d.id = COALESCE(t.deadline_id, c.deadline_id)
  LEFT JOIN notifications_finding f ON f.id = a.finding_id
  LEFT JOIN notifications_awaitedanswer w ON w.id = a.awaited_id
  LEFT JOIN accounts_user u ON u.id = a.recipient_id
  LEFT JOIN accounts_agency g ON g.id = a.agency_id
  LEFT JOIN notifications_preference p ON p.user_id = a.recipient_id
  LEFT JOIN orders_release r ON r.id = a.release_id
  LEFT JOIN notifications_safecontact s
    ON s.release_id = a.release_id AND s.ended_at IS NULL AND a.via IN ('relay', 'protected')
  WHERE a.state IN (0, 8) AND a.next_attempt_at <= statement_timestamp()
  ORDER BY a.next_attempt_at, a.id
  LIMIT %(limit)s
  FOR NO KEY UPDATE OF a SKIP LOCKED
)
UPDATE notifications_alert a
SET state = CASE WHEN ready.stands THEN 1 ELSE 7 END,
    lease_until = CASE WHEN ready.stands THEN statement_timestamp() + make_interval(secs => %(lease)s) END,
    fence = a.fence + 1, worker = %(worker)s,
    attempts = a.attempts + CASE WHEN ready.stands THEN 1 ELSE 0 END
FROM ready WHERE a.id = ready.id
RETURNING a.state, statement_timestamp(), a.id, a.fence, a.attempts, ready.public_id, ready.channel,
          ready.via, ready.recipient_id, ready.agency_id, ready.release_id, ready.message_key, ready.bundled,
          ready.template, ready.provider, ready.created_at, ready.first_sent_at, ready.purpose,
          ready.rule_id,
          COALESCE(ready.address, ''), COALESCE(ready.sealed_phrase, ''), ready.is_active, ready.language,
          ready.zone, ready.quiet_from, ready.quiet_until, ready.digest_at
"""  # noqa: S608 - made of a constant of ours

# Committed before the network is touched: a row that is found in this state after a crash may have been sent,
# and through whom. Begun once more where a provider certainly took nothing and the next one is asked.
_BEGIN = """
UPDATE notifications_alert a
SET state = 2, first_sent_at = COALESCE(a.first_sent_at, statement_timestamp()),
    message_key = mine.key, bundled = mine.bundled, template = mine.template, provider = mine.provider
FROM unnest(%(ids)s::bigint[], %(fences)s::bigint[], %(keys)s::uuid[], %(bundled)s::smallint[],
            %(templates)s::text[], %(providers)s::text[])
     AS mine (id, fence, key, bundled, template, provider)
WHERE a.id = mine.id AND a.fence = mine.fence AND a.state + 0 IN (1, 2)
  AND a.lease_until > statement_timestamp() + make_interval(secs => %(left)s)
RETURNING a.id
"""

# “state + 0” keeps the planner off the small partial index of leases, whose statistics say it is empty. What
# was only held back was not attempted.
_COMPLETE = """
UPDATE notifications_alert a
SET state = mine.state, lease_until = NULL,
    accepted_at = CASE WHEN mine.state = 3 THEN statement_timestamp() ELSE a.accepted_at END,
    next_attempt_at = statement_timestamp() + make_interval(secs => mine.wait),
    attempts = a.attempts - mine.held::int,
    provider = CASE WHEN mine.state IN (0, 8) AND NOT mine.sticks THEN '' ELSE a.provider END,
    provider_ref = mine.ref, last_error = mine.error
FROM unnest(%(ids)s::bigint[], %(fences)s::bigint[], %(states)s::smallint[], %(waits)s::float[],
            %(held)s::boolean[], %(sticks)s::boolean[], %(refs)s::text[], %(errors)s::text[])
     AS mine (id, fence, state, wait, held, sticks, ref, error)
WHERE a.id = mine.id AND a.fence = mine.fence AND a.state + 0 IN (1, 2)
RETURNING a.id
"""

# Never begun: ready again. Begun: in doubt.
_REAP = """
WITH expired AS MATERIALIZED (
  SELECT id FROM notifications_alert
  WHERE state IN (1, 2) AND lease_until < statement_timestamp()
  ORDER BY lease_until LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE notifications_alert a
SET state = CASE a.state WHEN 1 THEN 0 ELSE 5 END, fence = a.fence + 1, lease_until = NULL, worker = '',
    next_attempt_at = statement_timestamp()
FROM expired WHERE a.id = expired.id
RETURNING a.state
"""

# A provider that honours our key is given it again, as long as it does. One that sends receipts is waited for
# a while. After that, and where there is neither: what must not be missed is sent once more and marked, for
# one missed is worse than one doubled; what can wait stays in doubt for a person to look at.
_DECIDE_DOUBT = """
WITH doubtful AS MATERIALIZED (
  SELECT a.id, a.first_sent_at > statement_timestamp() - kept.lasts AS honoured
  FROM notifications_alert a
  LEFT JOIN orders_checkpoint c ON c.id = a.checkpoint_id
  LEFT JOIN unnest(%(keepers)s::text[], %(kept_for)s::interval[]) AS kept (name, lasts)
    ON kept.name = a.provider
  WHERE a.state = 5
    AND (a.first_sent_at > statement_timestamp() - kept.lasts
         OR NOT a.possible_duplicate AND COALESCE(c.purpose, 'check') IN ('check', 'escalate')
            AND (a.provider <> ALL (%(tellers)s)
                 OR a.next_attempt_at < statement_timestamp() - make_interval(secs => %(receipt)s)))
  ORDER BY a.id LIMIT 1000 FOR NO KEY UPDATE OF a SKIP LOCKED
)
UPDATE notifications_alert a
SET state = 0, possible_duplicate = a.possible_duplicate OR doubtful.honoured IS NOT TRUE,
    provider = CASE WHEN doubtful.honoured THEN a.provider ELSE '' END,
    next_attempt_at = statement_timestamp()
FROM doubtful WHERE a.id = doubtful.id
RETURNING a.id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Leased:
    """An alert that this worker, and no other, may send while the lease lasts. `now`: when it was leased.

    `address` and `sealed_phrase` are sealed where they are a protected person's, or another service's.
    Between the quiet hours, wall time in `zone`, what can wait waits.
    """

    now: datetime
    id: int
    fence: int
    attempts: int
    public_id: UUID
    channel: str
    via: str
    recipient: int | None
    agency: int | None
    release: int | None
    message_key: UUID | None
    bundled: int
    template: str
    provider: str
    created_at: datetime
    first_sent_at: datetime | None
    purpose: str
    rule: str
    address: str
    sealed_phrase: str
    is_active: bool
    language: str
    zone: str
    quiet_from: time | None
    quiet_until: time | None
    digest_at: time | None


#: As the lease returns them.
_NAMES = tuple(one.name for one in fields(Leased))


class End(IntEnum):
    """How a leased alert may end; the values are those of `AlertState`."""

    READY = AlertState.READY.value
    TEMPORARY_FAILURE = AlertState.TEMPORARY_FAILURE.value
    ACCEPTED = AlertState.ACCEPTED.value
    IN_DOUBT = AlertState.IN_DOUBT.value
    FAILED = AlertState.FAILED.value


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """What is on record of an alert before it is handed to a provider."""

    alert: Leased
    key: UUID
    bundled: int
    template: str
    provider: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """What became of one leased alert. `wait`: seconds until it may be tried again; `is_held`: it was not
    tried; `sticks`: only who was asked now may be asked again."""

    alert: Leased
    end: End
    wait: float = 0.0
    is_held: bool = False
    sticks: bool = False
    ref: str = ""
    error: str = ""


def lease(limit: int, *, worker: str) -> list[Leased]:
    """Up to `limit` alerts that are ready, leased to `worker`; what no longer stands is withdrawn."""
    rows = rows_of(_LEASE, {"limit": limit, "lease": LEASE, "worker": worker})
    return [
        Leased(**dict(zip(_NAMES, row, strict=True))) for state, *row in rows if state == AlertState.LEASED
    ]


def begin(alerts: Sequence[Begun]) -> set[int]:
    """The ids of those that may be sent now; the rest lost their lease or have too little of it left."""
    return {
        id_
        for (id_,) in rows_of(
            _BEGIN,
            {
                "ids": [one.alert.id for one in alerts],
                "fences": [one.alert.fence for one in alerts],
                "keys": [one.key for one in alerts],
                "bundled": [one.bundled for one in alerts],
                "templates": [one.template for one in alerts],
                "providers": [one.provider for one in alerts],
                "left": LEFT,
            },
        )
    }


def complete(completions: Sequence[Completion]) -> int:
    """Records what became of the alerts; answers how many. An alert whose lease was lost is left alone."""
    if not completions:
        return 0
    return len(
        rows_of(
            _COMPLETE,
            {
                "ids": [one.alert.id for one in completions],
                "fences": [one.alert.fence for one in completions],
                "states": [one.end.value for one in completions],
                "waits": [one.wait for one in completions],
                "held": [one.is_held for one in completions],
                "sticks": [one.sticks for one in completions],
                "refs": [one.ref[:200] for one in completions],
                "errors": [one.error[:200] for one in completions],
            },
        )
    )


def reap(*, keepers: Mapping[str, timedelta], tellers: Collection[str]) -> dict[str, int]:
    """Frees expired leases and decides what to do with alerts in doubt; counts both.

    `keepers` are the providers that honour a key, and for how long; `tellers` those that send receipts.
    """
    freed = rows_of(_REAP, {})
    resent = rows_of(
        _DECIDE_DOUBT,
        {
            "keepers": list(keepers),
            "kept_for": list(keepers.values()),
            "tellers": list(tellers),
            "receipt": FOR_A_RECEIPT,
        },
    )
    return {
        "freed": sum(state == AlertState.READY for (state,) in freed),
        "in_doubt": sum(state == AlertState.IN_DOUBT for (state,) in freed),
        "sent_again": len(resent),
    }


def backlog_seconds() -> float:
    """For how many seconds the longest waiting alert has been ready to send."""
    rows = rows_of(
        "SELECT extract(epoch FROM statement_timestamp() - next_attempt_at) FROM notifications_alert "
        "WHERE state IN (0, 8) AND next_attempt_at <= statement_timestamp() "
        "ORDER BY next_attempt_at, id LIMIT 1",
        {},
    )
    return float(rows[0][0]) if rows else 0.0
