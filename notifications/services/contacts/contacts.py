"""Safe contacts: how a protected person may be notified that there is news. Set, confirm again, end.

Nothing about them is in the order's history or in any log, because the existence of a safe contact reveals
whose client the person is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from accounts.crypto import decrypt, encrypt
from accounts.mail_addresses import LONGEST, AddressError, check_address
from accounts.models import Role, User
from accounts.text import in_normal_form
from notifications.channels.phone import NumberError, normalize, readable
from notifications.models import Alert, ClientChoice, ContactChannel, Language, News, SafeContact, Via
from notifications.services.delivery.sms_opt_out import is_opted_out
from notifications.services.delivery.templates import find_forbidden, find_non_gsm
from notifications.services.recipients.news import FOR_PERSON
from notifications.services.watch.isolation import each_isolated, parked_rows
from orders.errors import InvalidFact
from orders.models import ConfidentialityRelease

#: The longest phrase, in characters; the messages leave room for it.
LONGEST_PHRASE = 60
#: The digits of a PIN.
PIN = re.compile(r"[0-9]{4,8}")
#: The kind of a parked contact.
_KIND = "safe contact"

#: Messages to a person that the advocate sees, the newest first.
MOST_SENT = 10

#: The most unconfirmed contacts that are counted.
MAX_COUNTED = 100
#: The longest email address, in characters.
LONGEST_ADDRESS = LONGEST


@dataclass(frozen=True, kw_only=True)
class ContactSettings:
    """All settings of a safe contact. The hours are court time; without hours, any time is allowed.

    `address` is an email address or a phone number; empty if the advocate notifies the person. The second
    way, if there is one, is used for a message that failed by the first.
    """

    channel: str
    address: str = ""
    second_channel: str = ""
    second_address: str = ""
    phrase: str = ""
    pin: str = ""
    language: str = Language.ENGLISH.value
    hours_from: time | None = None
    hours_until: time | None = None
    confirm_every: timedelta | None = None
    #: The kinds of news that the person wants a message about; None: all.
    news: Sequence[str] | None = None


def releases_of(user: User) -> QuerySet[ConfidentialityRelease]:
    """Return the releases in force through which `user`, as an advocate, sees orders."""
    return ConfidentialityRelease.objects.visible_to(user, roles={Role.ADVOCATE})


def contact_of(release: ConfidentialityRelease) -> SafeContact | None:
    """Return the release's current safe contact, confirmed in time or not; None if there is none."""
    return SafeContact.objects.in_force().filter(release=release).first()


def is_unconfirmed(contact: SafeContact, now: datetime) -> bool:
    """Return True if it was not confirmed in time. Then nothing is sent to it."""
    return contact.confirmed_at + contact.confirm_every <= now


def has_opted_out(contact: SafeContact) -> bool:
    """Return True if the number answered STOP. Then nothing is sent to it."""
    return contact.channel == ContactChannel.SMS and is_opted_out(decrypt(contact.encrypted_address))


def sent_under(release: ConfidentialityRelease) -> list[Alert]:
    """Return the newest messages to the protected person under a release, at most `MOST_SENT`."""
    rows = Alert.objects.filter(order=release.order_id, release=release, via=Via.PROTECTED)
    return list(rows.order_by("-id")[:MOST_SENT])


def readable_address(contact: SafeContact) -> str:
    """Return the stored address as people read it, for the person who has just entered it."""
    address = decrypt(contact.encrypted_address) if contact.encrypted_address else ""
    return readable(address) if contact.channel == ContactChannel.SMS and address else address


def unconfirmed(user: User) -> QuerySet[SafeContact]:
    """Return the safe contacts of the advocate's organization that were not confirmed in time."""
    return SafeContact.objects.visible_to(user).unconfirmed()


def unconfirmed_count(user: User) -> int:
    """Count the unconfirmed contacts, up to `MAX_COUNTED`."""
    return unconfirmed(user).order_by().values("pk")[:MAX_COUNTED].count()


def set_contact(
    release: ConfidentialityRelease, chosen: ContactSettings, *, by: User, now: datetime
) -> SafeContact:
    """Set the safe contact of a release; end and erase the one before.

    Raises `InvalidFact`; its message contains neither the address nor the phrase.
    """
    address, phrase, pin = _address(chosen), _phrase(chosen), _pin(chosen)
    second = _second(chosen, address)
    _check_hours(chosen)
    confirm_every = _confirm_every(chosen)
    unwanted = [] if chosen.news is None else _unwanted(chosen.news)
    if chosen.language not in Language.values:
        raise InvalidFact("language", "not_known", f"Use one of {', '.join(Language.values)}.")
    with transaction.atomic():
        # Wait for a concurrent revocation of the release, which ends its contact.
        if not releases_of(by).select_for_update(no_key=True).filter(pk=release.pk).exists():
            raise InvalidFact(
                "release", "no_release", "Your organization has no release in force for this order."
            )
        _end(SafeContact.objects.filter(release=release, ended_at=None), now)
        return SafeContact.objects.create(
            release=release,
            channel=chosen.channel,
            encrypted_address=encrypt(address) if address else "",
            second_channel=chosen.second_channel,
            encrypted_second_address=encrypt(second) if second else "",
            encrypted_phrase=encrypt(phrase) if phrase else "",
            encrypted_pin=encrypt(pin) if pin else "",
            unwanted=unwanted,
            language=chosen.language,
            hours_from=chosen.hours_from,
            hours_until=chosen.hours_until,
            confirm_every=confirm_every,
            confirmed_at=now,
            set_at=now,
            set_by=by,
        )


def confirm(contact: SafeContact, *, now: datetime) -> SafeContact:
    """Record that the person confirmed the contact as safe; the time until the next confirmation restarts.

    Raises `InvalidFact` if the contact has ended.
    """
    current = SafeContact.objects.in_force().filter(pk=contact.pk)
    if not current.update(confirmed_at=now, answered_at=now):
        raise _has_ended()
    contact.confirmed_at = now
    return contact


def _has_ended() -> InvalidFact:
    message = gettext("This safe contact has ended. Set a new one with the person.")
    return InvalidFact("safe_contact", "already_ended", message)


def wanted_news(contact: SafeContact) -> list[News]:
    """Return the kinds of news that the person gets a message about."""
    return [one for one in FOR_PERSON if one not in contact.unwanted]


def choose_news(contact: SafeContact, news: Sequence[str]) -> SafeContact:
    """Change the news that the person gets a message about; all else stays. Raises `InvalidFact`.

    What waits for its time and is not wanted any more is not sent.
    """
    unwanted = _unwanted(news)
    if not SafeContact.objects.in_force().filter(pk=contact.pk).update(unwanted=unwanted):
        raise _has_ended()
    contact.unwanted = unwanted
    return contact


def move_to_renewed(
    sender: object, before: ConfidentialityRelease, after: ConfidentialityRelease, **_: object
) -> None:
    """Let the safe contact of a renewed release go on under the new one: it was chosen for the order.

    So do the choices of the advocates for this client.
    """
    SafeContact.objects.filter(release=before, ended_at=None).update(release=after)
    ClientChoice.objects.filter(release=before).update(release=after)


def end(contact: SafeContact, *, now: datetime) -> None:
    """End the contact and erase its address, phrase and hours."""
    _end(SafeContact.objects.filter(pk=contact.pk, ended_at=None), now)


def end_lapsed(now: datetime) -> int:
    """End and erase the contacts of expired releases; return how many.

    Revoking a release ends its contact by a database trigger. Nothing is sent in between, because both firing
    and the lease check the release.
    """
    is_over = Q(release__ends_at__lte=now) | Q(release__revoked_at__lte=now)
    lapsed = SafeContact.objects.filter(is_over, ended_at=None).exclude(pk__in=parked_rows(_KIND))
    ended = each_isolated(
        _KIND,
        list(lapsed.values_list("pk", flat=True)),
        lambda some: _end(SafeContact.objects.filter(pk__in=some, ended_at=None), now),
        key=lambda pk: pk,
    )
    return sum(ended)


def _end(contacts: QuerySet[SafeContact], now: datetime) -> int:
    return contacts.update(
        ended_at=now,
        encrypted_address="",
        encrypted_second_address="",
        encrypted_phrase="",
        encrypted_pin="",
        hours_from=None,
        hours_until=None,
    )


def _address(chosen: ContactSettings) -> str:
    """Return the address as it is stored."""
    given = chosen.address.strip()
    match chosen.channel:
        case ContactChannel.RELAY:
            if given:
                raise InvalidFact(
                    "address",
                    "must_be_empty",
                    gettext("You reach the person yourself, so leave the address empty."),
                )
            return ""
        case ContactChannel.EMAIL if not given:
            message = gettext("Enter the email address. Or choose “Through the advocate”.")
            raise InvalidFact("address", "required", message)
        case ContactChannel.EMAIL:
            return _email(given)
        case ContactChannel.SMS if not settings.SMS_PROVIDERS:
            message = gettext("Text messages are not available here. Choose another way.")
            raise InvalidFact("channel", "no_provider", message)
        case ContactChannel.SMS if not given:
            message = gettext("Enter the mobile number. Or choose “Through the advocate”.")
            raise InvalidFact("address", "required", message)
        case ContactChannel.SMS:
            return _number(given)
    raise InvalidFact("channel", "not_known", f"Use one of {', '.join(ContactChannel.values)}.")


def _second(chosen: ContactSettings, first: str) -> str:
    """Return the second address as it is stored; empty without a second way."""
    channel, given = chosen.second_channel, chosen.second_address.strip()
    if not channel and not given:
        return ""
    if chosen.channel == ContactChannel.RELAY:
        message = gettext("You reach the person yourself, so leave the second way empty.")
        raise InvalidFact("second_channel", "must_be_empty", message)
    if channel not in (ContactChannel.EMAIL, ContactChannel.SMS):
        message = gettext("Choose the second way, or leave its address empty.")
        raise InvalidFact("second_channel", "required", message)
    try:
        second = _address(replace(chosen, channel=channel, address=given))
    except InvalidFact as refusal:
        raise InvalidFact(f"second_{refusal.field}", refusal.code, refusal.message) from refusal
    if (channel, second) == (chosen.channel, first):
        message = gettext("This is the first way. Choose another one, or leave it empty.")
        raise InvalidFact("second_address", "same_way", message)
    return second


def _email(given: str) -> str:
    try:
        check_address(given)
    except AddressError as error:
        raise InvalidFact("address", "invalid", str(error)) from error
    if not given.isascii():
        raise InvalidFact(
            "address", "invalid", gettext("Use plain letters. Give one such as name@example.com.")
        )
    return given


def _number(given: str) -> str:
    try:
        number = normalize(given)
    except NumberError as error:
        raise InvalidFact("address", "invalid", str(error)) from error
    if is_opted_out(number):
        raise InvalidFact(
            "address",
            "opted_out",
            gettext("This number sent back STOP. Send START from it, and messages go out again."),
        )
    return number


def _phrase(chosen: ContactSettings) -> str:
    """Return the phrase as it is stored: Unicode-normalized, so that what was checked is what is shown."""
    phrase = in_normal_form("NFKC", chosen.phrase).strip()
    for channel in (chosen.channel, chosen.second_channel):
        for code, message in _problems(phrase, channel):
            raise InvalidFact("phrase", code, message)
    return phrase


def _pin(chosen: ContactSettings) -> str:
    pin = chosen.pin.strip()
    if pin and chosen.channel == ContactChannel.RELAY:
        message = gettext("No message goes to the person, so leave the PIN empty.")
        raise InvalidFact("pin", "must_be_empty", message)
    if pin and not PIN.fullmatch(pin):
        raise InvalidFact("pin", "invalid", gettext("Enter 4 to 8 digits, or leave the PIN empty."))
    return pin


def _problems(phrase: str, channel: str) -> Iterator[tuple[str, str]]:
    """Yield each problem of a phrase on a channel, as a code and a sentence."""
    if phrase and channel == ContactChannel.RELAY:
        yield "must_be_empty", gettext("No message goes to the person, so leave the phrase empty.")
    if len(phrase) > LONGEST_PHRASE:
        long = gettext("The phrase has %(count)s characters. Use at most %(most)s.")
        yield "too_long", long % {"count": len(phrase), "most": LONGEST_PHRASE}
    if not phrase.isprintable() or "{" in phrase or "}" in phrase:
        yield "not_plain", gettext("Use one line without braces.")
    if word := find_forbidden(phrase):
        reveals = gettext("“%(word)s” would show others what this is about. Choose other words.")
        yield "reveals_subject", reveals % {"word": word}
    if channel == ContactChannel.SMS and (letter := find_non_gsm(phrase)):
        longer = gettext("“%(letter)s” makes a text message more than twice as long. Leave it out.")
        yield "not_in_gsm", longer % {"letter": letter}


def _check_hours(chosen: ContactSettings) -> None:
    if (chosen.hours_from is None) != (chosen.hours_until is None):
        field = "hours_from" if chosen.hours_from is None else "hours_until"
        raise InvalidFact(field, "required", gettext("Enter both times, or neither."))
    if chosen.hours_from is not None and chosen.hours_from == chosen.hours_until:
        message = gettext("Both times are the same. Enter a different time, or neither.")
        raise InvalidFact("hours_until", "same_time", message)


def _unwanted(news: Sequence[str]) -> list[str]:
    """Return the kinds that the person did not choose."""
    if unknown := [one for one in news if one not in FOR_PERSON]:
        raise InvalidFact("news", "not_known", f"Use {', '.join(FOR_PERSON)}, not {unknown[0][:20]}.")
    if not news:
        message = gettext("Check at least one kind of news. To send nothing, end the safe contact.")
        raise InvalidFact("news", "required", message)
    return [one.value for one in FOR_PERSON if one not in news]


def _confirm_every(chosen: ContactSettings) -> timedelta:
    """Return how long a confirmation by the person is valid."""
    shortest, longest = settings.MIN_SAFE_CONTACT_DAYS, settings.MAX_SAFE_CONTACT_DAYS
    given = chosen.confirm_every
    every = timedelta(days=settings.SAFE_CONTACT_DAYS) if given is None else given
    if not timedelta(days=shortest) <= every <= timedelta(days=longest):
        message = gettext("Enter %(shortest)s to %(longest)s days.")
        message %= {"shortest": shortest, "longest": longest}
        raise InvalidFact("confirm_every_days", "out_of_range", message)
    return every
