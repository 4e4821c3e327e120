"""The interface between the outbox and every provider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

#: Headers by which machines know not to answer: RFC 3834, and the one that Exchange follows.
AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "AutoReply, OOF"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One rendered message to one address. It holds nothing about the case.

    `key` and the text are the same on every attempt. `address` is an email address, a phone number in E.164
    form, or the URL of another service. `subject` is empty for channels without subjects. `sender` is the
    address that an email comes from, and `reply_to` the one that replies go to, if not the usual one.
    """

    key: str
    address: str
    subject: str
    body: str
    sender: str = ""
    reply_to: str = ""


class SendStatus(StrEnum):
    """The outcome of one attempt to send a message."""

    ACCEPTED = "accepted"
    #: Not accepted, or accepted under a key that makes the next attempt the same message. Try again.
    DEFERRED = "deferred"
    #: Certainly not accepted because of this recipient, and another attempt cannot change that.
    REFUSED = "refused"
    #: The connection broke after the message was sent: the provider may have accepted it.
    IN_DOUBT = "in_doubt"
    #: No connection to the provider; it will not accept the next messages now either.
    UNREACHABLE = "unreachable"
    #: Not attempted.
    UNTRIED = "untried"


@dataclass(frozen=True, kw_only=True, slots=True)
class SendResult:
    """The result for one message, with the provider's reference or an error. Neither contains an address.

    `retry_after`: seconds the provider asks us to wait, at most an hour; 0 if it asked for no wait.
    `is_provider_fault`: the provider or the connection to it failed, not this message. `keep_provider`: the
    provider may have accepted the message, so only this provider, which keeps its key, may be tried again.
    `is_not_recipient`: the provider did not accept the message, for a reason other than its recipient.
    `refuses_us`: it refuses our account, our sender or our text until a person changes something.
    """

    status: SendStatus
    ref: str = ""
    error: str = ""
    retry_after: float = 0.0
    is_provider_fault: bool = False
    keep_provider: bool = False
    is_not_recipient: bool = field(default=False, compare=False)
    refuses_us: bool = field(default=False, compare=False)


class MessageSender(Protocol):
    """Sends messages through one provider.

    `idempotency_window`: how long the provider treats a repeated key as the same message; None if it has no
    idempotency keys. `receipts_carry_key`: True if its delivery receipts include the message's key, so that
    a message in doubt can wait for one.
    """

    @property
    def name(self) -> str:
        """The provider's name in settings and in the database."""
        ...

    @property
    def idempotency_window(self) -> timedelta | None: ...

    @property
    def receipts_carry_key(self) -> bool: ...

    def send(self, messages: Sequence[Message]) -> Iterator[SendResult]:
        """Send the messages one by one and yield one result each, in order. Raises nothing.

        After a provider fault the remaining messages are UNTRIED, so an outage costs one attempt for the
        batch and not one for each message.
        """
        ...
