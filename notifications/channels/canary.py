"""The outside monitor: a canary that arrives keeps it quiet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import requests
from django.conf import settings

from notifications.channels.protocol import Answer, Message, Sent

#: Seconds to connect, and to wait for what comes back.
_TIMEOUT = (3.0, 5.0)


class CanaryChannel:
    """Asks for the monitor's address, which is how such monitors are told that all is well."""

    name = "canary"
    # To be told twice that all is well does no harm.
    keeps_keys = None
    tells = False

    def send(self, messages: Sequence[Message]) -> Iterator[Sent]:
        """Calls once for each message; where no monitor is set, a canary has arrived."""
        for _ in messages:
            yield self._call() if settings.CANARY_URL else Sent(answer=Answer.ACCEPTED)

    def _call(self) -> Sent:
        try:
            status = requests.get(settings.CANARY_URL, timeout=_TIMEOUT, allow_redirects=False).status_code
        except requests.RequestException as error:
            return Sent(answer=Answer.UNREACHABLE, error=f"no monitor: {type(error).__name__}", is_fault=True)
        if not requests.codes.ok <= status < requests.codes.multiple_choices:
            return Sent(answer=Answer.DEFERRED, error=f"the monitor answered {status}", is_fault=True)
        return Sent(answer=Answer.ACCEPTED)
