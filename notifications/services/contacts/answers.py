"""Messages to a protected person who chose a PIN: sent again until answered, then the advocate is asked.

The one place that decides it. The repeats are alerts as all others, so the hours that the person chose, the
lease and the withdrawal of what is no longer news apply to them.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Greatest

from accounts.crypto import decrypt
from notifications.models import Alert, AlertState, FollowUpNote, SafeContact, Via
from notifications.models.alert import SENDABLE
from notifications.services.contacts.unreached import ask_advocates
from notifications.services.direct_alerts import store_new
from notifications.services.watch.isolation import parked_rows, parking

#: Contacts that one call takes; the rest is left to the next pulse.
BATCH = 100
#: The kind of a parked contact.
KIND = "answer of a client"
#: Wrong PINs after which a contact takes no PIN for so many seconds.
MOST_WRONG, WAIT = 5, 3600

#: Messages that left, whether or not their arrival is known.
_LEFT = (AlertState.ACCEPTED, AlertState.DELIVERED, AlertState.IN_DOUBT)


def repeat_unanswered(now: datetime) -> int:
    """Send unanswered messages again, and ask the advocates when the time is over; return for how many."""
    with transaction.atomic():
        # What another pulse works on is left to it.
        found = list(
            SafeContact.objects.in_force()
            .select_for_update(no_key=True, skip_locked=True, of=("self",))
            .exclude(encrypted_pin="")
            .filter(confirmed_at__gt=now - F("confirm_every"))
            .exclude(pk__in=parked_rows(KIND))
            .filter(pk__in=_due(now))
            .order_by("id")[:BATCH]
        )
        return sum(_try_to_repeat(one, now) for one in found)


def answer_by_pin(alert: UUID | None, pin: str, *, now: datetime) -> bool:
    """Record that the person answered what was sent until now; return False if the PIN does not fit."""
    contact = opened_by_pin(alert, pin)
    if contact is None:
        return False
    SafeContact.objects.filter(pk=contact.pk).update(answered_at=now)
    return True


def opened_by_pin(alert: UUID | None, pin: str) -> SafeContact | None:
    """Return the contact of the message if the PIN fits.

    It opens nothing of another contact, and takes no PIN for an hour after five that were wrong.
    """
    with transaction.atomic():
        contact = contact_of_message(alert, locks=True)
        if contact is None:
            return None
        key = f"wrong-pin:{contact.public_id}"
        # The lock on the contact lets one try count at a time.
        wrong = cache.get(key, 0)
        if wrong >= MOST_WRONG:
            return None
        if not hmac.compare_digest(decrypt(contact.encrypted_pin).encode(), pin.strip().encode()):
            cache.set(key, wrong + 1, WAIT)
            return None
        cache.delete(key)
    return contact


def contact_of_message(alert: UUID | None, *, locks: bool = False) -> SafeContact | None:
    """Return the contact that a message went to, while it is in force; locked until the end, if asked."""
    sent = Alert.objects.filter(public_id=alert, via=Via.PROTECTED).first() if alert else None
    if sent is None:
        return None
    contacts = SafeContact.objects.in_force().exclude(encrypted_pin="")
    if locks:
        contacts = contacts.select_for_update(no_key=True, of=("self",))
    return contacts.filter(release=sent.release_id, set_at__lte=sent.created_at).first()


def _due(now: datetime) -> list[int]:
    """Return the contacts (by key) with a message that waits for an answer as long as a repeat waits."""
    since = Greatest("set_at", Coalesce("answered_at", "set_at"), Coalesce("asked_at", "set_at"))
    asking = SafeContact.objects.filter(ended_at=None).exclude(encrypted_pin="").annotate(since=since)
    found = asking.filter(
        release__alerts__via=Via.PROTECTED,
        release__alerts__state__in=_LEFT,
        release__alerts__is_rehearsal=False,
        release__alerts__first_sent_at__gt=F("since"),
        release__alerts__first_sent_at__lte=now - _hours(settings.SAFE_CONTACT_REPEAT_HOURS),
    )
    return list(found.order_by("id").values_list("id", flat=True).distinct())


def _hours(count: int) -> timedelta:
    return timedelta(hours=count)


def _try_to_repeat(contact: SafeContact, now: datetime) -> int:
    with parking(KIND, contact.pk, "repeating an unanswered message failed"):
        return _repeat(contact, now)
    return 0


def _repeat(contact: SafeContact, now: datetime) -> int:
    """Ask the advocates if the first message is too old, else send the last one again."""
    since = max(one for one in (contact.set_at, contact.answered_at, contact.asked_at) if one)
    rows = Alert.objects.filter(release=contact.release_id, via=Via.PROTECTED, is_rehearsal=False)
    left = list(
        rows.filter(state__in=_LEFT, first_sent_at__gt=since)
        .select_related("agency", "release", "order")
        .order_by("first_sent_at", "id")
    )
    if not left:
        return 0
    first, last = left[0], left[-1]
    if first.first_sent_at is None or last.first_sent_at is None:
        return 0
    if now - first.first_sent_at >= _hours(settings.SAFE_CONTACT_ASK_HOURS):
        SafeContact.objects.filter(pk=contact.pk).update(asked_at=now)
        return ask_advocates(last, FollowUpNote.NO_ANSWER, now)
    is_waiting = rows.filter(state__in=SENDABLE, created_at__gt=since).exists()
    if is_waiting or now - last.first_sent_at < _hours(settings.SAFE_CONTACT_REPEAT_HOURS):
        return 0
    key = f"{last.idem_key.split(':again:')[0]}:again:{len(left)}"
    return len(store_new([_again(last, key, now)], now=now))


def _again(last: Alert, key: str, now: datetime) -> Alert:
    return Alert(
        checkpoint=last.checkpoint,
        correction=last.correction,
        order=last.order,
        release=last.release,
        agency=last.agency,
        capacity=last.capacity,
        via=Via.PROTECTED,
        channel=last.channel,
        note=last.note,
        priority=last.priority,
        idem_key=key,
        created_at=now,
        next_attempt_at=now,
    )
