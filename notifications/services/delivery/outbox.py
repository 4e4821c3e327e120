"""The alert outbox: lease, begin, complete; and a reaper that frees the leases of dead senders.

A lease lasts longer than Celery's hard limit, which is longer than its soft limit, which is longer than a
provider's timeout. A sender that cannot finish may simply stop: the fence refuses its late result.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from enum import IntEnum
from typing import Any, cast
from uuid import UUID

from notifications.models import AlertState, Priority
from notifications.services.delivery import outbox_sql as sql
from notifications.services.recipients import news
from notifications.services.recipients.sql import RUNGS
from notifications.services.sql import retried, rows_of
from notifications.services.watch.isolation import each_isolated, rows_isolating
from orders.rules.vocabulary import Purpose
from orders.services.planning.rulebooks import hearing_news, zones_by_place

logger = logging.getLogger(__name__)

#: Seconds a lease lasts.
LEASE = 60
#: Seconds that must be left of the lease when sending begins: more than a provider takes for one part.
LEFT = 20
#: Purposes of alerts that can wait.
CAN_WAIT = (Purpose.REMIND.value, Purpose.INFORM.value)
#: Seconds that an alert in doubt waits for a receipt, if the provider sends receipts.
FOR_A_RECEIPT = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class LeasedAlert:
    """An alert that only this worker may send while the lease lasts. `now`: when it was leased.

    `address` is encrypted if it belongs to a protected person or another service, or is a telephone number;
    `encrypted_phrase` always is. The quiet hours are wall time in `zone`. `case` is None for what is a row of
    its own: an offer, a correction, a finding.
    """

    now: datetime
    id: int
    fence: int
    attempts: int
    public_id: UUID
    channel: str
    via: str
    recipient: int | None
    case: int | None
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
    is_correction: bool
    address: str
    encrypted_phrase: str
    is_active: bool
    language: str
    zone: str
    quiet_from: time | None
    quiet_until: time | None
    digest_at: time | None
    priority: int = Priority.NORMAL.value
    #: The figures of a weekly report, as JSON; empty for every other alert.
    figures: str = ""
    #: For news of a hearing, the end of its day, or of an earlier day that it replaces.
    about_day: datetime | None = None
    #: Written in a rehearsal: it leaves by email to one of these addresses only.
    is_rehearsal: bool = False
    rehearsal_addresses: Sequence[str] = ()
    #: To a protected person with a PIN: the message has a link to answer it.
    asks_answer: bool = False


#: The columns of the lease, in order.
_NAMES = tuple(one.name for one in fields(LeasedAlert))


class CompletionState(IntEnum):
    """The states in which a leased alert may end; the values are those of `AlertState`."""

    READY = AlertState.READY.value
    TEMPORARY_FAILURE = AlertState.TEMPORARY_FAILURE.value
    ACCEPTED = AlertState.ACCEPTED.value
    IN_DOUBT = AlertState.IN_DOUBT.value
    FAILED = AlertState.FAILED.value


@dataclass(frozen=True, kw_only=True, slots=True)
class BegunAlert:
    """What is recorded of an alert before it is handed to a provider."""

    alert: LeasedAlert
    key: UUID
    bundled: int
    template: str
    provider: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertCompletion:
    """The result for one leased alert.

    `wait`: seconds until it may be tried again. `is_held`: it was held back by the recipient's hours or
    limit. `is_untried`: no provider was offered it. `waits_for_recipient`: the recipient's own server asked
    to come back later. `keep_provider`: only the provider used now may be tried again.
    """

    alert: LeasedAlert
    state: CompletionState
    wait: float = 0.0
    is_held: bool = False
    is_untried: bool = False
    waits_for_recipient: bool = False
    keep_provider: bool = False
    ref: str = ""
    error: str = ""


def lease(
    limit: int,
    *,
    worker: str,
    closed_channels: Collection[str] = (),
    closed_providers: Collection[str] = (),
) -> list[LeasedAlert]:
    """Lease up to `limit` ready alerts to `worker`, the most urgent and the oldest first.

    Those that no longer apply are withdrawn. Those of a channel without a provider that is up, and those that
    must wait for a provider that is down, stay as they are: they were not offered.
    """
    parameters = _parameters(limit, worker, closed_channels, closed_providers)
    return _leased(rows_isolating(sql.KIND, sql.LEASE, parameters, claim=sql.CLAIM_LEASE))


def lease_waiting(
    recipients: Collection[tuple[int, str]],
    limit: int,
    *,
    worker: str,
    closed_channels: Collection[str] = (),
    closed_providers: Collection[str] = (),
) -> list[LeasedAlert]:
    """Lease up to `limit` alerts that can wait and were held back, to these recipients by these channels."""
    parameters = {
        **_parameters(limit, worker, closed_channels, closed_providers),
        "recipients": [recipient for recipient, _ in recipients],
        "channels": [channel for _, channel in recipients],
        "can_wait": list(CAN_WAIT),
        "rungs": [str(one) for one in RUNGS],
        "urgent": Priority.URGENT.value,
    }
    return _leased(rows_isolating(sql.KIND, sql.LEASE_WAITING, parameters, claim=sql.CLAIM_WAITING))


def _parameters(
    limit: int, worker: str, closed_channels: Collection[str], closed_providers: Collection[str]
) -> dict[str, Any]:
    states, counties, zones = (list(column) for column in zip(*zones_by_place(), strict=True))
    return {
        "limit": limit,
        "lease": LEASE,
        "zone_states": states,
        "zone_counties": counties,
        "zones": zones,
        "hearing_news": list(hearing_news()),
        **news.parameters(),
        "worker": worker,
        "closed_channels": list(closed_channels),
        "closed_providers": list(closed_providers),
    }


def _leased(rows: Iterable[tuple[Any, ...]]) -> list[LeasedAlert]:
    leased = [
        LeasedAlert(**dict(zip(_NAMES, row, strict=True)))
        for state, *row in rows
        if state == AlertState.LEASED
    ]
    return sorted(leased, key=lambda one: (one.priority, one.created_at, one.id))


def begin(alerts: Sequence[BegunAlert]) -> set[int]:
    """Record that sending begins; return the ids that may be sent. The others have too little lease left."""
    return {
        id_
        for rows in each_isolated(sql.KIND, alerts, _begin, key=lambda one: one.alert.id)
        for (id_,) in rows
    }


def _begin(alerts: Sequence[BegunAlert]) -> list[tuple[int]]:
    parameters = {
        "ids": [one.alert.id for one in alerts],
        "fences": [one.alert.fence for one in alerts],
        "keys": [one.key for one in alerts],
        "bundled": [one.bundled for one in alerts],
        "templates": [one.template for one in alerts],
        "providers": [one.provider for one in alerts],
        "addresses": [one.alert.address for one in alerts],
        "left": LEFT,
        "lease": LEASE,
    }
    return cast("list[tuple[int]]", rows_of(sql.BEGIN, parameters))


def complete(completions: Sequence[AlertCompletion]) -> int:
    """Record the results; return how many. An alert whose lease was lost is not changed.

    While the database is away it tries again for as long as the lease lasts: what a sender knows must not
    become a doubt.
    """
    return retried(
        lambda: sum(each_isolated(sql.KIND, completions, _complete, key=lambda one: one.alert.id)), LEASE
    )


def _complete(completions: Sequence[AlertCompletion]) -> int:
    parameters = {
        "ids": [one.alert.id for one in completions],
        "fences": [one.alert.fence for one in completions],
        "states": [one.state.value for one in completions],
        "waits": [one.wait for one in completions],
        "held": [one.is_held for one in completions],
        "untried": [one.is_untried for one in completions],
        "for_recipient": [one.waits_for_recipient for one in completions],
        "keep_provider": [one.keep_provider for one in completions],
        "refs": [one.ref[:200] for one in completions],
        "errors": [one.error[:200] for one in completions],
    }
    return len(rows_of(sql.COMPLETE, parameters))


def wake(channels: Collection[str]) -> int:
    """Make ready at once what waited for a provider of these channels; return how many alerts."""
    return len(rows_isolating(sql.KIND, sql.WAKE, {"channels": list(channels)}, claim=sql.CLAIM_WAKE))


def reap(
    *, idempotency_windows: Mapping[str, timedelta], receipt_providers: Collection[str]
) -> dict[str, int]:
    """Free expired leases and decide about alerts in doubt; return counts of both.

    `idempotency_windows`: the providers with idempotency keys, and how long each remembers a key.
    `receipt_providers`: the providers that send receipts.
    """
    freed = rows_isolating(sql.KIND_REAPED, sql.REAP, {}, claim=sql.CLAIM_REAP)
    parameters = {
        "key_providers": list(idempotency_windows),
        "key_windows": list(idempotency_windows.values()),
        "receipt_providers": list(receipt_providers),
        "receipt": FOR_A_RECEIPT,
    }
    resent = rows_isolating(sql.KIND_DOUBTED, sql.DECIDE_DOUBT, parameters, claim=sql.CLAIM_DOUBT)
    return {
        "freed": sum(state == AlertState.READY for (state,) in freed),
        "in_doubt": sum(state == AlertState.IN_DOUBT for (state,) in freed),
        "sent_again": len(resent),
    }


def backlog_seconds() -> float:
    """Return for how many seconds the longest waiting alert has been ready to send."""
    rows = rows_of(
        "SELECT extract(epoch FROM statement_timestamp() - next_attempt_at) FROM notifications_alert "
        "WHERE state IN (%(alert_ready)s, %(alert_temporary_failure)s) "
        "AND next_attempt_at <= statement_timestamp() "
        "ORDER BY next_attempt_at, id LIMIT 1",
        {},
    )
    return float(rows[0][0]) if rows else 0.0
