"""Any other service, through Apprise. Its addresses are URLs such as `slack://…`.

Apprise reports success or failure only. A failure may be a refusal or a connection that broke after the
message was sent, so it counts as IN_DOUBT.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apprise import Apprise, AppriseAsset, AppriseResultStatus, NotifyBase
from django.conf import settings

from notifications.channels.bounded_socket import TIMEOUT
from notifications.channels.protocol import Message, SendResult, SendStatus
from notifications.channels.public_url import UrlNotAllowedError, check_url
from notifications.channels.sequential import send_sequentially

#: Reasons to refuse an address that may pass without a change of the address.
_MAY_PASS = frozenset({"unknown_service", "unknown_host"})

_FORM = "Give one such as slack://…, as shown on the service's page at appriseit.com."


class AppriseChannel:
    """Sends to one address at a time, only to the services in `CTC_SERVICES`."""

    name = "apprise"
    idempotency_window = None
    receipts_carry_key = False

    def send(self, messages: Sequence[Message]) -> Iterator[SendResult]:
        """Send the messages one by one and yield one result each, in order."""
        return send_sequentially(messages, _send)


def check(url: str) -> None:
    """Raise `UrlNotAllowedError` for an address that must not be used.

    Its text does not repeat the address.
    """
    _service(url)


def _send(message: Message) -> SendResult:
    sender = Apprise(asset=_asset())
    try:
        sender.add(_service(message.address))
    except UrlNotAllowedError as error:
        reason = f"address not allowed: {error.code}"
        if error.code not in _MAY_PASS:
            return SendResult(status=SendStatus.REFUSED, error=reason)
        # A name server that is down, or a setting that no longer names the service.
        return SendResult(
            status=SendStatus.DEFERRED,
            error=reason,
            is_not_recipient=True,
            refuses_us=error.code == "unknown_service",
        )
    result = sender.notify(message.body, title=message.subject, timeout=TIMEOUT)
    # Only the status is used: the library's logs contain addresses. A failure is not a provider fault,
    # because each person has their own service.
    if result.status is AppriseResultStatus.SUCCESS:
        return SendResult(status=SendStatus.ACCEPTED)
    return SendResult(status=SendStatus.IN_DOUBT, error=f"the service: {result.status.name.lower()}")


def _service(url: str) -> NotifyBase:
    if url.partition("://")[0].lower() not in settings.SERVICES:
        raise UrlNotAllowedError("unknown_service", f"This service is not used here. {_FORM}")
    service = Apprise.instantiate(url, asset=_asset())
    if service is None:
        raise UrlNotAllowedError("invalid", f"The address of this service is incomplete. {_FORM}")
    # An address may ask for retries, redirects, unverified certificates, or failures reported as success.
    # None of these is allowed.
    service.retry, service.redirects, service.verify_certificate, service.optional = 0, False, True, False
    templates: Sequence[str] = service.templates
    if any("{host}" in template for template in templates):
        port = f":{service.port}" if service.port else ""
        check_url(f"{'https' if service.secure else 'http'}://{service.host}{port}/")
    return service


def _asset() -> AppriseAsset:
    # In this thread and in memory: no files on disk, no log of recipients.
    return AppriseAsset(app_id="ctcompliance", app_desc="", async_mode=False, storage_mode="memory")
