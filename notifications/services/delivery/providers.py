"""Choose the provider for a message: the first choice, or the next one while the first is down.

A provider whose circuit is open is not used for a while. Then one batch tries it, and the result closes the
circuit or opens it again. Faults are counted in the database, for all processes together.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Coalesce, Now
from django.db.utils import Error

from notifications.channels.apprise import AppriseChannel
from notifications.channels.canary import CanaryChannel
from notifications.channels.email import SmtpChannel
from notifications.channels.http_email import ResendChannel
from notifications.channels.protocol import Message, MessageSender, SendResult, SendStatus
from notifications.channels.sms import TwilioChannel
from notifications.channels.smtp_replies import Stage
from notifications.models import Channel, Provider
from notifications.services.delivery import outbox
from notifications.services.sql import rows_of
from notifications.services.watch.delivery import REFUSED, not_used, providers_of, troubled
from notifications.services.watch.findings import Violation, report

logger = logging.getLogger(__name__)

#: Consecutive faults that open a circuit.
FAULTS = 5
#: Seconds for which it stays open.
OPEN_FOR = 15.0

#: Seconds between two tries of the mail server without a message: while all is well, and while it is down.
PROBE_EVERY, PROBE_TROUBLED_EVERY = 20.0, 4.0

#: Trouble that shows only when a message is sent.
_OF_A_MESSAGE = Q(trouble__contains=Stage.RECIPIENT.value) | Q(trouble__contains=Stage.DATA.value)

#: Called with a provider's name and the indexes of the messages for it; returns the indexes that may be sent.
Begin = Callable[[str, Sequence[int]], Sequence[int]]

_SENDERS = {
    sender.name: sender
    for sender in (SmtpChannel, ResendChannel, TwilioChannel, AppriseChannel, CanaryChannel)
}

_CHANNELS = (Channel.EMAIL, Channel.SMS, Channel.SERVICE, Channel.CANARY)

# True while the circuit is closed, and for the first caller after its time.
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


# One process at a time.
_PROBE = """
INSERT INTO notifications_provider AS p (name, probed_at) VALUES (%(name)s, statement_timestamp())
ON CONFLICT (name) DO UPDATE SET probed_at = statement_timestamp()
WHERE p.probed_at IS NULL
   OR p.probed_at < statement_timestamp()
      - make_interval(secs => CASE WHEN p.failures > 0 THEN %(troubled)s ELSE %(calm)s END)
RETURNING name
"""


def shut() -> set[str]:
    """Return the providers whose circuit is open."""
    return set(Provider.objects.filter(open_until__gt=Now()).values_list("name", flat=True))


def closed_channels(without: Collection[str]) -> list[str]:
    """Return the channels that have no provider besides `without`. Nothing can be sent on them now."""
    return [channel for channel in _CHANNELS if (names := providers_of(channel)) and {*names} <= {*without}]


def available_senders(channel: str) -> list[MessageSender]:
    """Return the channel's providers in order of preference, without those whose circuit is open."""
    names = providers_of(channel)
    shut = Provider.objects.filter(name__in=names, open_until__gt=Now()).values_list("name", flat=True)
    return [_SENDERS[name]() for name in names if name not in set(shut)]


def record_health(name: str, *, failed: bool) -> None:
    """Record an answer or a fault of a provider. `FAULTS` consecutive faults open its circuit.

    A refused address is an answer, not a fault.
    """
    if not failed:
        troubled = Provider.objects.filter(Q(failures__gt=0) | ~Q(trouble=""), name=name)
        if troubled.update(failures=0, open_until=None, trouble="", trouble_since=None):
            logger.info("provider %s is available again", name)
            outbox.wake([one for one in _CHANNELS if name in providers_of(one)])
        return
    ((failures,),) = rows_of(_FAULT, {"name": name, "faults": FAULTS, "seconds": OPEN_FOR})
    if failures == FAULTS or failures % (10 * FAULTS) == 0:
        logger.error("provider %s: %d consecutive faults, not used for %d s", name, failures, OPEN_FOR)
        _notify(not_used(name, failures))


def probe() -> None:
    """Try the mail server, unless it was tried a short while ago, so that its end is noticed without alerts.

    While it is down it is tried more often, so that the backlog is sent as soon as it is up.
    """
    name = SmtpChannel.name
    if name not in settings.EMAIL_PROVIDERS:
        return
    intervals = {"calm": PROBE_EVERY, "troubled": PROBE_TROUBLED_EVERY}
    is_mine = rows_of(_PROBE, {"name": name, **intervals})
    if not is_mine:
        return
    failure = SmtpChannel().probe()
    if failure is not None:
        _count(name, [failure])
    elif not Provider.objects.filter(_OF_A_MESSAGE, name=name).exists():
        record_health(name, failed=False)


def idempotency_windows() -> dict[str, timedelta]:
    """Return the providers with idempotency keys, and how long each remembers a key."""
    return {name: one.idempotency_window for name, one in _known().items() if one.idempotency_window}


def providers_with_receipts() -> list[str]:
    """Return the providers whose receipts carry our key."""
    return [name for name, one in _known().items() if one.receipts_carry_key]


def send(
    channel: str, messages: Sequence[Message], *, begin: Begin, only_provider: str = ""
) -> Iterator[tuple[str, SendResult]]:
    """Yield one result for each message, in order, with the name of the provider that gave it.

    A message that a provider certainly did not accept, because of a fault of its own, goes to the next
    provider at once; one that it may have accepted does not. If `only_provider` is set, it may have accepted
    the messages before, and no other provider is used. Raises database errors only, and only before a
    provider has answered.
    """
    results: dict[int, tuple[str, SendResult]] = {}
    waiting = list(range(len(messages)))
    for provider in _chosen(channel, only_provider):
        if not waiting:
            break
        try:
            if not _may_try(provider.name):
                continue
            begun = begin(provider.name, waiting)
        except Error as error:
            if not results:
                raise
            # What an earlier provider answered must be recorded, so no other is tried now.
            logger.error("no other provider was tried: %s", type(error).__name__)
            break
        # The lease of the others is lost or nearly over: leave them untried.
        results |= {
            place: ("", SendResult(status=SendStatus.UNTRIED)) for place in waiting if place not in begun
        }
        waiting = list(begun)
        given = list(provider.send([messages[place] for place in waiting])) if waiting else []
        _try_to_count(provider.name, given)
        for place, sent in zip(waiting, given, strict=True):
            if sent.status is not SendStatus.UNTRIED or place not in results:
                # Until this attempt is final, an earlier attempt may still have been accepted.
                keep_provider = sent.keep_provider or (bool(only_provider) and _is_open(sent))
                results[place] = provider.name, replace(sent, keep_provider=keep_provider)
        waiting = [place for place in waiting if _may_fail_over(results[place][1])]
    unsent = _unsent(channel, only_provider)
    yield from (results.get(place, ("", unsent)) for place in range(len(messages)))


def _known() -> dict[str, MessageSender]:
    return {name: made() for name, made in _SENDERS.items()}


def _chosen(channel: str, only_provider: str) -> list[MessageSender]:
    return [one for one in available_senders(channel) if only_provider in {"", one.name}]


def _may_try(name: str) -> bool:
    return bool(rows_of(_TRY, {"name": name, "seconds": OPEN_FOR})[0][0])


def _try_to_count(name: str, given: Sequence[SendResult]) -> None:
    """Record how the provider is, if the database is there. The results themselves matter more."""
    try:
        _count(name, given)
    except Error as error:
        if connection.in_atomic_block:
            raise
        logger.error("the health of provider %s was not recorded: %s", name, type(error).__name__)


def _count(name: str, given: Sequence[SendResult]) -> None:
    """Record the results of a batch: at most one fault, because the rest is untried after a fault."""
    failed = any(sent.is_provider_fault for sent in given)
    if any(
        sent.status is not SendStatus.UNTRIED and not sent.is_provider_fault and not sent.is_not_recipient
        for sent in given
    ):
        record_health(name, failed=False)
    if failed:
        record_health(name, failed=True)
    if refusals := [sent.error for sent in given if sent.refuses_us and sent.is_provider_fault]:
        _record_trouble(name, refusals[0])
    elif refusals := [sent.error for sent in given if sent.refuses_us]:
        detail = f"The provider {name} refuses a message, and not because of its recipient: {refusals[0]}."
        _notify(Violation(code=REFUSED, detail=detail))


def _record_trouble(name: str, error: str) -> None:
    """Record that a person must change a setting, here or at the provider; notify administrators at once."""
    Provider.objects.get_or_create(name=name)
    Provider.objects.filter(name=name).update(
        trouble=error[:200], trouble_since=Coalesce("trouble_since", Now())
    )
    _notify(troubled(name, error))


def _notify(violation: Violation) -> None:
    try:
        report(violation)
    except Error as error:
        # The audit finds it again.
        logger.error("a finding could not be written: %s", type(error).__name__)


def _is_open(sent: SendResult) -> bool:
    """Return True if the message must be tried again."""
    return sent.status in {SendStatus.DEFERRED, SendStatus.UNREACHABLE, SendStatus.UNTRIED}


def _may_fail_over(sent: SendResult) -> bool:
    """Return True if another provider may send the message: this one failed and did not accept it."""
    return (
        _is_open(sent)
        and not sent.keep_provider
        and (sent.is_provider_fault or sent.is_not_recipient or sent.status is not SendStatus.DEFERRED)
    )


def _unsent(channel: str, only_provider: str) -> SendResult:
    """Return the result for a message that no provider was given."""
    if only_provider and only_provider not in providers_of(channel):
        # The provider that may have accepted it is not configured any more.
        return SendResult(
            status=SendStatus.IN_DOUBT,
            error=f"{only_provider} may have accepted it, and is not used any more",
        )
    if not providers_of(channel):
        return SendResult(status=SendStatus.UNREACHABLE, error=f"no provider is configured for {channel}")
    return SendResult(
        status=SendStatus.UNREACHABLE,
        error="every provider is unavailable for now",
        keep_provider=bool(only_provider),
    )
