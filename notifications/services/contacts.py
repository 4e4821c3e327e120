"""Safe contacts: how a protected person may be told that there is news. Set, confirmed again, ended.

Nothing of it is in the order's history or in any log: that there is one says whose client somebody is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.crypto import seal, unseal
from accounts.models import Role, User
from notifications.channels.phone import NumberError, normalise
from notifications.models import ContactChannel, Language, SafeContact
from notifications.services.stops import is_stopped
from notifications.services.templates import forbidden_in, not_in_gsm
from orders.errors import InvalidFact
from orders.models import Release

#: Letters of a phrase, at the most: the messages leave as much room.
LONGEST_PHRASE = 60
#: So many that wait to be confirmed are counted, no more.
MOST = 100
#: Letters of an email address, at the most.
LONGEST_ADDRESS = 254


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How the person wants to be reached: always the whole of it. `hours` are court time; none: at any hour.

    `address` is an email address or a telephone number, and empty where the advocate tells the person.
    """

    channel: str
    address: str = ""
    phrase: str = ""
    language: str = Language.ENGLISH.value
    hours_from: time | None = None
    hours_until: time | None = None
    confirm_every: timedelta | None = None


def releases_of(user: User) -> QuerySet[Release]:
    """The releases by which this person, as an advocate, watches orders now."""
    return Release.objects.visible_to(user, roles={Role.ADVOCATE})


def contact_of(release: Release) -> SafeContact | None:
    """The safe contact that stands for the release, confirmed in its time or not; None: there is none."""
    return SafeContact.objects.in_force().filter(release=release).first()


def is_unconfirmed(contact: SafeContact, now: datetime) -> bool:
    """True where nobody confirmed it in its time, so that nothing is sent by it."""
    return contact.confirmed_at + contact.confirm_every <= now


def is_silent(contact: SafeContact) -> bool:
    """True where the number's owner answered STOP, so that nothing is sent by it."""
    return contact.channel == ContactChannel.SMS and is_stopped(unseal(contact.sealed_address))


def unconfirmed(user: User) -> QuerySet[SafeContact]:
    """Those of the advocate's organization that nobody confirmed in their time, so that nothing is sent."""
    return SafeContact.objects.visible_to(user).unconfirmed()


def unconfirmed_count(user: User) -> int:
    """How many these are; at most `MOST`."""
    return unconfirmed(user).order_by().values("pk")[:MOST].count()


def set_contact(release: Release, wish: Wish, *, by: User, now: datetime) -> SafeContact:
    """From now on the person is told in this way and in no other. What stood before is wiped.

    Raises `InvalidFact`; its text holds neither the address nor the phrase.
    """
    address, phrase = _address(wish), _phrase(wish)
    _check_hours(wish)
    word = _word(wish)
    if wish.language not in Language.values:
        raise InvalidFact("language", "not_known", f"Use one of {', '.join(Language.values)}.")
    with transaction.atomic():
        # A release that is being taken back is waited for: its contact ends with it.
        if not releases_of(by).select_for_update(no_key=True).filter(pk=release.pk).exists():
            raise InvalidFact("release", "not_standing", "No release to your organization stands any more.")
        _end(SafeContact.objects.filter(release=release, ended_at=None), now)
        return SafeContact.objects.create(
            release=release,
            channel=wish.channel,
            sealed_address=seal(address) if address else "",
            sealed_phrase=seal(phrase) if phrase else "",
            language=wish.language,
            hours_from=wish.hours_from,
            hours_until=wish.hours_until,
            confirm_every=word,
            confirmed_at=now,
            set_at=now,
            set_by=by,
        )


def confirm(contact: SafeContact, *, now: datetime) -> SafeContact:
    """The person said again that this way is safe, and the time until the next asking begins anew.

    Raises `InvalidFact` for one that ended meanwhile.
    """
    standing = SafeContact.objects.in_force().filter(pk=contact.pk)
    if not standing.update(confirmed_at=now):
        raise InvalidFact("safe_contact", "already_ended", "It has ended. Set it anew with the person.")
    contact.confirmed_at = now
    return contact


def end(contact: SafeContact, *, now: datetime) -> None:
    """Nothing is sent by it any more, and nothing is left by which the person could be reached."""
    _end(SafeContact.objects.filter(pk=contact.pk, ended_at=None), now)


def end_lapsed(now: datetime) -> int:
    """Ends and wipes the contacts whose release ended by its own time; answers how many.

    A release that is taken back takes its contact with it, by a trigger. Nothing was sent meanwhile either
    way: firing and the lease ask for the release.
    """
    is_over = Q(release__ends_at__lte=now) | Q(release__revoked_at__lte=now)
    return _end(SafeContact.objects.filter(is_over, ended_at=None), now)


def _end(contacts: QuerySet[SafeContact], now: datetime) -> int:
    return contacts.update(
        ended_at=now, sealed_address="", sealed_phrase="", hours_from=None, hours_until=None
    )


def _address(wish: Wish) -> str:
    """The address as it is kept."""
    given = wish.address.strip()
    match wish.channel:
        case ContactChannel.RELAY:
            if given:
                raise InvalidFact("address", "not_wanted", "The advocate tells the person: leave it empty.")
            return ""
        case ContactChannel.EMAIL:
            return _email(given)
        case ContactChannel.SMS:
            return _number(given)
    raise InvalidFact("channel", "not_known", f"Use one of {', '.join(ContactChannel.values)}.")


def _email(given: str) -> str:
    try:
        validate_email(given)
    except ValidationError as error:
        raise InvalidFact("address", "invalid", "Not an email address. Give name@example.com.") from error
    if not given.isascii() or len(given) > LONGEST_ADDRESS:
        raise InvalidFact("address", "invalid", "Give an address of plain letters: name@example.com.")
    return given


def _number(given: str) -> str:
    try:
        number = normalise(given)
    except NumberError as error:
        raise InvalidFact("address", "invalid", str(error)) from error
    if is_stopped(number):
        raise InvalidFact(
            "address",
            "stopped",
            "This number answered STOP: nothing is sent to it. START, sent from it, takes that back.",
        )
    return number


def _phrase(wish: Wish) -> str:
    """The phrase as it is kept: in the letters that it is shown in, so that it says what was checked."""
    phrase = unicodedata.normalize("NFKC", wish.phrase).strip()
    for code, message in _problems(phrase, wish.channel):
        raise InvalidFact("phrase", code, message)
    return phrase


def _problems(phrase: str, channel: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a phrase for that channel, each as a code and a sentence."""
    if phrase and channel == ContactChannel.RELAY:
        yield "not_wanted", "Nothing is written to the person: leave it empty."
    if len(phrase) > LONGEST_PHRASE:
        yield "too_long", f"It has {len(phrase)} letters. Use at most {LONGEST_PHRASE}."
    if not phrase.isprintable() or "{" in phrase or "}" in phrase:
        yield "not_plain", "Write it on one line, without braces."
    if word := forbidden_in(phrase):
        yield "tells", f"“{word}” tells what this is about to whoever looks on. Choose other words."
    if channel == ContactChannel.SMS and (letter := not_in_gsm(phrase)):
        yield "not_in_gsm", f"“{letter}” makes a text message three times as long. Write it without."


def _check_hours(wish: Wish) -> None:
    if (wish.hours_from is None) != (wish.hours_until is None):
        field = "hours_from" if wish.hours_from is None else "hours_until"
        raise InvalidFact(field, "required", "Give both ends of the hours, or neither.")
    if wish.hours_from is not None and wish.hours_from == wish.hours_until:
        raise InvalidFact("hours_until", "no_hours", "No time lies between them. Give another, or neither.")


def _word(wish: Wish) -> timedelta:
    """For how long the person's word holds."""
    shortest, longest = settings.SHORTEST_WORD, settings.LONGEST_WORD
    word = timedelta(days=settings.SAFE_CONTACT_DAYS) if wish.confirm_every is None else wish.confirm_every
    if not timedelta(days=shortest) <= word <= timedelta(days=longest):
        raise InvalidFact("confirm_every_days", "out_of_range", f"Give from {shortest} to {longest} days.")
    return word
