"""Email through Resend's HTTP API, which treats a repeated key as the same message for 24 hours.

django-anymail builds the request and reads the response. It sends no idempotency key, and its timeout starts
again with every byte received; this module adds the key and a limit on the total time.
"""

from __future__ import annotations

import io
import json
import logging
import re
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

from accounts.mail_addresses import AddressError, check_address
from notifications.channels.http_client import PostResponse, UnansweredError, UnreachedError, post
from notifications.channels.protocol import AUTOMATIC, Message, SendResult, SendStatus
from notifications.channels.sequential import send_sequentially

logger = logging.getLogger(__name__)

#: Statuses about our account, its billing or the API's URL, whatever the message.
_OUR_ACCOUNT = frozenset(
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

#: The error about a field of the message, and texts of it that name another field than the recipient.
_OF_A_FIELD = "validation_error"
_NAMES_ANOTHER = re.compile(
    r"`(?!to`)\w+`|\bfrom\b|sender|domain|verif|testing|subject|\bhtml\b|\btext\b|reply|header|tag|api key",
    re.IGNORECASE,
)

#: The longest error name, in characters.
_LONGEST_NAME = 60


class ResendChannel:
    """Sends one request for each message, with the message's key."""

    name = "resend"
    idempotency_window = timedelta(hours=24)
    receipts_carry_key = True

    def send(self, messages: Sequence[Message]) -> Iterator[SendResult]:
        """Send the messages one by one and yield one result each, in order."""
        backend = _Backend(api_key=settings.RESEND["API_KEY"], api_url=settings.RESEND["URL"])
        return send_sequentially(messages, lambda message: _send(backend, message))


class _Backend(EmailBackend):
    #: The last response. anymail's errors contain it too, together with the message and its address.
    response: PostResponse

    @override
    def build_message_payload(self, message: Any, defaults: Any) -> Any:
        payload = super().build_message_payload(message, defaults)
        payload.headers["Idempotency-Key"] = message.metadata["key"]
        return payload

    @override
    def post_to_esp(self, payload: Any, message: Any) -> Response:
        """Return the response. Raises what `post` raises, and anymail's error for a refusal."""
        asked = payload.get_request_params(self.api_url)
        self.response = post(asked["url"], headers=asked["headers"], body=asked["data"].encode())
        # In the form that anymail reads.
        response = Response()
        response.status_code, response.raw = self.response.status, io.BytesIO(self.response.body)
        self.raise_for_status(response, payload, message)
        return response


def _send(backend: _Backend, message: Message) -> SendResult:
    try:
        check_address(message.address)
        email = _email(message)
        backend.build_message_payload(email, backend.send_defaults)
    except (AddressError, AnymailInvalidAddress):
        return SendResult(status=SendStatus.REFUSED, error="not an email address that can be sent to")
    except ValueError as error:
        return SendResult(status=SendStatus.REFUSED, error=f"not an email: {type(error).__name__}")
    try:
        backend.send_messages([email])
    except UnreachedError as error:
        return SendResult(status=SendStatus.UNREACHABLE, error=str(error), is_provider_fault=True)
    except UnansweredError as error:
        return SendResult(
            status=SendStatus.DEFERRED, error=str(error), is_provider_fault=True, keep_provider=True
        )
    except AnymailRequestsAPIError:
        return _result(backend.response, message.address)
    return SendResult(status=SendStatus.ACCEPTED, ref=str(email.anymail_status.message_id))


def _email(message: Message) -> AnymailMessage:
    # The metadata come back with every receipt, even for a message whose response was lost. A Message-ID
    # would not arrive: Resend's mail carrier replaces it.
    return AnymailMessage(
        subject=message.subject,
        body=message.body,
        from_email=message.sender or None,
        to=[message.address],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers=dict(AUTOMATIC),
        metadata={"key": message.key},
    )


def _result(response: PostResponse, address: str) -> SendResult:
    """Return the meaning of a response other than a message id."""
    status, name, wait = response.status, _error_name(response), response.provider_wait
    error = f"Resend answered {status}{f', {name}' if name else ''}"
    if name == "concurrent_idempotent_requests":
        return SendResult(status=SendStatus.DEFERRED, error=error, retry_after=wait, keep_provider=True)
    if name == "invalid_idempotent_request":
        # Resend accepted a message under this key with different text.
        return SendResult(status=SendStatus.IN_DOUBT, error=error)
    if status in _OUR_ACCOUNT or (status >= HTTPStatus.INTERNAL_SERVER_ERROR and name):
        return _fault(error, wait, refuses_us=status in _OUR_ACCOUNT)
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        if name == _OF_A_FIELD and not _names_another_field(response, address):
            return SendResult(status=SendStatus.REFUSED, error=error)
        # Our sender, our text or our request.
        logger.error("email: %s", error)
        return SendResult(
            status=SendStatus.DEFERRED, error=error, retry_after=wait, is_not_recipient=True, refuses_us=True
        )
    # Neither a message id nor Resend's own error: a gateway's error, or a response without content.
    return SendResult(
        status=SendStatus.DEFERRED,
        error=error,
        retry_after=wait,
        is_provider_fault=True,
        keep_provider=True,
    )


def _names_another_field(response: PostResponse, address: str) -> bool:
    # Without the address, whose letters may spell any word.
    return bool(_NAMES_ANOTHER.search(_error_field(response, "message").replace(address, "")))


def _fault(error: str, wait: float, *, refuses_us: bool) -> SendResult:
    """Resend itself reports that it did not accept the message, so another provider may send it."""
    logger.error("email: %s", error)
    return SendResult(
        status=SendStatus.DEFERRED,
        error=error,
        retry_after=wait,
        is_provider_fault=True,
        is_not_recipient=True,
        refuses_us=refuses_us,
    )


def _error_name(response: PostResponse) -> str:
    """Return Resend's name for an error; empty for a response in another form."""
    name = _error_field(response, "name")
    # Only an identifier: free text might repeat the address.
    return name if name.isidentifier() and len(name) <= _LONGEST_NAME else ""


def _error_field(response: PostResponse, field: str) -> str:
    try:
        found = json.loads(response.body)
    except ValueError:
        return ""
    value = found.get(field) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""
