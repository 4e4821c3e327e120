"""The outside monitor: each canary alert that arrives keeps it quiet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import requests
from django.conf import settings

from notifications.channels.protocol import Message, SendResult, SendStatus

#: Seconds to connect, and to wait for the response.
_TIMEOUT = (3.0, 5.0)


class CanaryChannel:
    """Requests the monitor's URL, which reports to the monitor that all is well."""

    name = "canary"
    # Reporting twice does no harm.
    idempotency_window = None
    receipts_carry_key = False

    def send(self, messages: Sequence[Message]) -> Iterator[SendResult]:
        """Make one request for each message. Without a configured monitor, accept every canary."""
        for _ in messages:
            yield self._call() if settings.CANARY_URL else SendResult(status=SendStatus.ACCEPTED)

    def _call(self) -> SendResult:
        try:
            status = requests.get(settings.CANARY_URL, timeout=_TIMEOUT, allow_redirects=False).status_code
        except requests.RequestException as error:
            return SendResult(
                status=SendStatus.UNREACHABLE,
                error=f"no monitor: {type(error).__name__}",
                is_provider_fault=True,
            )
        if not requests.codes.ok <= status < requests.codes.multiple_choices:
            return SendResult(
                status=SendStatus.DEFERRED, error=f"the monitor answered {status}", is_provider_fault=True
            )
        return SendResult(status=SendStatus.ACCEPTED)
