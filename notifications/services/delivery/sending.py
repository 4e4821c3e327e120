"""Drain the outbox: lease a batch, bundle it into messages, send them in small parts, record the results."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from cryptography.fernet import InvalidToken
from django.conf import settings

from accounts.crypto import decrypt, decrypt_bytes
from notifications.channels.protocol import Message, SendResult, SendStatus
from notifications.models import Channel, Via
from notifications.services.delivery import outbox, providers, quiet_hours, rehearsed, sms_opt_out
from notifications.services.delivery.bundles import Bundle, bundles_of
from notifications.services.delivery.links import (
    answer_code,
    answer_link,
    list_link,
    person_link,
    reply_address,
)
from notifications.services.delivery.outbox import (
    AlertCompletion,
    BegunAlert,
    CompletionState,
    LeasedAlert,
    begin,
    complete,
    lease,
)
from notifications.services.delivery.templates import Rendered, RenderError, Wordings, stop_words
from notifications.services.weekly import week_fields

logger = logging.getLogger(__name__)

#: Messages begun together: the most that are in doubt after a kill.
PART = 8
#: Seconds before the first retry; doubled with each.
FIRST_WAIT = 15.0
#: The longest wait between retries, in seconds: of a message that is not accepted, and for a provider that
#: is down.
LONGEST_WAIT = 900.0
LONGEST_PROVIDER_WAIT = 60.0
#: Seconds until the next try if no provider was reached, and if the message's turn did not come.
UNOFFERED_WAIT = 5.0
UNTRIED_WAIT = 1.0
#: The most alerts that one drain takes.
BATCH = 100

_NO_FIELDS = {"link": "", "code": "", "phrase": "", "stop": ""}


class OptedOutError(ValueError):
    """The number opted out of text messages. The message does not contain it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """A rendered message, ready for a provider."""

    bundle: Bundle
    address: str
    text: Rendered

    @property
    def message(self) -> Message:
        """The message in the form that providers take."""
        return Message(
            key=str(self.bundle.key),
            address=self.address,
            subject=self.text.subject,
            body=self.text.body,
            # Who looks over a shoulder must not learn from the sender what the message is about.
            sender=settings.PROTECTED_FROM_EMAIL if self.bundle.first.via == Via.PROTECTED else "",
            reply_to=self._reply_to,
        )

    @property
    def _reply_to(self) -> str:
        first = self.bundle.first
        is_mail = first.via == Via.PROTECTED and first.channel == Channel.EMAIL
        return reply_address(first.public_id) if is_mail else ""


def drain(limit: int = BATCH, *, worker: str) -> int:
    """Send the messages of up to `limit` ready alerts; return how many alerts were leased."""
    shut = providers.shut()
    closed = providers.closed_channels(shut)
    leased = lease(limit, worker=worker, closed_channels=closed, closed_providers=shut)
    bundles = _bundles_to_send(_with_a_recipient(leased))
    if takers := {_taker(one) for one in bundles if quiet_hours.takes_along(one)}:
        waiting = outbox.lease_waiting(
            takers, limit, worker=worker, closed_channels=closed, closed_providers=shut
        )
        bundles = _with_waiting(bundles, waiting)
    outgoing = _rendered(bundles)
    # A message that one provider may already have goes to that provider only.
    for (channel, provider), messages in _by_channel_and_provider(_without_rehearsed(outgoing)).items():
        _send(messages, channel, provider)
    return len(leased)


def reap() -> dict[str, int]:
    """Free the leases of dead senders and decide about alerts in doubt; return counts of both."""
    return outbox.reap(
        idempotency_windows=providers.idempotency_windows(),
        receipt_providers=providers.providers_with_receipts(),
    )


def _with_a_recipient(leased: Sequence[LeasedAlert]) -> list[LeasedAlert]:
    """Return the alerts that have an address. For the others, fail and log an error."""
    gone = [one for one in leased if not (one.is_active and (one.address or one.channel == Channel.CANARY))]
    for one in gone:
        logger.error("alert %s has no active recipient", one.public_id)
    complete(
        [
            AlertCompletion(alert=one, state=CompletionState.FAILED, error="no active recipient")
            for one in gone
        ]
    )
    return [one for one in leased if one not in gone]


def _bundles_to_send(alerts: Sequence[LeasedAlert]) -> list[Bundle]:
    """Return the messages to send now; put back those above their recipient's limit or in quiet hours."""
    bundles = bundles_of(_within_hours(alerts))
    excess = quiet_hours.over_limit(bundles)
    _hold([(one, wait) for place, wait in excess.items() for one in bundles[place].alerts])
    return [one for place, one in enumerate(bundles) if place not in excess]


def _within_hours(alerts: Sequence[LeasedAlert]) -> list[LeasedAlert]:
    """Return the alerts that may leave now; put back those that wait for quiet hours or a digest."""
    waits = {one.id: _seconds_to_wait(one) for one in alerts}
    _hold([(one, waits[one.id]) for one in alerts if waits[one.id] > 0])
    return [one for one in alerts if waits[one.id] <= 0]


def _hold(held: Sequence[tuple[LeasedAlert, float]]) -> None:
    """Put alerts back for some seconds each."""
    complete(
        [
            # A provider that may already have the message stays the only one.
            AlertCompletion(
                alert=one,
                state=CompletionState.READY,
                wait=wait,
                is_held=True,
                keep_provider=bool(one.provider),
            )
            for one, wait in held
        ]
    )


def _with_waiting(bundles: Sequence[Bundle], waiting: Sequence[LeasedAlert]) -> list[Bundle]:
    """Return the messages with what waited for the same recipients; put back what their hours still hold."""
    found: defaultdict[tuple[int, str], list[LeasedAlert]] = defaultdict(list)
    for bundle in bundles_of(_within_hours(_with_a_recipient(waiting))):
        found[_taker(bundle)].extend(bundle.alerts)
    return [
        one.along_with(found.pop(_taker(one), ())) if quiet_hours.takes_along(one) else one for one in bundles
    ]


def _taker(bundle: Bundle) -> tuple[int, str]:
    """Return recipient and channel of a message; of one without a recipient, a key that no other has."""
    return bundle.first.recipient or -bundle.first.id, bundle.first.channel


def _rendered(bundles: Sequence[Bundle]) -> list[Outgoing]:
    """Render the messages. What one of them raises concerns that one alone."""
    if not bundles:
        return []
    wordings = Wordings(one.first.template for one in bundles)
    found = []
    for bundle in bundles:
        try:
            found.append(_outgoing(bundle, wordings))
        except Exception as error:  # noqa: BLE001 - one message must not stop the others
            complete([_unrendered(one, error) for one in bundle.alerts])
    return found


def _unrendered(alert: LeasedAlert, error: Exception) -> AlertCompletion:
    """Return the result for an alert whose message cannot be made.

    A wording that cannot be filled in and a number that opted out are final. Everything else may be a
    setting, such as a missing key, so the alert waits.
    """
    if isinstance(error, (RenderError, OptedOutError)):
        logger.error("alert %s cannot be rendered: %s", alert.public_id, error)
        return AlertCompletion(alert=alert, state=CompletionState.FAILED, error=str(error))
    reason = (
        "an encrypted field cannot be decrypted"
        if isinstance(error, InvalidToken)
        else f"the message cannot be made: {type(error).__name__}"
    )
    logger.error("alert %s waits: %s", alert.public_id, reason)
    return AlertCompletion(
        alert=alert,
        state=CompletionState.TEMPORARY_FAILURE,
        wait=_doubled(alert.attempts, LONGEST_WAIT),
        keep_provider=bool(alert.provider),
        error=reason,
    )


def _seconds_to_wait(alert: LeasedAlert) -> float:
    """Return how long the recipient's hours hold the alert; 0 if they cannot be read."""
    try:
        return quiet_hours.seconds_to_wait(alert)
    except Exception as error:  # noqa: BLE001 - as above
        logger.error("alert %s is sent at any hour: %s", alert.public_id, type(error).__name__)
        return 0.0


def _doubled(attempts: int, longest: float) -> float:
    # Limit the exponent: the number of attempts has no limit, a float has.
    return min(FIRST_WAIT * 2.0 ** min(max(attempts - 1, 0), 20), longest)


def _by_channel_and_provider(
    outgoing: Sequence[Outgoing],
) -> Mapping[tuple[str, str], list[Outgoing]]:
    """Group messages by channel, and by the provider that may already have them; empty if none does."""
    found: defaultdict[tuple[str, str], list[Outgoing]] = defaultdict(list)
    for one in outgoing:
        found[one.bundle.first.channel, one.bundle.first.provider].append(one)
    return found


def _outgoing(bundle: Bundle, wordings: Wordings) -> Outgoing:
    first = bundle.first
    if first.channel == Channel.CANARY:
        return Outgoing(bundle=bundle, address="", text=Rendered(label="", subject="", body=""))
    fields = {**_NO_FIELDS, "code": answer_code(bundle.key)}
    if first.via == Via.PROTECTED:
        name, fields["phrase"] = "news", decrypt(first.encrypted_phrase) if first.encrypted_phrase else ""
        fields["stop"] = stop_words(first.language)
        if first.asks_answer:
            name, fields["link"] = "news_pin", person_link(first.public_id)
    elif first.figures:
        name, fields = "week", fields | week_fields(first.figures)
    elif first.via == Via.OPERATOR:
        name, fields["link"] = "system", list_link()
    elif bundle.size > 1:
        # A retry keeps the words of the first attempt, by its label, even if fewer alerts are left.
        name, fields["link"] = "notice" if bundle.is_one_row else "notices", list_link()
    else:
        name = "correction" if first.is_correction else "notice"
        fields["link"] = answer_link(first.public_id)
    text = wordings.render((name, first.channel, first.language), fields, label=first.template)
    text, address = rehearsed.marked(first, text), rehearsed.address_for(first, _address(first))
    if first.channel == Channel.SMS and sms_opt_out.is_opted_out(address):
        raise OptedOutError("the number opted out of text messages")
    return Outgoing(bundle=bundle, address=address, text=text)


def _address(alert: LeasedAlert) -> str:
    """Return the address in clear text. Raises InvalidToken."""
    if alert.via == Via.PROTECTED or alert.channel == Channel.SERVICE:
        return decrypt(alert.address)
    # A process of the version before may have stored the number as it is.
    if alert.channel == Channel.SMS and not alert.address.startswith("+"):
        return decrypt_bytes(bytes.fromhex(alert.address)).decode()
    return alert.address


def _without_rehearsed(outgoing: Sequence[Outgoing]) -> list[Outgoing]:
    """Return what goes to someone. The rest is of a rehearsal, and is recorded as if it were accepted."""
    kept = [one for one in outgoing if not rehearsed.leaves(one.bundle.first)]
    begun = set(_begin(kept, rehearsed.NO_PROVIDER, range(len(kept))))
    complete(
        [
            AlertCompletion(alert=alert, state=CompletionState.ACCEPTED)
            for place, one in enumerate(kept)
            if place in begun
            for alert in one.bundle.alerts
        ]
    )
    return [one for one in outgoing if rehearsed.leaves(one.bundle.first)]


def _send(outgoing: Sequence[Outgoing], channel: str, provider: str) -> None:
    """Send the messages in parts, through `provider` only if it is set.

    If no provider is reachable, put the rest back untried.
    """
    rest = list(outgoing)
    while rest:
        part, rest = rest[:PART], rest[PART:]
        sends = providers.send(
            channel, [one.message for one in part], only_provider=provider, begin=partial(_begin, part)
        )
        results = [result for _, result in sends]
        complete(
            [
                _completion(alert, result)
                for one, result in zip(part, results, strict=True)
                for alert in one.bundle.alerts
            ]
        )
        if all(one.status in (SendStatus.UNREACHABLE, SendStatus.UNTRIED) for one in results):
            untried = [alert for one in rest for alert in one.bundle.alerts]
            complete([_completion(alert, SendResult(status=SendStatus.UNTRIED)) for alert in untried])
            return


def _begin(part: Sequence[Outgoing], provider: str, places: Sequence[int]) -> list[int]:
    """Record that these messages of the part are about to be sent; return the indexes that may be.

    The lease of the others is lost or nearly over.
    """
    begun = begin(
        [
            BegunAlert(
                alert=alert,
                key=part[place].bundle.key,
                bundled=part[place].bundle.size,
                template=part[place].text.label,
                provider=provider,
            )
            for place in places
            for alert in part[place].bundle.alerts
        ]
    )
    return [place for place in places if any(alert.id in begun for alert in part[place].bundle.alerts)]


def _completion(alert: LeasedAlert, sent: SendResult) -> AlertCompletion:
    """Return what a send result means for one alert."""
    match sent.status:
        case SendStatus.ACCEPTED:
            return AlertCompletion(alert=alert, state=CompletionState.ACCEPTED, ref=sent.ref)
        case SendStatus.REFUSED:
            logger.error("alert %s was refused: %s", alert.public_id, sent.error)
            return AlertCompletion(alert=alert, state=CompletionState.FAILED, error=sent.error)
        case SendStatus.IN_DOUBT:
            logger.warning("alert %s is in doubt: %s", alert.public_id, sent.error)
            return AlertCompletion(alert=alert, state=CompletionState.IN_DOUBT, error=sent.error)
        case SendStatus.DEFERRED:
            is_down = sent.is_provider_fault or sent.keep_provider
            wait = _doubled(alert.attempts, LONGEST_PROVIDER_WAIT if is_down else LONGEST_WAIT)
            return AlertCompletion(
                alert=alert,
                state=CompletionState.TEMPORARY_FAILURE,
                wait=max(wait, sent.retry_after),
                waits_for_recipient=not (is_down or sent.is_not_recipient),
                keep_provider=sent.keep_provider,
                error=sent.error,
            )
        case SendStatus.UNREACHABLE:
            return AlertCompletion(
                alert=alert,
                state=CompletionState.TEMPORARY_FAILURE,
                wait=max(UNOFFERED_WAIT, sent.retry_after),
                is_untried=True,
                keep_provider=sent.keep_provider or bool(alert.provider),
                error=sent.error,
            )
        case SendStatus.UNTRIED:
            return AlertCompletion(
                alert=alert,
                state=CompletionState.READY,
                wait=UNTRIED_WAIT,
                is_untried=True,
                keep_provider=bool(alert.provider),
            )
