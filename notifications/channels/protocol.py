"""What every channel takes and answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message to one address. It carries a link and nothing of the case."""

    key: str
    address: str
    link: str


class Answer(StrEnum):
    """What the provider made of a message."""

    ACCEPTED = "accepted"
    #: Certainly not taken; to be tried again.
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
    """The answer for one message, with the provider's reference or its reason; no address in either."""

    answer: Answer
    ref: str = ""
    error: str = ""


class Channel(Protocol):
    """A way to send messages."""

    def send(self, messages: Sequence[Message]) -> Iterator[Sent]:
        """Sends the messages in turn and yields one answer each, in their order. Raises nothing."""
        ...
