"""Which provider carries a message: the first choice, and the next one while that is down.

A provider whose circuit is open is left alone for a minute. Then one batch tries, and what comes of it closes
the circuit or opens it for another minute. Faults are counted in the database, for all processes together.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from notifications import models
from notifications.channels.apprise import AppriseChannel
from notifications.channels.canary import CanaryChannel
from notifications.channels.email import SmtpChannel
from notifications.channels.http_email import ResendChannel
from notifications.channels.protocol import Answer, Channel, Message, Sent
from notifications.channels.sms import TwilioChannel
from notifications.models import Provider
from notifications.services.statements import rows_of

logger = logging.getLogger(__name__)

#: Faults in a row that open a circuit.
FAULTS = 5
#: Seconds for which it stays open.
OPEN_FOR = 60.0

#: Asked before a provider is handed messages, with its name and their places: which of them may be.
Begin = Callable[[str, Sequence[int]], Sequence[int]]

_MADE = {
    made.name: made for made in (SmtpChannel, ResendChannel, TwilioChannel, AppriseChannel, CanaryChannel)
}

# Whether the provider may be tried: yes while its circuit is closed, and for whoever is first after its time.
_TRY = """
WITH mine AS (
  UPDATE notifications_provider SET open_until = statement_timestamp() + make_interval(secs => %(seconds)s)
  WHERE name = %(name)s AND open_until <= statement_timestamp()
  RETURNING name
)
SELECT EXISTS (SELECT FROM mine)
  OR NOT EXISTS (SELECT FROM notifications_provider WHERE name = %(name)s AND open_until IS NOT NULL)
"""

_FAULT = """
INSERT INTO notifications_provider AS p (name, failures) VALUES (%(name)s, 1)
ON CONFLICT (name) DO UPDATE
SET failures = p.failures + 1,
    open_until = CASE WHEN p.failures + 1 >= %(faults)s
                      THEN statement_timestamp() + make_interval(secs => %(seconds)s) END
RETURNING failures
"""


def usable(channel: str) -> list[Channel]:
    """The channel's providers, first choice first, without those whose circuit is open now."""
    names = _named(channel)
    shut = Provider.objects.filter(name__in=names, open_until__gt=Now()).values_list("name", flat=True)
    return [_MADE[name]() for name in names if name not in set(shut)]


def note(name: str, *, failed: bool) -> None:
    """The provider answered, or had trouble of its own; after `FAULTS` of these in a row its circuit is open.

    A refusal of one address is no trouble of the provider's.
    """
    if not failed:
        closed = Provider.objects.filter(name=name, failures__gt=0).update(failures=0, open_until=None)
        if closed:
            logger.info("provider %s answers", name)
        return
    ((failures,),) = rows_of(_FAULT, {"name": name, "faults": FAULTS, "seconds": OPEN_FOR})
    if failures >= FAULTS:
        logger.error("provider %s: %d faults in a row, left alone for %d s", name, failures, OPEN_FOR)


def keepers() -> dict[str, timedelta]:
    """The providers that honour a key, and for how long."""
    return {name: one.keeps_keys for name, one in _known().items() if one.keeps_keys}


def tellers() -> list[str]:
    """The providers whose receipts carry our key."""
    return [name for name, one in _known().items() if one.tells]


def send(
    channel: str, messages: Sequence[Message], *, begin: Begin, stick_to: str = ""
) -> Iterator[tuple[str, Sent]]:
    """One answer each, in the messages' order, with the name of the provider that gave it.

    What a provider certainly did not take, for trouble that is its own, goes to the next one at once; what
    it may have taken does not. `stick_to` names the provider that may have taken the messages before,
    and no other is asked. Raises nothing but errors of the database.
    """
    answers: dict[int, tuple[str, Sent]] = {}
    waiting = list(range(len(messages)))
    for provider in _chosen(channel, stick_to):
        if not waiting:
            break
        if not _may_try(provider.name):
            continue
        begun = begin(provider.name, waiting)
        # Of the others the lease is lost or nearly over: nobody asks about them now.
        answers |= {place: ("", Sent(answer=Answer.UNTRIED)) for place in waiting if place not in begun}
        waiting = list(begun)
        given = list(provider.send([messages[place] for place in waiting])) if waiting else []
        _count(provider.name, given)
        for place, sent in zip(waiting, given, strict=True):
            if sent.answer is not Answer.UNTRIED or place not in answers:
                # An answer to this try settles nothing about the earlier one, unless it ends the matter.
                sticks = sent.sticks or (bool(stick_to) and _is_open(sent))
                answers[place] = provider.name, replace(sent, sticks=sticks)
        waiting = [place for place in waiting if _goes_on(answers[place][1])]
    nobody = _nobody(channel, stick_to)
    yield from (answers.get(place, ("", nobody)) for place in range(len(messages)))


def _known() -> dict[str, Channel]:
    return {name: made() for name, made in _MADE.items()}


def _named(channel: str) -> Sequence[str]:
    named: Mapping[str, Sequence[str]] = {
        models.Channel.EMAIL: settings.EMAIL_PROVIDERS,
        models.Channel.SMS: settings.SMS_PROVIDERS,
        models.Channel.SERVICE: [AppriseChannel.name] if settings.SERVICES else [],
        models.Channel.CANARY: [CanaryChannel.name],
    }
    return named[channel]


def _chosen(channel: str, stick_to: str) -> list[Channel]:
    return [one for one in usable(channel) if stick_to in {"", one.name}]


def _may_try(name: str) -> bool:
    return bool(rows_of(_TRY, {"name": name, "seconds": OPEN_FOR})[0][0])


def _count(name: str, given: Sequence[Sent]) -> None:
    """A batch is one fault at the most: after the first nobody is asked about the rest."""
    failed = any(sent.is_fault for sent in given)
    if any(sent.answer is not Answer.UNTRIED and not sent.is_fault for sent in given):
        note(name, failed=False)
    if failed:
        note(name, failed=True)


def _is_open(sent: Sent) -> bool:
    """True where the message is to be tried again."""
    return sent.answer in {Answer.DEFERRED, Answer.UNREACHABLE, Answer.UNTRIED}


def _goes_on(sent: Sent) -> bool:
    """True where another provider may have the message: this one had trouble and did not take it."""
    return _is_open(sent) and not sent.sticks and (sent.is_fault or sent.answer is not Answer.DEFERRED)


def _nobody(channel: str, stick_to: str) -> Sent:
    """What is answered for a message that nobody could be asked to take."""
    if stick_to and stick_to not in _named(channel):
        # Who may have taken it is asked nothing any more.
        return Sent(answer=Answer.IN_DOUBT, error=f"{stick_to} may have taken it, and is not used any more")
    if not _named(channel):
        return Sent(answer=Answer.UNREACHABLE, error=f"no provider of {channel} is named")
    return Sent(
        answer=Answer.UNREACHABLE, error="every provider is left alone for a while", sticks=bool(stick_to)
    )
