"""Notification preferences: each person sets and sees only their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from accounts.crypto import encrypt
from accounts.models import User
from notifications.channels import apprise
from notifications.channels.phone import NumberError, normalize
from notifications.channels.public_url import UrlNotAllowedError
from notifications.models import Language, Preference
from notifications.services.delivery.sms_opt_out import is_opted_out
from orders.errors import InvalidFact

#: The U.S. time zones offered, and their names.
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

#: Apprise services of the local machine: their addresses would run or write something on our server.
LOCAL_SERVICES = frozenset(
    {"dbus", "exec", "file", "glib", "gnome", "kde", "macosx", "qt", "rsyslog", "syslog", "windows", "blink1"}
)


@dataclass(frozen=True, kw_only=True)
class PreferenceSettings:
    """All notification preferences of a person.

    The times are wall time in `zone`. `service` is another service's address: an empty one keeps the stored
    address, unless `forgets_service`.
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
    """Return the person's preferences. The default is email, in English, at any hour, at once."""
    return Preference.objects.filter(user=user).first() or Preference(user=user)


def has_opted_out(preference: Preference) -> bool:
    """Return True if the number answered STOP. Then no text messages go to it."""
    return bool(preference.phone) and is_opted_out(preference.phone)


def save(user: User, given: PreferenceSettings) -> Preference:
    """Save the person's preferences. Raises `InvalidFact`; its message contains no address."""
    _check(given)
    phone, service = _number(given.phone), _encrypted_service(given.service)
    with transaction.atomic():
        # If the person saves in two windows at once, the later one replaces all settings.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        preference = preference_of(user)
        preference.language, preference.zone = given.language, given.zone
        preference.phone, preference.by_sms = phone, given.by_sms
        preference.quiet_from, preference.quiet_until = given.quiet_from, given.quiet_until
        preference.digest_at = given.digest_at
        if service or given.forgets_service:
            preference.encrypted_service = service
        if phone and Preference.objects.with_number(phone).exclude(user=user).exists():
            raise _another_uses_it()
        try:
            with transaction.atomic():
                preference.save()
        except IntegrityError as error:
            # Another person saved the same number at this moment.
            raise _another_uses_it() from error
    return preference


def set_language(user: User, language: str) -> None:
    """Save the language of the person's pages and messages. An unknown one changes nothing."""
    if language in Language.values:
        Preference.objects.update_or_create(user=user, defaults={"language": language})


def _another_uses_it() -> InvalidFact:
    return InvalidFact("phone", "not_yours", gettext("Another person uses this number. Enter your own."))


def _number(number: str) -> str:
    if not number.strip():
        return ""
    try:
        return normalize(number)
    except NumberError as error:
        raise InvalidFact("phone", "invalid", str(error)) from error


def _encrypted_service(address: str) -> str:
    address = address.strip()
    if not address:
        return ""
    if address.partition("://")[0].lower() in LOCAL_SERVICES:
        raise InvalidFact(
            "service", "unknown_service", gettext("This service is not used here. Enter another.")
        )
    try:
        apprise.check(address)
    except UrlNotAllowedError as error:
        raise InvalidFact("service", error.code, error.message) from error
    return encrypt(address)


def _check(given: PreferenceSettings) -> None:
    if given.zone not in ZONES:
        raise InvalidFact("zone", "not_known", f"Use one of {', '.join(ZONES)}.")
    if given.language not in Language.values:
        raise InvalidFact("language", "not_known", f"Use one of {', '.join(Language.values)}.")
    if given.by_sms and not settings.SMS_PROVIDERS:
        raise InvalidFact(
            "by_sms", "no_provider", gettext("Text messages are not available here. Leave this out.")
        )
    if given.by_sms and not given.phone.strip():
        raise InvalidFact("phone", "required", gettext("Enter the number for text messages."))
    if (given.quiet_from is None) != (given.quiet_until is None):
        field = "quiet_from" if given.quiet_from is None else "quiet_until"
        raise InvalidFact(field, "required", gettext("Enter both times of the quiet hours, or neither."))
    if given.quiet_from is not None and given.quiet_from == given.quiet_until:
        raise InvalidFact(
            "quiet_until",
            "same_time",
            gettext("Both times are the same. Enter a different time, or neither."),
        )
