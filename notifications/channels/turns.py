"""One message after the other, by a provider that is asked anew for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from notifications.channels.protocol import Answer, Message, Sent

#: Seconds after which no further message is begun: a slow provider must not outlast the lease of what waits.
BEGIN_WITHIN = 5.0


def in_turn(messages: Sequence[Message], send: Callable[[Message], Sent]) -> Iterator[Sent]:
    """One answer each, in the messages' order.

    The rest is left untried after the provider's own trouble, and when the time to begin is over.
    """
    ends = time.monotonic() + BEGIN_WITHIN
    is_up = True
    for message in messages:
        if not is_up or time.monotonic() > ends:
            yield Sent(answer=Answer.UNTRIED)
            continue
        sent = send(message)
        is_up = not sent.is_fault
        yield sent
