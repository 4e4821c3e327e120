"""Phone numbers that opted out of text messages. Only keyed digests are stored, never the numbers."""

from __future__ import annotations

from datetime import datetime
from itertools import chain

from cryptography.fernet import InvalidToken
from django.db.models import Q

from accounts.crypto import current_key_id, decrypt, digests
from notifications.models import ContactChannel, OptedOutNumber, Preference, SafeContact

_PURPOSE = "stopped-number"


def opt_out(number: str, now: datetime) -> None:
    """Send no more text messages to `number` (E.164). Repeating it changes nothing."""
    OptedOutNumber.objects.get_or_create(
        digest=digests(_PURPOSE, number)[0], defaults={"opted_out_at": now, "key_id": current_key_id()}
    )


def opt_in(number: str) -> None:
    """Allow text messages to `number` (E.164) again."""
    OptedOutNumber.objects.filter(digest__in=digests(_PURPOSE, number)).delete()


def is_opted_out(number: str) -> bool:
    """Return True if no text messages may go to `number` (E.164)."""
    today, *older = digests(_PURPOSE, number)
    found = set(OptedOutNumber.objects.filter(digest__in=[today, *older]).values_list("digest", flat=True))
    if found and today not in found:
        # Store the digest under today's secret: the old secret will be removed one day, the opt-out must
        # stay.
        OptedOutNumber.objects.filter(digest=min(found)).update(digest=today, key_id=current_key_id())
    return bool(found)


def renew_known() -> None:
    """Move the opt-outs of all numbers that are stored here to the current key."""
    with_phone = Preference.objects.filter(Q(phone__isnull=False) | ~Q(open_phone=""))
    texted = SafeContact.objects.filter(channel=ContactChannel.SMS).exclude(encrypted_address="")
    second = SafeContact.objects.filter(second_channel=ContactChannel.SMS).exclude(
        encrypted_second_address=""
    )
    for number in with_phone.values_list("phone", flat=True).iterator():
        _renew(number)
    addresses = (
        texted.values_list("encrypted_address", flat=True),
        second.values_list("encrypted_second_address", flat=True),
    )
    for address in chain.from_iterable(one.iterator() for one in addresses):
        try:
            _renew(decrypt(address))
        except InvalidToken:
            continue


def under_other_keys() -> int:
    """Return the number of opt-outs whose digest is not known to be under the current key."""
    return OptedOutNumber.objects.exclude(key_id=current_key_id()).count()


def _renew(number: str) -> None:
    if is_opted_out(number):
        OptedOutNumber.objects.filter(digest=digests(_PURPOSE, number)[0]).update(key_id=current_key_id())
