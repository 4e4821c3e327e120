"""Any other service, through Apprise: its addresses are URLs such as `slack://…`.

Apprise says of a message that it went or that it did not. The second holds for a refusal and for a line that
broke after the message went out, so that it is a doubt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apprise import Apprise, AppriseAsset, AppriseResultStatus, NotifyBase
from django.conf import settings

from notifications.channels import webhook
from notifications.channels.line import TIMEOUT
from notifications.channels.protocol import Answer, Message, Sent
from notifications.channels.turns import in_turn
from notifications.channels.webhook import UnfitError

_FORM = "Give one such as slack://…, as the service's page on appriseit.com shows it."


class AppriseChannel:
    """Sends to one address at a time, to services that `CTC_SERVICES` names and no others."""

    name = "apprise"
    keeps_keys = None
    tells = False

    def send(self, messages: Sequence[Message]) -> Iterator[Sent]:
        """Sends the messages in turn and yields one answer each, in their order."""
        return in_turn(messages, _send)


def check(url: str) -> None:
    """Raises `UnfitError` for an address that nothing is sent to; its text says why, and not which it is."""
    _service(url)


def _send(message: Message) -> Sent:
    sender = Apprise(asset=_asset())
    try:
        sender.add(_service(message.address))
    except UnfitError as error:
        return Sent(answer=Answer.REFUSED, error=f"the address is not fit: {error.code}")
    result = sender.notify(message.body, title=message.subject, timeout=TIMEOUT)
    # Its logs name whom it tells; the status says enough. The service is the person's own, one of many: its
    # trouble is not counted against all of them.
    if result.status is AppriseResultStatus.SUCCESS:
        return Sent(answer=Answer.ACCEPTED)
    return Sent(answer=Answer.IN_DOUBT, error=f"the service: {result.status.name.lower()}")


def _service(url: str) -> NotifyBase:
    if url.partition("://")[0].lower() not in settings.SERVICES:
        raise UnfitError("unknown_service", f"Not a service that is used here. {_FORM}")
    service = Apprise.instantiate(url, asset=_asset())
    if service is None:
        raise UnfitError("invalid", f"Not a whole address of this service. {_FORM}")
    # What an address may ask for and does not get here: other tries, other places, no proof of who answers,
    # and that a failure be called a success.
    service.retry, service.redirects, service.verify_certificate, service.optional = 0, False, True, False
    templates: Sequence[str] = service.templates
    if any("{host}" in template for template in templates):
        port = f":{service.port}" if service.port else ""
        webhook.check(f"{'https' if service.secure else 'http'}://{service.host}{port}/")
    return service


def _asset() -> AppriseAsset:
    # In this thread and in memory: it leaves no files, and keeps no log of whom it told.
    return AppriseAsset(app_id="ctcompliance", app_desc="", async_mode=False, storage_mode="memory")
