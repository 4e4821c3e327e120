"""How a person wants to be told: kept by the person, for nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.crypto import seal
from accounts.models import User
from notifications.channels import apprise
from notifications.channels.phone import NumberError, normalise
from notifications.channels.webhook import UnfitError
from notifications.models import Language, Preference
from notifications.services.stops import is_stopped
from orders.errors import InvalidFact

#: Where people of this country live, and what their clocks are called.
ZONES = {
    "America/New_York": "Eastern",
    "America/Chicago": "Central",
    "America/Denver": "Mountain",
    "America/Phoenix": "Arizona",
    "America/Los_Angeles": "Pacific",
    "America/Anchorage": "Alaska",
    "Pacific/Honolulu": "Hawaii",
    "America/Puerto_Rico": "Puerto Rico",
}

#: Services of the machine itself: their addresses would run or write something on it.
OF_THE_MACHINE = frozenset(
    {"dbus", "exec", "file", "glib", "gnome", "kde", "macosx", "qt", "rsyslog", "syslog", "windows", "blink1"}
)


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """How somebody wants to be told; always the whole, but for `service`.

    The times are wall time in `zone`. `service` is another service's address: empty leaves the one that is
    set, unless `forgets_service`.
    """

    language: str = Language.ENGLISH.value
    phone: str = ""
    by_sms: bool = False
    zone: str = "America/New_York"
    quiet_from: time | None = None
    quiet_until: time | None = None
    digest_at: time | None = None
    service: str = ""
    forgets_service: bool = False


def preference_of(user: User) -> Preference:
    """How the person is told; who never said is told by email, at any hour, at once."""
    return Preference.objects.filter(user=user).first() or Preference(user=user)


def is_silent(preference: Preference) -> bool:
    """True where the number's owner answered STOP, so that no text message goes to it."""
    return bool(preference.phone) and is_stopped(preference.phone)


def keep(user: User, wishes: Wishes) -> Preference:
    """The person is told in this way from now on. Raises `InvalidFact`; its text holds no address."""
    _check(wishes)
    phone, sealed = _number(wishes.phone), _sealed(wishes.service)
    with transaction.atomic():
        # Two windows of one person: the later one stands, whole.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        preference = preference_of(user)
        preference.language, preference.zone = wishes.language, wishes.zone
        preference.phone, preference.by_sms = phone, wishes.by_sms
        preference.quiet_from, preference.quiet_until = wishes.quiet_from, wishes.quiet_until
        preference.digest_at = wishes.digest_at
        if sealed or wishes.forgets_service:
            preference.sealed_service = sealed
        try:
            with transaction.atomic():
                preference.save()
        except IntegrityError as error:
            # Somebody else gave the same number this moment.
            raise InvalidFact("phone", "not_yours", "Somebody else is told at this number.") from error
    return preference


def _number(given: str) -> str:
    if not given.strip():
        return ""
    try:
        return normalise(given)
    except NumberError as error:
        raise InvalidFact("phone", "invalid", str(error)) from error


def _sealed(address: str) -> str:
    address = address.strip()
    if not address:
        return ""
    if address.partition("://")[0].lower() in OF_THE_MACHINE:
        raise InvalidFact("service", "unknown_service", "Not a service that is used here. Give another.")
    try:
        apprise.check(address)
    except UnfitError as error:
        raise InvalidFact("service", error.code, error.message) from error
    return seal(address)


def _check(wishes: Wishes) -> None:
    if wishes.zone not in ZONES:
        raise InvalidFact("zone", "not_known", f"Use one of {', '.join(ZONES)}.")
    if wishes.language not in Language.values:
        raise InvalidFact("language", "not_known", f"Use one of {', '.join(Language.values)}.")
    if wishes.by_sms and not settings.SMS_PROVIDERS:
        raise InvalidFact("by_sms", "no_provider", "No text messages are sent from here. Leave it out.")
    if wishes.by_sms and not wishes.phone.strip():
        raise InvalidFact("phone", "required", "Give the number that text messages go to.")
    if (wishes.quiet_from is None) != (wishes.quiet_until is None):
        field = "quiet_from" if wishes.quiet_from is None else "quiet_until"
        raise InvalidFact(field, "required", "Give both ends of the quiet hours, or neither.")
    if wishes.quiet_from is not None and wishes.quiet_from == wishes.quiet_until:
        raise InvalidFact("quiet_until", "no_hours", "No time lies between them. Give another, or neither.")
