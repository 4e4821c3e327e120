"""Draining the outbox: lease a batch, send it in small parts, record what became of each."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from notifications.channels.email import EmailChannel
from notifications.channels.protocol import Answer, Channel, Message, Sent
from notifications.services.outbox import Completion, End, Leased, begin, complete, lease

logger = logging.getLogger(__name__)

#: How many alerts are begun together: as many, at the most, are in doubt after a kill.
PART = 8
#: Seconds before the first retry; doubled with each.
FIRST_WAIT = 15.0
#: Seconds between retries, at the most.
LONGEST_WAIT = 900.0
#: What one drain sends at the most.
BATCH = 100


def drain(limit: int = BATCH, *, worker: str, channel: Channel | None = None) -> int:
    """Sends up to `limit` alerts that are ready; answers how many were accepted."""
    leased = lease(limit, worker=worker)
    accepted = 0
    for part in _parts(leased):
        begun = begin([one for one in part if one.address and one.is_active])
        answers = _send(begun, channel or EmailChannel())
        complete([*_without_address(part), *(_completion(one, sent) for one, sent in answers)])
        accepted += sum(sent.answer is Answer.ACCEPTED for _, sent in answers)
        if any(sent.answer is Answer.UNREACHABLE for _, sent in answers):
            # Nothing will be taken now. What is leased and not begun is freed for the retry's time.
            rest = leased[leased.index(part[-1]) + 1 :]
            complete([Completion(alert=one, end=End.READY, wait=FIRST_WAIT) for one in rest])
            break
    return accepted


def _parts(alerts: Sequence[Leased]) -> Iterator[list[Leased]]:
    rest = iter(alerts)
    while part := list(islice(rest, PART)):
        yield part


def _without_address(part: Sequence[Leased]) -> Iterator[Completion]:
    """A recipient who left between firing and sending: failed loudly, for the audit to find."""
    for one in part:
        if not one.address or not one.is_active:
            logger.error("alert %s has no recipient any more", one.public_id)
            yield Completion(alert=one, end=End.FAILED, error="the recipient is gone")


def _send(begun: Sequence[Leased], channel: Channel) -> list[tuple[Leased, Sent]]:
    """What the channel answered for each; it is not asked where there is nothing to send."""
    if not begun:
        return []
    messages = [Message(key=one.public_id, address=one.address, link=link_to(one.public_id)) for one in begun]
    return list(zip(begun, channel.send(messages), strict=True))


def _completion(alert: Leased, sent: Sent) -> Completion:
    match sent.answer:
        case Answer.ACCEPTED:
            return Completion(alert=alert, end=End.ACCEPTED, ref=sent.ref)
        case Answer.REFUSED:
            logger.error("alert %s was refused: %s", alert.public_id, sent.error)
            return Completion(alert=alert, end=End.FAILED, error=sent.error)
        case Answer.IN_DOUBT:
            logger.warning("alert %s is in doubt: %s", alert.public_id, sent.error)
            return Completion(alert=alert, end=End.IN_DOUBT, error=sent.error)
        case Answer.DEFERRED | Answer.UNREACHABLE:
            wait = min(FIRST_WAIT * 2 ** (alert.attempts - 1), LONGEST_WAIT)
            return Completion(alert=alert, end=End.READY, wait=wait, error=sent.error)
        case Answer.UNTRIED:
            return Completion(alert=alert, end=End.READY, wait=FIRST_WAIT)


def link_to(public_id: str) -> str:
    """The address of the page behind sign-in that says what the alert is about."""
    return f"{settings.BASE_URL}{reverse('notice', args=[UUID(public_id)])}"
