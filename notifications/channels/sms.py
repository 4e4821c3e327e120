"""Text messages through Twilio's REST API.

Twilio has no idempotency keys, and its list of messages cannot be searched by our key. But each receipt goes
to a URL that contains the message's key, so a message in doubt can wait for its receipt.
"""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from notifications.channels.http_client import PostResponse, UnansweredError, UnreachedError, post
from notifications.channels.protocol import Message, SendResult, SendStatus
from notifications.channels.sequential import send_sequentially

logger = logging.getLogger(__name__)

#: Codes about the recipient's number: not a number, not reachable, not for text messages, opted out; delivery
#: failed because it is blocked, unknown, a landline.
_OF_RECIPIENT = frozenset({21211, 21214, 21217, 21265, 21610, 21614, 21635, 30004, 30005, 30006})
#: Codes about our account or our number, whatever the message: sender invalid, missing, not ours, not able to
#: send text messages, its queue full; messaging service unknown or without numbers.
_OUR_ACCOUNT = frozenset({21212, 21603, 21606, 21611, 21659, 21660, 21701, 21703})
_REFUSING = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
_FAILED = frozenset({"failed", "undelivered", "canceled"})


class TwilioChannel:
    """Sends one request for each message."""

    name = "twilio"
    idempotency_window = None
    receipts_carry_key = True

    def send(self, messages: Sequence[Message]) -> Iterator[SendResult]:
        """Send the messages one by one and yield one result each, in order."""
        return send_sequentially(messages, _send)


def callback_url(key: str) -> str:
    """Return the URL to which Twilio sends receipts for the message with this key."""
    return f"{settings.BASE_URL}{reverse('sms-status', args=[key])}"


def _send(message: Message) -> SendResult:
    try:
        response = post(_url(), headers=_headers(), body=_body(message))
    except UnreachedError as error:
        return SendResult(status=SendStatus.UNREACHABLE, error=str(error), is_provider_fault=True)
    except UnansweredError as error:
        return SendResult(status=SendStatus.IN_DOUBT, error=str(error), is_provider_fault=True)
    return _result(response)


def _url() -> str:
    return f"{settings.TWILIO['URL']}/2010-04-01/Accounts/{settings.TWILIO['ACCOUNT_SID']}/Messages.json"


def _headers() -> dict[str, str]:
    pair = f"{settings.TWILIO['ACCOUNT_SID']}:{settings.TWILIO['AUTH_TOKEN']}"
    return {
        "Authorization": f"Basic {b64encode(pair.encode()).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }


def _body(message: Message) -> bytes:
    sender = settings.TWILIO["FROM"]
    # The id of a messaging service begins with MG, a number with +.
    by = "MessagingServiceSid" if sender.startswith("MG") else "From"
    return urlencode(
        {"To": message.address, by: sender, "Body": message.body, "StatusCallback": callback_url(message.key)}
    ).encode()


def _result(response: PostResponse) -> SendResult:
    """Return what Twilio's response means for the message."""
    answer = _parsed(response)
    code = answer.get("code") or answer.get("error_code")
    error = f"Twilio answered {response.status}{f', code {code}' if isinstance(code, int) else ''}"
    if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES and isinstance(answer.get("sid"), str):
        if answer.get("status") not in _FAILED:
            return SendResult(status=SendStatus.ACCEPTED, ref=answer["sid"])
        if code in _OF_RECIPIENT:
            return SendResult(status=SendStatus.REFUSED, ref=answer["sid"], error=error)
        return SendResult(status=SendStatus.DEFERRED, error=error, is_not_recipient=True)
    if response.status in _REFUSING and code in _OF_RECIPIENT:
        return SendResult(status=SendStatus.REFUSED, error=error)
    wait = response.provider_wait
    if HTTPStatus.BAD_REQUEST <= response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        # The account, its number, its rate limit or the text. Not accepted, and not because of the recipient.
        logger.error("sms: %s", error)
        is_about_message = response.status in _REFUSING and code not in _OUR_ACCOUNT
        return SendResult(
            status=SendStatus.DEFERRED,
            error=error,
            retry_after=wait,
            is_provider_fault=not is_about_message,
            is_not_recipient=True,
            refuses_us=True,
        )
    # Without an idempotency key it is unknown whether Twilio accepted the message before it failed.
    return SendResult(status=SendStatus.IN_DOUBT, error=error, retry_after=wait, is_provider_fault=True)


def _parsed(response: PostResponse) -> dict[str, Any]:
    try:
        found = json.loads(response.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
