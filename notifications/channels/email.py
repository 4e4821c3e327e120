"""Email over SMTP through Django's mail API: one recipient a message."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from notifications.channels.protocol import Answer, Message, Sent

_PERMANENT = 500
#: The server's word that it closes down; every other refusal is about the one message.
_CLOSING = 421


class SmtpChannel:
    """Sends over one connection at a time; a server that is down costs one attempt, not one a message."""

    name = "smtp"
    keeps_keys = None
    tells = False

    def send(self, messages: Sequence[Message]) -> Iterator[Sent]:
        """Sends the messages in turn and yields one answer each, in their order."""
        connection: BaseEmailBackend = get_connection()
        try:
            connection.open()
        except (OSError, smtplib.SMTPException) as error:
            yield Sent(
                answer=Answer.UNREACHABLE, error=f"no connection: {type(error).__name__}", is_fault=True
            )
            yield from (Sent(answer=Answer.UNTRIED) for _ in messages[1:])
            return
        try:
            for place, message in enumerate(messages):
                sent = self._send(connection, message)
                yield sent
                if sent.is_fault:
                    # The line is broken or closed: nobody was asked about the rest.
                    yield from (Sent(answer=Answer.UNTRIED) for _ in messages[place + 1 :])
                    return
        finally:
            _close(connection)

    def _send(self, connection: BaseEmailBackend, message: Message) -> Sent:
        email = _email(message)
        email.connection = connection
        try:
            email.send()
        except smtplib.SMTPRecipientsRefused as error:
            return _refusal(max(code for code, _ in error.recipients.values()))
        except smtplib.SMTPResponseException as error:
            return _refusal(error.smtp_code)
        except (OSError, smtplib.SMTPException) as error:
            return Sent(answer=Answer.IN_DOUBT, error=f"line broken: {type(error).__name__}", is_fault=True)
        return Sent(answer=Answer.ACCEPTED, ref=_message_id(message.key))


def _refusal(code: int) -> Sent:
    answer = Answer.REFUSED if code >= _PERMANENT else Answer.DEFERRED
    return Sent(answer=answer, error=f"the mail server answered {code}", is_fault=code == _CLOSING)


def _message_id(key: str) -> str:
    """The same for every sending of one message, so that a double can be told from two messages."""
    return f"<{key}@{urlsplit(settings.BASE_URL).hostname}>"


def _email(message: Message) -> EmailMessage:
    return EmailMessage(
        subject=message.subject,
        body=message.body,
        to=[message.address],
        headers={"Message-ID": _message_id(message.key), "Auto-Submitted": "auto-generated"},
    )


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (OSError, smtplib.SMTPException):
        # What was answered was answered; a line that breaks on saying goodbye changes nothing.
        return
