"""Deliver webhooks: lease a batch, POST all of it in parallel, record the results."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from cryptography.fernet import InvalidToken

from accounts.crypto import decrypt
from notifications.channels.webhook import WebhookRequest, WebhookResponse, body_of, send_webhook
from notifications.models import DeliveryState
from notifications.services.webhooks.outbox import DeliveryCompletion, LeasedDelivery, complete, lease
from notifications.services.webhooks.subscriptions import disable

logger = logging.getLogger(__name__)

#: Seconds for which one run begins new batches, the same as between two runs: even if all systems hang, at
#: most three batches are in flight and the alert senders keep their threads.
BUDGET = 5.0
#: Deliveries sent in parallel.
BATCH = 16

#: Seconds before the second and third attempts: even if all three hang, they fit into a minute.
_FIRST_WAITS = (10.0, 20.0)
#: Seconds before the fourth attempt; three times as long before each later one.
_WAIT = 60.0
#: The longest wait between attempts, in seconds.
LONGEST_WAIT = 12 * 3600.0
#: Seconds after the event of the last attempt.
GIVE_UP = 72 * 3600.0


def deliver(*, budget: float = BUDGET) -> int:
    """Send ready deliveries, beginning none after `budget` seconds; return how many were delivered."""
    began, delivered = time.monotonic(), 0
    while leased := lease(BATCH):
        delivered += _send(leased)
        if len(leased) < BATCH or time.monotonic() - began > budget:
            break
    return delivered


def _send(leased: list[LeasedDelivery]) -> int:
    with ThreadPoolExecutor(len(leased), thread_name_prefix="webhook") as pool:
        responses = list(pool.map(_deliver_one, leased))
    completions = [completion(one, response) for one, response in zip(leased, responses, strict=True)]
    complete(completions)
    for gone in {
        one.subscription for one, response in zip(leased, responses, strict=True) if _is_gone(response)
    }:
        disable(gone, reason="gone")
    return sum(one.state is DeliveryState.DELIVERED for one in completions)


def _deliver_one(one: LeasedDelivery) -> WebhookResponse:
    try:
        secret = decrypt(one.encrypted_secret)
        body = body_of(one.event, at=one.occurred_at, alert=one.alert, order=one.order)
        return send_webhook(
            WebhookRequest(id=one.public_id, url=one.url, secret=secret, body=body, at=one.leased_at)
        )
    except InvalidToken:
        logger.error("delivery %s: its secret was encrypted under a key that is gone", one.public_id)
        return WebhookResponse(error="the secret cannot be decrypted")
    except Exception as error:  # noqa: BLE001 - one delivery must not stop the others
        logger.error("delivery %s: %s", one.public_id, type(error).__name__)
        return WebhookResponse(error=f"an error here: {type(error).__name__}")


def completion(one: LeasedDelivery, response: WebhookResponse) -> DeliveryCompletion:
    """Return what the response means for the delivery."""
    if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
        return DeliveryCompletion(delivery=one, state=DeliveryState.DELIVERED)
    left = GIVE_UP - one.age
    if _is_gone(response) or left <= 0:
        logger.warning("delivery %s failed: %s", one.public_id, response.error)
        return DeliveryCompletion(delivery=one, state=DeliveryState.FAILED, error=response.error)
    wait = min(max(_wait(one.attempts), response.retry_after), LONGEST_WAIT, left)
    return DeliveryCompletion(delivery=one, state=DeliveryState.READY, wait=wait, error=response.error)


def _is_gone(response: WebhookResponse) -> bool:
    return response.status == HTTPStatus.GONE


def _wait(attempts: int) -> float:
    if attempts <= len(_FIRST_WAITS):
        return _FIRST_WAITS[attempts - 1]
    # Limit the exponent: the number of attempts has no limit, a float has.
    return min(_WAIT * 3.0 ** min(attempts - len(_FIRST_WAITS) - 1, 10), LONGEST_WAIT)
