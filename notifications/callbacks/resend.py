"""Receipts of emails, as Resend signs and django-anymail reads them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType, tracking
from anymail.webhooks.resend import ResendTrackingWebhookView
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from typing_extensions import override

from notifications.callbacks.frame import RefusedError, once
from notifications.services import receipts
from notifications.services.receipts import Outcome

RESEND = "resend"

_OUTCOMES = {
    EventType.DELIVERED: Outcome.DELIVERED,
    EventType.DEFERRED: Outcome.DELAYED,
    EventType.COMPLAINED: Outcome.COMPLAINED,
    EventType.BOUNCED: Outcome.FAILED,
    EventType.REJECTED: Outcome.FAILED,
    EventType.FAILED: Outcome.FAILED,
}
#: Resend's own names for what anymail has no word for yet.
_REFUSALS = frozenset({"email.failed", "email.suppressed"})


class ResendView(ResendTrackingWebhookView):
    """Takes what is signed and in a known form, and raises `RefusedError` for the rest."""

    @override
    def run_validators(self, request: HttpRequest) -> None:
        try:
            super().run_validators(request)
        except (AnymailWebhookValidationFailure, ValueError) as error:
            # A signature that is no Base64, a body that is no text: the library lets these fall through.
            raise RefusedError(RESEND, "not signed, or stale") from error
        # Either name is believed of the id that the signature is over.
        headers = request.headers
        once(RESEND, headers.get("svix-id", headers.get("webhook-id", "")))

    @override
    def parse_events(self, request: HttpRequest) -> list[AnymailTrackingEvent]:
        try:
            return list(super().parse_events(request))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise RefusedError(RESEND, "not in a known form", HTTPStatus.BAD_REQUEST) from error


@receiver(tracking, sender=ResendView)
def _told(event: AnymailTrackingEvent, **_: Any) -> None:
    outcome, reason = _outcome(event)
    if outcome is not None:
        metadata = event.metadata if isinstance(event.metadata, dict) else {}
        receipts.record(
            RESEND,
            ref=_text(event.message_id),
            key=_key(metadata.get("key")),
            outcome=outcome,
            reason=reason,
            now=timezone.now(),
        )


def _outcome(event: AnymailTrackingEvent) -> tuple[Outcome | None, str]:
    """What became of it, and the provider's word for the kind of a bounce, whose sentence may name people."""
    if event.esp_event["type"] in _REFUSALS:
        return Outcome.FAILED, str(event.esp_event["type"])
    data = event.esp_event.get("data")
    bounce = data.get("bounce") if isinstance(data, dict) else None
    kind = bounce.get("type") if isinstance(bounce, dict) else ""
    kind = kind if isinstance(kind, str) and kind.isalpha() else ""
    if event.event_type == EventType.BOUNCED and kind == "Transient":
        return Outcome.UNDELIVERED, kind
    return _OUTCOMES.get(event.event_type), kind[:40]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _key(value: object) -> str:
    """The key of a message, or nothing: what a header says need not be one."""
    try:
        return str(UUID(_text(value)))
    except ValueError:
        return ""
