"""Telling subscribed systems: lease a lot, POST all of it at once, record what became of each."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from cryptography.fernet import InvalidToken

from accounts.crypto import unseal
from notifications.channels.webhook import Call, Reply, body_of, post
from notifications.models import DeliveryState
from notifications.services.deliveries import Completion, Leased, complete, lease
from notifications.services.webhooks import disable

logger = logging.getLogger(__name__)

#: Seconds for which one beat begins new lots, as many as lie between two beats: with systems that hang, three
#: lots are in flight at the most and senders of alerts keep their threads.
BUDGET = 5.0
#: Deliveries that are sent at once.
LOT = 16

#: Seconds before the second and the third try: with three that hang, all within a minute.
_FIRST_WAITS = (10.0, 20.0)
#: Seconds before the fourth try; thrice as long before each after it.
_WAIT = 60.0
#: Seconds between tries, at the most.
LONGEST_WAIT = 12 * 3600.0
#: Seconds after the event when a delivery is tried for the last time.
GIVE_UP = 72 * 3600.0


def deliver(*, budget: float = BUDGET) -> int:
    """Sends what is ready, and begins no more after `budget` seconds; answers how many were delivered."""
    began, delivered = time.monotonic(), 0
    while leased := lease(LOT):
        delivered += _send(leased)
        if len(leased) < LOT or time.monotonic() - began > budget:
            break
    return delivered


def _send(leased: list[Leased]) -> int:
    with ThreadPoolExecutor(len(leased), thread_name_prefix="webhook") as together:
        replies = list(together.map(_told, leased))
    completions = [completion(one, reply) for one, reply in zip(leased, replies, strict=True)]
    complete(completions)
    for gone in {one.subscription for one, reply in zip(leased, replies, strict=True) if _is_gone(reply)}:
        disable(gone, reason="gone")
    return sum(one.end is DeliveryState.DELIVERED for one in completions)


def _told(one: Leased) -> Reply:
    try:
        secret = unseal(one.sealed_secret)
    except InvalidToken:
        logger.error("delivery %s: its secret was sealed under a key that is not there", one.public_id)
        return Reply(error="the secret cannot be opened")
    body = body_of(one.event, at=one.occurred_at, alert=one.alert, order=one.order)
    return post(Call(id=one.public_id, url=one.url, secret=secret, body=body))


def completion(one: Leased, reply: Reply) -> Completion:
    """What the reply makes of the delivery."""
    if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return Completion(delivery=one, end=DeliveryState.DELIVERED)
    left = GIVE_UP - one.age
    if _is_gone(reply) or left <= 0:
        logger.warning("delivery %s failed: %s", one.public_id, reply.error)
        return Completion(delivery=one, end=DeliveryState.FAILED, error=reply.error)
    wait = min(max(_wait(one.attempts), reply.retry_after), LONGEST_WAIT, left)
    return Completion(delivery=one, end=DeliveryState.READY, wait=wait, error=reply.error)


def _is_gone(reply: Reply) -> bool:
    return reply.status == HTTPStatus.GONE


def _wait(attempts: int) -> float:
    if attempts <= len(_FIRST_WAITS):
        return _FIRST_WAITS[attempts - 1]
    # Bounded before it is raised: a number of tries has no end, a float does.
    return min(_WAIT * 3.0 ** min(attempts - len(_FIRST_WAITS) - 1, 10), LONGEST_WAIT)
