"""Send messages one after the other through a provider that takes one request for each."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from notifications.channels.protocol import Message, SendResult, SendStatus

logger = logging.getLogger(__name__)

#: Seconds after which no further message is started, so that a slow provider cannot outlast the lease.
BEGIN_WITHIN = 5.0
#: So many messages in a row that are not accepted, and not because of a recipient, are the provider's fault.
#: So are deferred messages to as many different recipients.
MOST_IN_A_ROW = 3


def send_sequentially(
    messages: Sequence[Message], send: Callable[[Message], SendResult]
) -> Iterator[SendResult]:
    """Yield one result for each message, in order. What `send` raises concerns that message only.

    After a provider fault, or after `BEGIN_WITHIN` seconds, the remaining messages are UNTRIED.
    """
    ends = time.monotonic() + BEGIN_WITHIN
    is_up, in_a_row, put_off = True, 0, set[str]()
    for message in messages:
        if not is_up or time.monotonic() > ends:
            yield SendResult(status=SendStatus.UNTRIED)
            continue
        result = _sent(message, send)
        in_a_row = in_a_row + 1 if result.is_not_recipient else 0
        put_off = put_off | {message.address} if result.status is SendStatus.DEFERRED else set()
        if in_a_row >= MOST_IN_A_ROW or len(put_off) >= MOST_IN_A_ROW:
            result = replace(result, is_provider_fault=True, is_not_recipient=True)
        is_up = not result.is_provider_fault
        yield result


def _sent(message: Message, send: Callable[[Message], SendResult]) -> SendResult:
    try:
        return send(message)
    except Exception as error:  # noqa: BLE001 - one message must not stop the others
        # Neither the error's text nor its trace is logged: both may contain the address.
        logger.error("a message could not be sent: %s", type(error).__name__)
        return SendResult(status=SendStatus.IN_DOUBT, error=f"an error here: {type(error).__name__}")
