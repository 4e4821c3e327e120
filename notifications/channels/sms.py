"""SMS through Twilio's REST API.

It takes no idempotency key, and its list of messages cannot be asked for anything of ours. But every receipt
comes to an address that holds the message's key, so a doubt can wait for one.
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

from notifications.channels.posting import Reply, UnansweredError, UnreachedError, post
from notifications.channels.protocol import Answer, Message, Sent
from notifications.channels.turns import in_turn

logger = logging.getLogger(__name__)

#: Codes of a 400 that are about our account or our number, not about the person's: sender invalid, missing,
#: not ours, not fit for SMS, its queue full; messaging service unknown or without numbers.
_ABOUT_US = frozenset({21212, 21603, 21606, 21611, 21659, 21660, 21701, 21703})
_REFUSING = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
_FAILED = frozenset({"failed", "undelivered", "canceled"})


class TwilioChannel:
    """Sends one request a message."""

    name = "twilio"
    keeps_keys = None
    tells = True

    def send(self, messages: Sequence[Message]) -> Iterator[Sent]:
        """Sends the messages in turn and yields one answer each, in their order."""
        return in_turn(messages, _send)


def callback_url(key: str) -> str:
    """Where Twilio tells what became of the message with this key."""
    return f"{settings.BASE_URL}{reverse('sms-status', args=[key])}"


def _send(message: Message) -> Sent:
    try:
        reply = post(_url(), headers=_headers(), body=_body(message))
    except UnreachedError as error:
        return Sent(answer=Answer.UNREACHABLE, error=str(error), is_fault=True)
    except UnansweredError as error:
        return Sent(answer=Answer.IN_DOUBT, error=str(error), is_fault=True)
    return _judged(reply)


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


def _judged(reply: Reply) -> Sent:
    said = _said(reply)
    code = said.get("code") or said.get("error_code")
    error = f"Twilio answered {reply.status}{f', code {code}' if isinstance(code, int) else ''}"
    if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES and isinstance(said.get("sid"), str):
        if said.get("status") in _FAILED:
            return Sent(answer=Answer.REFUSED, ref=said["sid"], error=error)
        return Sent(answer=Answer.ACCEPTED, ref=said["sid"])
    if reply.status in _REFUSING and code not in _ABOUT_US:
        return Sent(answer=Answer.REFUSED, error=error)
    if HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        # The account, its number or its rate. Nothing was taken, and nothing is wrong with the message.
        logger.error("sms: %s", error)
        return Sent(answer=Answer.DEFERRED, error=error, retry_after=reply.retry_after, is_fault=True)
    # Without a key nobody can tell whether it was taken before the server broke.
    return Sent(answer=Answer.IN_DOUBT, error=error, retry_after=reply.retry_after, is_fault=True)


def _said(reply: Reply) -> dict[str, Any]:
    try:
        found = json.loads(reply.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
