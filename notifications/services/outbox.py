"""The outbox: lease, begin to send, complete; and the reaper that frees what a dead sender held.

A lease outlives Celery's hard limit, that its soft limit, that the mail server's timeout. Whoever cannot
finish simply stops: the fence refuses its late word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from notifications.models import AlertState
from notifications.services.statements import rows_of

#: Seconds a lease lasts.
LEASE = 60
#: Seconds that must be left of it when a sending begins: more than the mail server's timeout.
LEFT = 15

# Decides again before acting: an alert whose deadline was met, withdrawn or moved since it was fired is not
# leased but withdrawn.
_LEASE = """
WITH ready AS MATERIALIZED (
  SELECT a.id, (d.state IN ('open', 'overdue') AND d.revision = c.revision) AS stands,
         COALESCE(u.email, g.email, '') AS address, COALESCE(u.is_active, true) AS is_active
  FROM notifications_alert a
  JOIN orders_checkpoint c ON c.id = a.checkpoint_id
  JOIN orders_deadline d ON d.id = c.deadline_id
  LEFT JOIN accounts_user u ON u.id = a.recipient_id
  LEFT JOIN accounts_agency g ON g.id = a.agency_id
  WHERE a.state = 0 AND a.next_attempt_at <= statement_timestamp() AND a.channel = 'email'
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
RETURNING a.id, a.fence, a.public_id, a.state, a.attempts, ready.address, ready.is_active
"""

# Committed before the network is touched: a row that is found in this state after a crash may have been sent.
_BEGIN = """
UPDATE notifications_alert a
SET state = 2, first_sent_at = COALESCE(a.first_sent_at, statement_timestamp())
FROM unnest(%(ids)s::bigint[], %(fences)s::bigint[]) AS mine (id, fence)
WHERE a.id = mine.id AND a.fence = mine.fence AND a.state + 0 = 1
  AND a.lease_until > statement_timestamp() + make_interval(secs => %(left)s)
RETURNING a.id
"""

# “state + 0” keeps the planner off the small partial index of leases, whose statistics say it is empty.
_COMPLETE = """
UPDATE notifications_alert a
SET state = mine.state, lease_until = NULL,
    accepted_at = CASE WHEN mine.state = 3 THEN statement_timestamp() ELSE a.accepted_at END,
    next_attempt_at = statement_timestamp() + make_interval(secs => mine.wait),
    provider_ref = mine.ref, last_error = mine.error
FROM unnest(%(ids)s::bigint[], %(fences)s::bigint[], %(states)s::smallint[], %(waits)s::float[],
            %(refs)s::text[], %(errors)s::text[]) AS mine (id, fence, state, wait, ref, error)
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

# SMTP neither honours a key nor can be asked. A check or an escalation is sent once more and marked, for one
# missed is worse than one doubled; a reminder stays in doubt for a person to look at.
_DECIDE_DOUBT = """
WITH doubtful AS MATERIALIZED (
  SELECT a.id FROM notifications_alert a JOIN orders_checkpoint c ON c.id = a.checkpoint_id
  WHERE a.state = 5 AND NOT a.possible_duplicate AND c.purpose IN ('check', 'escalate')
  ORDER BY a.id LIMIT 1000 FOR NO KEY UPDATE OF a SKIP LOCKED
)
UPDATE notifications_alert a
SET state = 0, possible_duplicate = true, next_attempt_at = statement_timestamp()
FROM doubtful WHERE a.id = doubtful.id
RETURNING a.id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Leased:
    """An alert that this worker, and no other, may send while the lease lasts."""

    id: int
    fence: int
    public_id: str
    attempts: int
    address: str
    is_active: bool


class End(IntEnum):
    """How a leased alert may end; the values are those of `AlertState`."""

    READY = AlertState.READY.value
    ACCEPTED = AlertState.ACCEPTED.value
    IN_DOUBT = AlertState.IN_DOUBT.value
    FAILED = AlertState.FAILED.value


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """What became of one leased alert. `wait`: seconds until it may be tried again."""

    alert: Leased
    end: End
    wait: float = 0.0
    ref: str = ""
    error: str = ""


def lease(limit: int, *, worker: str) -> list[Leased]:
    """Up to `limit` alerts that are ready, leased to `worker`; what no longer stands is withdrawn."""
    rows = rows_of(_LEASE, {"limit": limit, "lease": LEASE, "worker": worker})
    return [
        Leased(
            id=id_,
            fence=fence,
            public_id=str(public_id),
            attempts=attempts,
            address=address,
            is_active=active,
        )
        for id_, fence, public_id, state, attempts, address, active in rows
        if state == AlertState.LEASED
    ]


def begin(alerts: Sequence[Leased]) -> list[Leased]:
    """Those of the alerts that may be sent now; the rest lost their lease or have too little of it left."""
    begun = {
        id_
        for (id_,) in rows_of(
            _BEGIN,
            {
                "ids": [one.id for one in alerts],
                "fences": [one.fence for one in alerts],
                "left": LEFT,
            },
        )
    }
    return [one for one in alerts if one.id in begun]


def complete(completions: Sequence[Completion]) -> int:
    """Records what became of the alerts; answers how many. An alert whose lease was lost is left alone."""
    return len(
        rows_of(
            _COMPLETE,
            {
                "ids": [one.alert.id for one in completions],
                "fences": [one.alert.fence for one in completions],
                "states": [one.end.value for one in completions],
                "waits": [one.wait for one in completions],
                "refs": [one.ref[:200] for one in completions],
                "errors": [one.error[:200] for one in completions],
            },
        )
    )


def reap() -> dict[str, int]:
    """Frees expired leases and decides what to do with alerts in doubt; counts both."""
    freed = rows_of(_REAP, {})
    resent = rows_of(_DECIDE_DOUBT, {})
    return {
        "freed": sum(state == AlertState.READY for (state,) in freed),
        "in_doubt": sum(state == AlertState.IN_DOUBT for (state,) in freed),
        "sent_again": len(resent),
    }


def backlog_seconds() -> float:
    """For how many seconds the longest waiting alert has been ready to send."""
    rows = rows_of(
        "SELECT extract(epoch FROM statement_timestamp() - next_attempt_at) FROM notifications_alert "
        "WHERE state = 0 AND next_attempt_at <= statement_timestamp() ORDER BY next_attempt_at, id LIMIT 1",
        {},
    )
    return float(rows[0][0]) if rows else 0.0
