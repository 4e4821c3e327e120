"""Which provider carries a message."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from notifications.channels.canary import CanaryChannel
from notifications.channels.email import SmtpChannel
from notifications.channels.protocol import Answer, Channel, Message, Sent

_OF: dict[str, Channel] = {"email": SmtpChannel(), "canary": CanaryChannel()}


def keepers() -> dict[str, timedelta]:
    """The providers that honour a key, and for how long."""
    return {one.name: one.keeps_keys for one in _OF.values() if one.keeps_keys}


def tellers() -> list[str]:
    """The providers whose receipts carry our key."""
    return [one.name for one in _OF.values() if one.tells]


def send(
    channel: str,
    messages: Sequence[Message],
    *,
    begin: Callable[[str, Sequence[int]], Sequence[int]],
    stick_to: str = "",
) -> Iterator[tuple[str, Sent]]:
    """One answer each."""
    provider = _OF[channel]
    going = begin(provider.name, range(len(messages)))
    answers = (
        dict(zip(going, provider.send([messages[place] for place in going]), strict=True)) if going else {}
    )
    yield from (
        (provider.name, answers.get(place, Sent(answer=Answer.UNTRIED))) for place in range(len(messages))
    )
