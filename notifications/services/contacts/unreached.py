"""A message to a protected person failed: it goes out by the second way that the person chose.

Without a second way, or if that failed too, the advocate is asked to reach the person. So it is without an
answer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import Role, User
from notifications.models import Alert, AlertState, FollowUpNote, SafeContact, Via
from notifications.services.contacts.contacts import releases_of
from notifications.services.direct_alerts import store_new
from notifications.services.recipients.recipients import recipients_of_agency, with_channels
from notifications.services.watch.isolation import parked_rows, parking

#: Of what failed longer ago no one is alerted: the page of the order still shows it.
NEWS = timedelta(days=1)
#: Failures that one call takes; the rest is left to the next pulse.
BATCH = 100
#: How long the first page of the advocate shows it.
SHOWN = timedelta(days=7)
#: The kind of a parked alert.
KIND = "message to a client"

#: What the key of an alert ends with, by its reason.
_KEYS = {
    FollowUpNote.NO_CLIENT: "unreached",
    FollowUpNote.NO_ANSWER: "unanswered",
    FollowUpNote.STOPPED: "stopped",
}


def notify_advocates(now: datetime) -> int:
    """Send each message that failed since the last call by the second way, or alert the advocates of it.

    Return how many alerts were written. One alert for each message and advocate: its key is made of that of
    the message.
    """
    followed = Alert.objects.filter(checkpoint=OuterRef("checkpoint"), release=OuterRef("release"))
    is_passed_on = Q(Exists(followed.filter(note=FollowUpNote.NO_CLIENT)))
    is_passed_on |= Q(Exists(followed.filter(note=FollowUpNote.SECOND))) & ~Q(note=FollowUpNote.SECOND)
    with transaction.atomic():
        # What another pulse works on is left to it.
        found = list(
            Alert.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
            .filter(state=AlertState.FAILED, created_at__gt=now - NEWS)
            .filter(~is_passed_on, via=Via.PROTECTED, is_rehearsal=False)
            .exclude(pk__in=parked_rows(KIND))
            .select_related("agency", "order", "checkpoint", "release")
            .order_by("id")[:BATCH]
        )
        return sum(_try_to_notify(one, now) for one in found)


def _try_to_notify(failed: Alert, now: datetime) -> int:
    with parking(KIND, failed.pk, "alerting an advocate of a failed message failed"):
        return _by_second_way(failed, now) or ask_advocates(failed, FollowUpNote.NO_CLIENT, now)
    return 0


def _by_second_way(failed: Alert, now: datetime) -> int:
    """Write the same message to the second address; return 0 without one, or if it failed too."""
    contact = SafeContact.objects.in_force().filter(release=failed.release_id).first()
    if failed.note == FollowUpNote.SECOND or contact is None or not contact.second_channel:
        return 0
    again = Alert(
        checkpoint=failed.checkpoint,
        correction=failed.correction,
        order=failed.order,
        release=failed.release,
        agency=failed.agency,
        capacity=failed.capacity,
        via=Via.PROTECTED,
        channel=contact.second_channel,
        note=FollowUpNote.SECOND,
        priority=failed.priority,
        idem_key=f"{failed.idem_key}:second",
        created_at=now,
        next_attempt_at=now,
    )
    return len(store_new([again], now=now))


def ask_advocates(message: Alert, note: FollowUpNote, now: datetime) -> int:
    """Ask the advocates to reach the person in place of a message; return how many alerts were written."""
    if message.agency is None or message.release is None or message.release.has_ended(now):
        return 0
    recipients = recipients_of_agency(message.agency, Role.ADVOCATE.value)
    alerts = (
        Alert(
            checkpoint=message.checkpoint,
            order=message.order,
            release=message.release,
            note=note,
            agency=one.agency,
            capacity=one.capacity,
            recipient_id=one.user,
            via=one.via,
            channel=channel,
            idem_key=f"{message.idem_key}:{_KEYS[note]}:{channel}:{one.target}",
            created_at=now,
            next_attempt_at=now,
        )
        for one, channel in with_channels(recipients)
        if one.via not in (Via.FALLBACK, Via.MISSING)
    )
    return len(store_new(alerts, now=now))


def unreached(user: User, now: datetime) -> QuerySet[SafeContact]:
    """Return the safe contacts of the advocate's clients at which a message failed since they were set."""
    failed = Alert.objects.filter(
        release=OuterRef("release"),
        via=Via.PROTECTED,
        state=AlertState.FAILED,
        created_at__gt=now - SHOWN,
        created_at__gte=OuterRef("set_at"),
    )
    # With a second way, the first may fail.
    found = Q(second_channel="") & Q(Exists(failed)) | Q(Exists(failed.filter(note=FollowUpNote.SECOND)))
    return SafeContact.objects.in_force().filter(found, release__in=releases_of(user))


def unanswered(user: User) -> QuerySet[SafeContact]:
    """Return the safe contacts of the advocate's clients who did not answer, after the advocate was asked."""
    later = Q(answered_at=None) | Q(answered_at__lt=F("asked_at"))
    found = SafeContact.objects.in_force().filter(later, asked_at__isnull=False)
    return found.filter(release__in=releases_of(user))
