"""The outbox of webhooks: lease, complete; and the reaper that frees what a dead sender held.

A lease outlives the longest lot of POSTs. A delivery whose lease ran out is sent again with the same id, by
which the system that is told knows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from notifications.models import DeliveryState
from notifications.services.statements import rows_of

#: Seconds a lease lasts: several times what one POST may take.
LEASE = 60
#: Of one subscription's deliveries, how many one lot takes: a system that is slow holds up itself alone.
OF_ONE = 4

# Decides again before acting: only of subscriptions that are active now.
_LEASE = """
WITH ready AS MATERIALIZED (
  SELECT one.id, s.url, s.sealed_secret
  FROM notifications_webhooksubscription s
  CROSS JOIN LATERAL (
    SELECT d.id, d.next_attempt_at
    FROM notifications_webhookdelivery d
    WHERE d.subscription_id = s.id AND d.state = 0 AND d.next_attempt_at <= statement_timestamp()
    ORDER BY d.next_attempt_at, d.id
    LIMIT %(of_one)s
    FOR NO KEY UPDATE SKIP LOCKED
  ) one
  WHERE s.state = 'active'
  ORDER BY one.next_attempt_at, one.id
  LIMIT %(limit)s
)
UPDATE notifications_webhookdelivery d
SET state = 1, lease_until = statement_timestamp() + make_interval(secs => %(lease)s),
    fence = d.fence + 1, attempts = d.attempts + 1
FROM ready WHERE d.id = ready.id
RETURNING d.id, d.fence, d.public_id, d.subscription_id, d.event, d.occurred_at, d.alert, d."order",
          d.attempts, extract(epoch FROM statement_timestamp() - d.occurred_at)::float,
          ready.url, ready.sealed_secret
"""

_COMPLETE = """
UPDATE notifications_webhookdelivery d
SET state = mine.state, lease_until = NULL,
    delivered_at = CASE WHEN mine.state = 2 THEN statement_timestamp() END,
    next_attempt_at = statement_timestamp() + make_interval(secs => mine.wait),
    last_error = mine.error
FROM unnest(%(ids)s::bigint[], %(fences)s::bigint[], %(states)s::smallint[], %(waits)s::float[],
            %(errors)s::text[]) AS mine (id, fence, state, wait, error)
WHERE d.id = mine.id AND d.fence = mine.fence AND d.state + 0 = 1
RETURNING d.id
"""

_REAP = """
WITH expired AS MATERIALIZED (
  SELECT id FROM notifications_webhookdelivery
  WHERE state = 1 AND lease_until < statement_timestamp()
  ORDER BY lease_until LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE notifications_webhookdelivery d
SET state = 0, fence = d.fence + 1, lease_until = NULL, next_attempt_at = statement_timestamp()
FROM expired WHERE d.id = expired.id
RETURNING d.id
"""

# What was written while its subscription was being disabled, or came back from a lease after it was.
_WITHDRAW = """
WITH idle AS MATERIALIZED (
  SELECT d.id
  FROM notifications_webhooksubscription s
  JOIN notifications_webhookdelivery d ON d.subscription_id = s.id AND d.state = 0
  WHERE s.state <> 'active'
  LIMIT 1000
  FOR NO KEY UPDATE OF d SKIP LOCKED
)
UPDATE notifications_webhookdelivery d SET state = 4 FROM idle WHERE d.id = idle.id
RETURNING d.id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Leased:
    """A delivery that this worker, and no other, may send while the lease lasts. `age` in seconds."""

    id: int
    fence: int
    public_id: str
    subscription: int
    event: str
    occurred_at: datetime
    alert: str | None
    order: str | None
    attempts: int
    age: float
    url: str
    sealed_secret: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """What became of one leased delivery. `wait`: seconds until it may be tried again."""

    delivery: Leased
    end: DeliveryState
    wait: float = 0.0
    error: str = ""


def lease(limit: int) -> list[Leased]:
    """Up to `limit` deliveries that are ready, a few of each subscription, the longest waiting first."""
    rows = rows_of(_LEASE, {"limit": limit, "of_one": OF_ONE, "lease": LEASE})
    return [
        Leased(
            id=id_,
            fence=fence,
            public_id=str(public_id),
            subscription=subscription,
            event=event,
            occurred_at=occurred_at,
            alert=alert and str(alert),
            order=order and str(order),
            attempts=attempts,
            age=age,
            url=url,
            sealed_secret=sealed_secret,
        )
        for (
            id_,
            fence,
            public_id,
            subscription,
            event,
            occurred_at,
            alert,
            order,
            attempts,
            age,
            url,
            sealed_secret,
        ) in rows
    ]


def complete(completions: Sequence[Completion]) -> int:
    """Records what became of the deliveries; answers how many. One whose lease was lost is left alone."""
    return len(
        rows_of(
            _COMPLETE,
            {
                "ids": [one.delivery.id for one in completions],
                "fences": [one.delivery.fence for one in completions],
                "states": [one.end.value for one in completions],
                "waits": [one.wait for one in completions],
                "errors": [one.error[:200] for one in completions],
            },
        )
    )


def reap() -> int:
    """Frees expired leases, and withdraws what nobody is subscribed to any more; counts the freed."""
    freed = len(rows_of(_REAP, {}))
    rows_of(_WITHDRAW, {})
    return freed
