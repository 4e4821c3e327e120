"""What every channel takes and answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message to one address, rendered. It holds nothing of the case.

    `key` is the same for every try, and the same words go with it. `address` is an email address, a number in
    the form of E.164 or the URL of another service. `subject` is empty where a channel has none.
    """

    key: str
    address: str
    subject: str
    body: str


class Answer(StrEnum):
    """What the provider made of a message."""

    ACCEPTED = "accepted"
    #: Not taken, or taken under a key that makes the next try the same message; to be tried again.
    DEFERRED = "deferred"
    #: Certainly not taken, and never will be.
    REFUSED = "refused"
    #: The line broke after the message went out: it may have been taken.
    IN_DOUBT = "in_doubt"
    #: The provider cannot be had at all; nor will it take the next ones now.
    UNREACHABLE = "unreachable"
    #: Not tried at all.
    UNTRIED = "untried"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """The answer for one message, with the provider's reference or its reason; no address in either.

    `retry_after`: seconds for which the provider wants to be left alone, an hour at the most, 0 for none.
    `is_fault`: the trouble is the provider's or the way to it, not this message's. `sticks`: the message may
    have been taken, so that of all providers only this one, which keeps its key, may be asked again.
    """

    answer: Answer
    ref: str = ""
    error: str = ""
    retry_after: float = 0.0
    is_fault: bool = False
    sticks: bool = False


class Channel(Protocol):
    """A way to send messages, through one provider.

    `keeps_keys`: for how long the provider takes a repeated key for the same message; None if it knows none.
    `tells`: whether its receipts carry the message's key, so that a doubt can wait for one.
    """

    @property
    def name(self) -> str:
        """What the provider is called in settings and in the database."""
        ...

    @property
    def keeps_keys(self) -> timedelta | None: ...

    @property
    def tells(self) -> bool: ...

    def send(self, messages: Sequence[Message]) -> Iterator[Sent]:
        """Sends the messages in turn and yields one answer each, in their order. Raises nothing.

        After trouble that is the provider's the rest is left untried: one attempt is lost, not one a message.
        """
        ...
