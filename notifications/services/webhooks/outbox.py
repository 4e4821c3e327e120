"""The webhook outbox: lease, complete; and a reaper that frees the leases of dead senders.

A lease lasts longer than the slowest batch of POSTs. A delivery whose lease expired is sent again with the
same id, by which the receiving system recognizes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from string import Template

from notifications.models import DeliveryState
from notifications.services.restored import MAY_SEND
from notifications.services.sql import retried, rows_of
from notifications.services.watch.isolation import each_isolated, not_parked_sql, only_sql, rows_isolating

#: Seconds a lease lasts: several times the limit of one POST.
LEASE = 60
#: The most deliveries of one subscription in a batch, so that a slow system delays only itself.
PER_SUBSCRIPTION = 4

#: The kind of a parked delivery.
_KIND = "webhook"

# Only subscriptions that are active now.
_READY = Template("""
  SELECT one.id, s.url, s.encrypted_secret
  FROM notifications_webhooksubscription s
  CROSS JOIN LATERAL (
    SELECT d.id, d.next_attempt_at
    FROM notifications_webhookdelivery d
    WHERE d.subscription_id = s.id AND d.state = %(delivery_ready)s
      AND d.next_attempt_at <= statement_timestamp()
      AND $only AND $not_parked
    ORDER BY d.next_attempt_at, d.id
    LIMIT %(per_subscription)s
    FOR NO KEY UPDATE SKIP LOCKED
  ) one
  WHERE s.state = %(subscription_active)s AND $may_send
  ORDER BY one.next_attempt_at, one.id
  LIMIT %(limit)s
""").substitute(only=only_sql("d.id"), not_parked=not_parked_sql(_KIND, "d.id"), may_send=MAY_SEND)
_LEASE = Template("""
WITH ready AS MATERIALIZED ($ready)
UPDATE notifications_webhookdelivery d
SET state = %(delivery_leased)s, lease_until = statement_timestamp() + make_interval(secs => %(lease)s),
    fence = d.fence + 1, attempts = least(d.attempts + 1, 32000)
FROM ready WHERE d.id = ready.id
RETURNING d.id, d.fence, d.public_id, d.subscription_id, d.event, d.occurred_at, d.alert, d."order",
          d.attempts, extract(epoch FROM statement_timestamp() - d.occurred_at)::float,
          ready.url, ready.encrypted_secret, statement_timestamp()
""").substitute(ready=_READY)

_COMPLETE = """
UPDATE notifications_webhookdelivery d
SET state = mine.state, lease_until = NULL,
    delivered_at = CASE WHEN mine.state = %(delivery_delivered)s THEN statement_timestamp() END,
    next_attempt_at = statement_timestamp() + make_interval(secs => mine.wait),
    last_error = mine.error
FROM unnest(%(ids)s::bigint[], %(fences)s::bigint[], %(states)s::smallint[], %(waits)s::float[],
            %(errors)s::text[]) AS mine (id, fence, state, wait, error)
WHERE d.id = mine.id AND d.fence = mine.fence AND d.state + 0 = %(delivery_leased)s
RETURNING d.id
"""

_EXPIRED = Template("""
  SELECT id FROM notifications_webhookdelivery
  WHERE state = %(delivery_leased)s AND lease_until < statement_timestamp()
    AND $only AND $not_parked
  ORDER BY lease_until LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED
""").substitute(only=only_sql("id"), not_parked=not_parked_sql(_KIND, "notifications_webhookdelivery.id"))
_REAP = Template("""
WITH expired AS MATERIALIZED ($expired)
UPDATE notifications_webhookdelivery d
SET state = %(delivery_ready)s, fence = d.fence + 1, lease_until = NULL,
    next_attempt_at = statement_timestamp()
FROM expired WHERE d.id = expired.id
RETURNING d.id
""").substitute(expired=_EXPIRED)

# Deliveries created while their subscription was being disabled, or freed from a lease afterwards.
_IDLE = Template("""
  SELECT d.id
  FROM notifications_webhooksubscription s
  JOIN notifications_webhookdelivery d ON d.subscription_id = s.id AND d.state = %(delivery_ready)s
  WHERE s.state <> %(subscription_active)s
    AND $only AND $not_parked
  LIMIT 1000
  FOR NO KEY UPDATE OF d SKIP LOCKED
""").substitute(only=only_sql("d.id"), not_parked=not_parked_sql(_KIND, "d.id"))
_WITHDRAW = Template("""
WITH idle AS MATERIALIZED ($idle)
UPDATE notifications_webhookdelivery d SET state = %(delivery_withdrawn)s FROM idle WHERE d.id = idle.id
RETURNING d.id
""").substitute(idle=_IDLE)


@dataclass(frozen=True, kw_only=True, slots=True)
class LeasedDelivery:
    """A delivery that only this worker may send while the lease lasts. `age` in seconds."""

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
    encrypted_secret: str
    leased_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryCompletion:
    """The result for one leased delivery. `wait`: seconds until it may be tried again."""

    delivery: LeasedDelivery
    state: DeliveryState
    wait: float = 0.0
    error: str = ""


def lease(limit: int) -> list[LeasedDelivery]:
    """Lease up to `limit` ready deliveries, a few of each subscription, longest waiting first."""
    parameters = {"limit": limit, "per_subscription": PER_SUBSCRIPTION, "lease": LEASE}
    rows = rows_isolating(_KIND, _LEASE, parameters, claim=_READY)
    return [
        LeasedDelivery(
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
            encrypted_secret=encrypted_secret,
            leased_at=leased_at,
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
            encrypted_secret,
            leased_at,
        ) in rows
    ]


def complete(completions: Sequence[DeliveryCompletion]) -> int:
    """Record the results; return how many. A delivery whose lease was lost is not changed.

    While the database is away it tries again for as long as the lease lasts.
    """
    return retried(
        lambda: sum(each_isolated(_KIND, completions, _complete, key=lambda one: one.delivery.id)), LEASE
    )


def _complete(completions: Sequence[DeliveryCompletion]) -> int:
    parameters = {
        "ids": [one.delivery.id for one in completions],
        "fences": [one.delivery.fence for one in completions],
        "states": [one.state.value for one in completions],
        "waits": [one.wait for one in completions],
        "errors": [one.error[:200] for one in completions],
    }
    return len(rows_of(_COMPLETE, parameters))


def reap() -> int:
    """Free expired leases, withdraw deliveries of inactive subscriptions; return how many were freed."""
    freed = len(rows_isolating(_KIND, _REAP, {}, claim=_EXPIRED))
    rows_isolating(_KIND, _WITHDRAW, {}, claim=_IDLE)
    return freed
