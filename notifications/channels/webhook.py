"""Signed POSTs to subscribed systems, in the form of Standard Webhooks (standardwebhooks.com)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from notifications.channels.http_client import UnansweredError, UnreachedError, post
from notifications.channels.public_url import UrlNotAllowedError

#: The prefix of every secret in Standard Webhooks.
KEY_PREFIX = "whsec_"
#: The statuses of an accepted POST.
_SUCCESSFUL = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)


class RefusedError(Exception):
    """A system answered, but not with 2xx. The message has the status only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookRequest:
    """One POST: the webhook id, the URL, the signing secret and the body.

    `at`: the time of the signature, by the database's clock; without it, by that of this machine.
    """

    id: str
    url: str
    secret: str
    body: bytes
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookResponse:
    """The result of a POST: the status, or 0 and an error. Contains no address and no response text."""

    status: int = 0
    error: str = ""
    #: Seconds the system asks us to wait; 0 if it asked for no wait.
    retry_after: float = 0.0


def body_of(event: str, *, at: datetime, alert: str | None, order: str | None) -> bytes:
    """Return the JSON body: the event, its time in UTC, and the public ids of the alert and the order."""
    data = {"alert": alert, "order": order} if alert else {}
    body = {"type": event, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": data}
    return json.dumps(body, separators=(",", ":")).encode()


def sign(secret: str, *, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the three signature headers. `at` must be in UTC."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body.decode()),
    }


def post_signed(url: str, body: bytes, *, message_id: str, secret: str, at: datetime, timeout: float) -> None:
    """Send one signed POST to a system of the administrators. `at` must be in UTC.

    Raises `UnreachedError`, `UnansweredError`, or `RefusedError` if the status is not 2xx.
    """
    headers = {"Content-Type": "application/json", **sign(secret, message_id=message_id, at=at, body=body)}
    status = post(url, headers=headers, body=body, timeout=timeout, reads_body=False).status
    if status not in _SUCCESSFUL:
        raise RefusedError(f"answered {status}")


def send_webhook(request: WebhookRequest, *, timeout: float | None = None) -> WebhookResponse:
    """Send one POST, within `timeout` seconds, to a public address only. Raises nothing."""
    at = request.at or datetime.now(UTC)
    try:
        signature = sign(request.secret, message_id=request.id, at=at, body=request.body)
        # The status decides; the response body is not needed.
        response = post(
            request.url,
            headers={"Content-Type": "application/json", **signature},
            body=request.body,
            timeout=timeout,
            public_only=True,
            reads_body=False,
        )
    except UrlNotAllowedError as error:
        return WebhookResponse(error=f"URL not allowed: {error.code}")
    except (UnreachedError, UnansweredError) as error:
        return WebhookResponse(error=str(error))
    except (ValueError, EmptyWebhookSecretError):
        return WebhookResponse(error="the secret is invalid")
    return WebhookResponse(
        status=response.status, error=f"answered {response.status}", retry_after=response.retry_after
    )
