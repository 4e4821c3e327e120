"""Email through Resend's HTTP API, which takes a repeated key for the same message for a day.

django-anymail makes the request and reads the answer. It carries no idempotency key, and its timeout starts
anew with every byte: both are mended here.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from anymail.backends.resend import EmailBackend
from anymail.exceptions import AnymailInvalidAddress, AnymailRequestsAPIError
from anymail.message import AnymailMessage
from django.conf import settings
from requests import Response
from typing_extensions import override

from notifications.channels.posting import Reply, UnansweredError, UnreachedError, post
from notifications.channels.protocol import Answer, Message, Sent
from notifications.channels.turns import in_turn

logger = logging.getLogger(__name__)

#: What these say is wrong is the account, its money or the address of the API, whatever the message.
_ABOUT_US = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.PAYMENT_REQUIRED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)

#: Letters in a name of an error, at the most.
_LONGEST_NAME = 60


class ResendChannel:
    """Sends one request a message, each with the message's key."""

    name = "resend"
    keeps_keys = timedelta(hours=24)
    tells = True

    def send(self, messages: Sequence[Message]) -> Iterator[Sent]:
        """Sends the messages in turn and yields one answer each, in their order."""
        backend = _Backend(api_key=settings.RESEND["API_KEY"], api_url=settings.RESEND["URL"])
        return in_turn(messages, lambda message: _send(backend, message))


class _Backend(EmailBackend):
    #: What came last; anymail's errors hold it too, beside the message and its address.
    answered: Reply

    @override
    def build_message_payload(self, message: Any, defaults: Any) -> Any:
        payload = super().build_message_payload(message, defaults)
        payload.headers["Idempotency-Key"] = message.metadata["key"]
        return payload

    @override
    def post_to_esp(self, payload: Any, message: Any) -> Response:
        """The answer, whatever bytes drip. Raises what `post` raises, and anymail's error for a refusal."""
        asked = payload.get_request_params(self.api_url)
        self.answered = post(asked["url"], headers=asked["headers"], body=asked["data"].encode())
        # In the form that anymail reads.
        response = Response()
        response.status_code, response.raw = self.answered.status, io.BytesIO(self.answered.body)
        self.raise_for_status(response, payload, message)
        return response


def _send(backend: _Backend, message: Message) -> Sent:
    email = _email(message)
    try:
        backend.send_messages([email])
    except UnreachedError as error:
        return Sent(answer=Answer.UNREACHABLE, error=str(error), is_fault=True)
    except UnansweredError as error:
        return Sent(answer=Answer.DEFERRED, error=str(error), is_fault=True, sticks=True)
    except AnymailInvalidAddress:
        return Sent(answer=Answer.REFUSED, error="not an email address")
    except AnymailRequestsAPIError:
        return _judged(backend.answered)
    return Sent(answer=Answer.ACCEPTED, ref=str(email.anymail_status.message_id))


def _email(message: Message) -> AnymailMessage:
    # The metadata come back with every receipt, also for a message whose answer was never read. A Message-ID
    # would not arrive: Resend's carrier puts its own in its place.
    return AnymailMessage(
        subject=message.subject,
        body=message.body,
        to=[message.address],
        headers={"Auto-Submitted": "auto-generated"},
        metadata={"key": message.key},
    )


def _judged(reply: Reply) -> Sent:
    """What an answer means that is not the id of a message."""
    status, kind, wait = reply.status, _kind(reply), reply.retry_after
    said = f"Resend answered {status}{f', {kind}' if kind else ''}"
    if kind == "concurrent_idempotent_requests":
        return Sent(answer=Answer.DEFERRED, error=said, retry_after=wait, sticks=True)
    if kind == "invalid_idempotent_request":
        # Something was taken under this key, and it was not these words.
        return Sent(answer=Answer.IN_DOUBT, error=said)
    if status in _ABOUT_US or (status >= HTTPStatus.INTERNAL_SERVER_ERROR and kind):
        return _fault(said, wait)
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Sent(answer=Answer.REFUSED, error=said)
    # Neither an id nor Resend's own word that there is none: a gateway's error, or no answer in the answer.
    return Sent(answer=Answer.DEFERRED, error=said, retry_after=wait, is_fault=True, sticks=True)


def _fault(said: str, wait: float) -> Sent:
    """Not taken, by Resend's own word, and not for anything in the message: another provider may have it."""
    logger.error("email: %s", said)
    return Sent(answer=Answer.DEFERRED, error=said, retry_after=wait, is_fault=True)


def _kind(reply: Reply) -> str:
    """Resend's name for an error; empty for an answer that is not in its form."""
    try:
        found = json.loads(reply.body)
    except ValueError:
        return ""
    name = found.get("name") if isinstance(found, dict) else None
    # A name and nothing else: a text might repeat the address.
    return name if isinstance(name, str) and name.isidentifier() and len(name) <= _LONGEST_NAME else ""
