"""Delivery receipts for emails, and replies to them, signed by Resend in the form of Standard Webhooks.

Resend sends the three signature headers as `svix-…` or as `webhook-…`.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from notifications.callbacks.base import CallbackRefusedError, callback, refuse_repeat
from notifications.services.contacts.stopping import stop_by_reply
from notifications.services.delivery import receipts
from notifications.services.delivery.links import alert_of_reply
from notifications.services.delivery.receipts import ReceiptOutcome

_RESEND = "resend"

#: Resend's event types that change an alert. All others, such as email.sent and email.opened, are ignored.
_OUTCOMES = {
    "email.delivered": ReceiptOutcome.DELIVERED,
    "email.delivery_delayed": ReceiptOutcome.DELAYED,
    "email.complained": ReceiptOutcome.COMPLAINED,
    "email.bounced": ReceiptOutcome.FAILED,
    "email.failed": ReceiptOutcome.FAILED,
    "email.suppressed": ReceiptOutcome.FAILED,
}
#: Mail that Resend received for us. Nothing of it is kept: that it came is all that counts.
_RECEIVED = "email.received"
#: Event types that are their own reason.
_REFUSALS = frozenset({"email.failed", "email.suppressed"})
#: Addresses of a reply that are looked at.
_MOST_ADDRESSES = 10
#: The longest reason, in characters.
_LONGEST_REASON = 40


@callback
def receipt(request: HttpRequest) -> HttpResponse:
    """Record the receipt of one email."""
    _verify(request)
    event, data = _event(request)
    if event == _RECEIVED:
        _take_reply(data)
        return HttpResponse()
    outcome, reason = _outcome(event, data)
    if outcome is not None:
        receipts.record(
            _RESEND,
            ref=_text(data.get("email_id")),
            key=_key(data),
            outcome=outcome,
            reason=reason,
            now=timezone.now(),
        )
    return HttpResponse()


def _take_reply(data: dict[str, Any]) -> None:
    """Stop the messages to a protected person who replied to one; the address names the message."""
    to = data.get("to")
    for address in to[:_MOST_ADDRESSES] if isinstance(to, list) else []:
        if alert := alert_of_reply(_text(address)):
            stop_by_reply(alert, now=timezone.now())


def _verify(request: HttpRequest) -> None:
    """Raise `CallbackRefusedError` for a receipt that is unsigned, stale or repeated."""
    secret = settings.RESEND["SIGNING_SECRET"]
    if not secret:
        raise CallbackRefusedError(_RESEND, "not used here")
    # If both names are present the signature is checked over the svix headers, so their id is the one to
    # remember.
    signed = {
        f"webhook-{name}": request.headers.get(f"svix-{name}", request.headers.get(f"webhook-{name}", ""))
        for name in ("id", "timestamp", "signature")
    }
    try:
        Webhook(secret).verify(request.body, signed, json_parse=False)
    except (WebhookVerificationError, ValueError) as error:
        # A signature that is not Base64 and a body that is not text raise ValueError.
        raise CallbackRefusedError(_RESEND, "not signed, or stale") from error
    refuse_repeat(_RESEND, signed["webhook-id"])


def _event(request: HttpRequest) -> tuple[str, dict[str, Any]]:
    """Return the event's type and its data. Raises `CallbackRefusedError` for a body in another form."""
    try:
        body = json.loads(request.body)
        event, data = body["type"], body.get("data", {})
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise CallbackRefusedError(_RESEND, "not in a known form", HTTPStatus.BAD_REQUEST) from error
    if not isinstance(event, str) or not isinstance(data, dict) or not isinstance(_bounce(data), dict):
        raise CallbackRefusedError(_RESEND, "not in a known form", HTTPStatus.BAD_REQUEST)
    return event, data


def _bounce(data: dict[str, Any]) -> Any:
    return data.get("bounce") or {}


def _outcome(event: str, data: dict[str, Any]) -> tuple[ReceiptOutcome | None, str]:
    """Return the outcome and a reason: the event or the kind of bounce. Resend's own text may name people."""
    if event in _REFUSALS:
        return _OUTCOMES[event], event
    kind = _text(_bounce(data).get("type"))
    kind = kind if kind.isalpha() else ""
    if event == "email.bounced" and kind == "Transient":
        return ReceiptOutcome.UNDELIVERED, kind
    return _OUTCOMES.get(event), kind[:_LONGEST_REASON]


def _key(data: dict[str, Any]) -> str:
    """Return the message's key from the X-Metadata header; empty if the header holds no key.

    django-anymail writes that header when it sends the message.
    """
    headers = data.get("headers")
    for header in headers if isinstance(headers, list) else []:
        try:
            if header["name"].lower() == "x-metadata":
                return str(UUID(json.loads(header["value"])["key"]))
        except (ValueError, LookupError, TypeError, AttributeError):
            continue
    return ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
