"""The outside monitor: each canary alert that arrives keeps it quiet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus

from django.conf import settings

from notifications.channels.http_client import UnansweredError, UnreachedError, get_status
from notifications.channels.protocol import Message, SendResult, SendStatus

#: Seconds for the whole request: a monitor that answers byte by byte must not hold a sender.
TIMEOUT = 5.0


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
            status = get_status(settings.CANARY_URL, timeout=TIMEOUT)
        except (UnreachedError, UnansweredError) as error:
            return SendResult(
                status=SendStatus.UNREACHABLE, error=f"no monitor: {error}", is_provider_fault=True
            )
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return SendResult(
                status=SendStatus.DEFERRED, error=f"the monitor answered {status}", is_provider_fault=True
            )
        return SendResult(status=SendStatus.ACCEPTED)
