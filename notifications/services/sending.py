"""Draining the outbox: lease a batch, gather it into messages, send them in small parts, record what came."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from cryptography.fernet import InvalidToken

from accounts.crypto import unseal
from notifications.channels.protocol import Answer, Message, Sent
from notifications.models import Channel, Via
from notifications.services import care, outbox, providers, stops
from notifications.services.bundles import Bundle, bundles_of
from notifications.services.links import answer_code, answer_link, list_link
from notifications.services.outbox import Begun, Completion, End, Leased, begin, complete, lease
from notifications.services.templates import PoisonError, Rendered, Wordings

logger = logging.getLogger(__name__)

#: How many messages are begun together: as many, at the most, are in doubt after a kill.
PART = 8
#: Seconds before the first retry; doubled with each.
FIRST_WAIT = 15.0
#: Seconds between retries, at the most.
LONGEST_WAIT = 900.0
#: Alerts that one drain takes at the most.
BATCH = 100

_NO_FIELDS = {"link": "", "code": "", "phrase": ""}


class StoppedError(ValueError):
    """Nothing may be sent to a number whose owner said STOP. The text does not name it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """A message with its words, ready to be handed to whoever carries it."""

    bundle: Bundle
    address: str
    words: Rendered

    @property
    def message(self) -> Message:
        """As a channel takes it."""
        return Message(
            key=str(self.bundle.key), address=self.address, subject=self.words.subject, body=self.words.body
        )


def drain(limit: int = BATCH, *, worker: str) -> int:
    """Takes up to `limit` alerts that are ready and sends their messages; answers how many it took."""
    leased = lease(limit, worker=worker)
    outgoing = _written(_spared(_with_a_recipient(leased)))
    # Who may have a message already is asked again, and nobody else is.
    for (channel, provider), messages in _by_way(outgoing).items():
        _send(messages, channel, provider)
    return len(leased)


def reap() -> dict[str, int]:
    """Frees what dead senders held, and decides what to do with what is in doubt; counts both."""
    return outbox.reap(keepers=providers.keepers(), tellers=providers.tellers())


def _with_a_recipient(leased: Sequence[Leased]) -> list[Leased]:
    """Those that have somewhere to go. A recipient who left meanwhile fails loudly, for the audit to find."""
    gone = [one for one in leased if not (one.is_active and (one.address or one.channel == Channel.CANARY))]
    for one in gone:
        logger.error("alert %s has no recipient any more", one.public_id)
    complete([Completion(alert=one, end=End.FAILED, error="the recipient is gone") for one in gone])
    return [one for one in leased if one not in gone]


def _spared(alerts: Sequence[Leased]) -> list[Bundle]:
    """The messages to send now; what can wait, and what would be too much at once, is put back."""
    held = [(one, wait) for one in alerts if (wait := care.held_for(one)) > 0]
    waiting = {one.id for one, _ in held}
    bundles = bundles_of(one for one in alerts if one.id not in waiting)
    too_much = care.beyond_limit(bundles)
    for place, wait in too_much.items():
        held.extend((one, wait) for one in bundles[place].alerts)
    complete(
        [
            # Who may have it already is still the only one to ask when its hour comes.
            Completion(alert=one, end=End.READY, wait=wait, is_held=True, sticks=bool(one.provider))
            for one, wait in held
        ]
    )
    return [one for place, one in enumerate(bundles) if place not in too_much]


def _written(bundles: Sequence[Bundle]) -> list[Outgoing]:
    """The messages in words. One whose wording is poison fails by itself and holds up no other."""
    if not bundles:
        return []
    wordings = Wordings(one.first.template for one in bundles)
    found = []
    for bundle in bundles:
        try:
            found.append(_outgoing(bundle, wordings))
        except (PoisonError, StoppedError, InvalidToken) as error:
            reason = str(error) or "what was sealed cannot be opened"
            logger.error("alert %s cannot be written: %s", bundle.first.public_id, reason)
            complete([Completion(alert=one, end=End.FAILED, error=reason) for one in bundle.alerts])
    return found


def _by_way(outgoing: Sequence[Outgoing]) -> Mapping[tuple[str, str], list[Outgoing]]:
    """The messages by their channel, and by who may have them already; empty where nobody has."""
    found: defaultdict[tuple[str, str], list[Outgoing]] = defaultdict(list)
    for one in outgoing:
        found[one.bundle.first.channel, one.bundle.first.provider].append(one)
    return found


def _outgoing(bundle: Bundle, wordings: Wordings) -> Outgoing:
    first = bundle.first
    if first.channel == Channel.CANARY:
        return Outgoing(bundle=bundle, address="", words=Rendered(label="", subject="", body=""))
    fields = {**_NO_FIELDS, "code": answer_code(bundle.key)}
    if first.via == Via.PROTECTED:
        name, fields["phrase"] = "news", unseal(first.sealed_phrase) if first.sealed_phrase else ""
    elif first.via == Via.OPERATOR:
        name, fields["link"] = "system", list_link()
    elif bundle.size > 1:
        name, fields["link"] = "notices", list_link()
    else:
        name, fields["link"] = "notice", answer_link(first.public_id)
    words = wordings.write((name, first.channel, first.language), fields, label=first.template)
    sealed = first.via == Via.PROTECTED or first.channel == Channel.SERVICE
    address = unseal(first.address) if sealed else first.address
    if first.channel == Channel.SMS and stops.is_stopped(address):
        raise StoppedError("the number asked for no more messages")
    return Outgoing(bundle=bundle, address=address, words=words)


def _send(outgoing: Sequence[Outgoing], channel: str, provider: str) -> None:
    """Hands the messages to who carries them, a part at a time; where `provider` is named, to that one alone,
    which may have them already. Where nobody can be had the rest is put back untried."""
    rest = list(outgoing)
    while rest:
        part, rest = rest[:PART], rest[PART:]
        answers = providers.send(
            channel, [one.message for one in part], stick_to=provider, begin=partial(_begin, part)
        )
        said = [sent for _, sent in answers]
        complete(
            [
                _completion(alert, sent)
                for one, sent in zip(part, said, strict=True)
                for alert in one.bundle.alerts
            ]
        )
        if all(sent.answer in (Answer.UNREACHABLE, Answer.UNTRIED) for sent in said):
            untried = [alert for one in rest for alert in one.bundle.alerts]
            complete([_completion(alert, Sent(answer=Answer.UNTRIED)) for alert in untried])
            return


def _begin(part: Sequence[Outgoing], provider: str, places: Sequence[int]) -> list[int]:
    """Puts on record that these messages of the part are about to be handed to the provider; answers which
    may be: of the others the lease is lost or nearly over."""
    begun = begin(
        [
            Begun(
                alert=alert,
                key=part[place].bundle.key,
                bundled=part[place].bundle.size,
                template=part[place].words.label,
                provider=provider,
            )
            for place in places
            for alert in part[place].bundle.alerts
        ]
    )
    return [place for place in places if any(alert.id in begun for alert in part[place].bundle.alerts)]


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
            wait = max(wait, sent.retry_after)
            return Completion(
                alert=alert, end=End.TEMPORARY_FAILURE, wait=wait, sticks=sent.sticks, error=sent.error
            )
        case Answer.UNTRIED:
            return Completion(alert=alert, end=End.READY, wait=FIRST_WAIT)
