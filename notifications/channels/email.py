"""Email over SMTP through Django's mail API, one recipient for each message."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from accounts.mail_addresses import AddressError, check_address
from notifications.channels.protocol import AUTOMATIC, Message, SendResult, SendStatus
from notifications.channels.sequential import send_sequentially
from notifications.channels.smtp_backend import BoundedSmtp, PatientBackend
from notifications.channels.smtp_replies import PERMANENT, Reply, Stage, result_of

#: What `smtplib` and the socket raise if the connection breaks or the server answers something unexpected.
_BROKEN = (OSError, smtplib.SMTPException)
#: Of those, what only a person can mend: encryption, a sign-in, or a name of the server that do not fit.
_SETTINGS = (ssl.SSLError, smtplib.SMTPNotSupportedError, socket.gaierror)
#: The stage of a refusal, by what `smtplib` raises.
_STAGES = {smtplib.SMTPSenderRefused: Stage.SENDER, smtplib.SMTPDataError: Stage.DATA}
_OK = 250
_UNSUPPORTED = SendResult(
    status=SendStatus.DEFERRED,
    error="the mail server does not support what the settings ask for",
    is_provider_fault=True,
    is_not_recipient=True,
    refuses_us=True,
)


class SmtpChannel:
    """Sends over one connection. If the server is down, a batch costs one attempt."""

    name = "smtp"
    idempotency_window = None
    receipts_carry_key = False

    def probe(self) -> SendResult | None:
        """Connect, sign in and name the sender, without a message; return a result only if that fails."""
        connection: BaseEmailBackend | None = None
        try:
            connection = _connection()
            connection.open()
            session = getattr(connection, "connection", None)
            if isinstance(session, smtplib.SMTP):
                session.ehlo_or_helo_if_needed()
                code, text = session.mail(settings.DEFAULT_FROM_EMAIL)
                if code != _OK:
                    return result_of(Reply(Stage.SENDER, code, text), "")
                session.rset()
        except Exception as error:  # noqa: BLE001 - as in `send`
            return _unreached(error)
        finally:
            if connection is not None:
                _close(connection)
        return None

    def send(self, messages: Sequence[Message]) -> Iterator[SendResult]:
        """Send the messages one by one and yield one result each, in order."""
        connection: BaseEmailBackend | None = None
        try:
            connection = _connection()
            connection.open()
        except Exception as error:  # noqa: BLE001 - a wrong setting can raise anything, and fails no message
            if connection is not None:
                _close(connection)
            yield _unreached(error)
            yield from (SendResult(status=SendStatus.UNTRIED) for _ in messages[1:])
            return
        try:
            yield from send_sequentially(messages, lambda message: _sent(connection, message))
        finally:
            _close(connection)


def _sent(connection: BaseEmailBackend, message: Message) -> SendResult:
    try:
        check_address(message.address)
        email = _email(message)
        email.message()
    except AddressError:
        return SendResult(status=SendStatus.REFUSED, error="not an email address that can be sent to")
    except ValueError as error:
        return SendResult(status=SendStatus.REFUSED, error=f"not an email: {type(error).__name__}")
    email.connection = connection
    try:
        # Connects again if an error ended the connection.
        connection.open()
    except Exception as error:  # noqa: BLE001 - as above
        _close(connection)
        return _unreached(error)
    return _transaction(connection, email, message)


def _transaction(connection: BaseEmailBackend, email: EmailMessage, message: Message) -> SendResult:
    try:
        email.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, text = max(error.recipients.values())
        return result_of(Reply(Stage.RECIPIENT, code, text), message.address)
    except smtplib.SMTPResponseException as error:
        stage = next((one for kind, one in _STAGES.items() if isinstance(error, kind)), Stage.SESSION)
        return result_of(Reply(stage, error.smtp_code, error.smtp_error), message.address)
    except smtplib.SMTPNotSupportedError:
        return _UNSUPPORTED
    except _BROKEN as error:
        broken = f"connection broken: {type(error).__name__}"
        may_be_taken = _may_be_taken(connection)
        _close(connection)
        if may_be_taken:
            return SendResult(status=SendStatus.IN_DOUBT, error=broken, is_provider_fault=True)
        return SendResult(
            status=SendStatus.DEFERRED,
            error=f"{broken}, before the message",
            is_provider_fault=True,
            is_not_recipient=True,
        )
    except Exception:
        # In the middle of a transaction: the next message needs a new connection.
        _close(connection)
        raise
    return SendResult(status=SendStatus.ACCEPTED, ref=_message_id(message.key))


def _may_be_taken(connection: BaseEmailBackend) -> bool:
    """Return False if the connection broke before the server asked for the message."""
    session = getattr(connection, "connection", None)
    return not isinstance(session, BoundedSmtp) or session.is_message_out


def _connection() -> BaseEmailBackend:
    is_plain = settings.EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend"
    return PatientBackend() if is_plain else get_connection()


def _unreached(error: Exception) -> SendResult:
    """Return the result if no session began: the server is away, or refuses our connection or sign-in."""
    if isinstance(error, smtplib.SMTPResponseException):
        reason, refuses_us = f"the mail server answered {error.smtp_code}", error.smtp_code >= PERMANENT
        if isinstance(error, smtplib.SMTPAuthenticationError):
            reason, refuses_us = f"the mail server answered {error.smtp_code} to the sign-in", True
    else:
        reason = f"no connection: {type(error).__name__}"
        is_away = isinstance(error, (OSError, smtplib.SMTPServerDisconnected))
        # A certificate that does not verify, TLS or a sign-in that the server does not offer, a wrong host.
        refuses_us = not is_away or isinstance(error, _SETTINGS)
        if isinstance(error, socket.gaierror):
            reason = "no connection: the name of the mail server is not found"
    return SendResult(
        status=SendStatus.UNREACHABLE,
        error=reason,
        is_provider_fault=True,
        is_not_recipient=True,
        refuses_us=refuses_us,
    )


def _message_id(key: str) -> str:
    """Return the Message-ID: the same on every attempt, so that recipients can recognize a duplicate."""
    return f"<{key}@{urlsplit(settings.BASE_URL).hostname}>"


def _email(message: Message) -> EmailMessage:
    return EmailMessage(
        subject=message.subject,
        body=message.body,
        from_email=message.sender or None,
        to=[message.address],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers={"Message-ID": _message_id(message.key), **AUTOMATIC},
    )


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except _BROKEN:
        # An error while closing changes no result that the server has already sent.
        return
