"""Cover: the open alerts of a person who cannot act any more go to others of the agency at once.

The person is away, the account was locked or closed, or a role ended. A service stores a row (`Cover`), and
the next pulse takes it. Escalation goes on as it would.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.access import MATRIX
from accounts.models import Cover, CoverReason, Role, User
from accounts.narrowing import present
from accounts.predicates import can_act
from notifications.models import Alert, Channel, PendingAcknowledgment, Via
from notifications.services.direct_alerts import sendable, store_new
from notifications.services.recipients.recipients import Recipient, recipients_of_agency, with_channels
from notifications.services.sql import rows_of
from notifications.services.watch.isolation import parked_rows, parking
from notifications.services.watch.locked import report_lock
from orders.models import ALERTABLE, HistoryEntry

#: People that one call covers; the rest is left to the next pulse.
BATCH = 20
#: When it looks again, for alerts that were being written while the person became unable to act.
AGAIN = timedelta(minutes=1)
#: The kind of a parked row.
KIND = "cover"

#: Alerts that have no member of an agency as their recipient, or no case.
_LEFT_OUT = (Via.MISSING, Via.OPERATOR, Via.CANARY, Via.PROTECTED)


def cover() -> int:
    """Give the open alerts of people who can no longer act to others; return for how many people."""
    with transaction.atomic():
        due = list(
            Cover.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
            .filter(due_at__lte=Now())
            .exclude(pk__in=parked_rows(KIND))
            .select_related("user")
            .order_by("due_at", "id")[:BATCH]
        )
        if due:
            ((now,),) = rows_of("SELECT statement_timestamp()", {})
            for one in due:
                _try_to_cover(one, now)
    return len(due)


def cover_for(user: User, *, now: datetime) -> list[Alert]:
    """Write the person's open alerts to those of each agency who can act; return the new alerts.

    No one is alerted twice of the same. What someone of the agency acknowledged needs no cover.
    """
    copies = (
        _copy(alert, one, channel, now)
        for alert in _open_alerts(user)
        for one, channel in with_channels(_others(alert, user))
    )
    alerts = store_new(copies, now=now)
    _record(alerts, now)
    return alerts


def _try_to_cover(row: Cover, now: datetime) -> None:
    with parking(KIND, row.pk, "covering for a person failed"):
        if row.reason == CoverReason.LOCKED:
            report_lock(row.user)
        cover_for(row.user, now=now)
        if row.is_second_look:
            row.delete()
        else:
            Cover.objects.filter(pk=row.pk).update(due_at=now + AGAIN, is_second_look=True)


def _open_alerts(user: User) -> Iterator[Alert]:
    """One alert for each open thing that the person was alerted about for an agency."""
    running = Q(checkpoint=None) | Q(
        checkpoint__deadline__state__in=ALERTABLE, checkpoint__deadline__revision=F("checkpoint__revision")
    )
    found = (
        Alert.objects.unacknowledged()
        .filter(running, recipient=user, agency__isnull=False, order__isnull=False)
        .exclude(via__in=_LEFT_OUT)
        .select_related("agency", "order")
        .order_by("id")
    )
    seen = set()
    for one in found:
        thing = (*_about(one).values(), one.agency_id, one.via)
        if thing not in seen and not _is_acknowledged(one):
            seen.add(thing)
            yield one


def _is_acknowledged(alert: Alert) -> bool:
    same = Alert.objects.filter(**_about(alert), agency=alert.agency_id)
    return same.filter(acknowledged_at__isnull=False).exists()


def _about(alert: Alert) -> dict[str, Any]:
    """What the alert is about, and the release under which it was written."""
    about = ("checkpoint_id", "transfer_id", "follow_up_id", "note", "correction_id", "release_id")
    return {name: getattr(alert, name) for name in about}


def _others(alert: Alert, user: User) -> Sequence[Recipient]:
    """Who is alerted in the person's place; no one while the person can act for the agency."""
    roles = {MATRIX.alert_role.get(alert.capacity, Role.ADVOCATE), Role.SUPERVISOR}
    stays = user.memberships.filter(agency=alert.agency_id, role__in=roles, receives_alerts=True)
    if stays.exists() and User.objects.filter(can_act(), pk=user.pk).exists():
        return []
    return recipients_of_agency(present(alert.agency), alert.capacity)


def _copy(alert: Alert, recipient: Recipient, channel: Channel, now: datetime) -> Alert:
    """The alert to another recipient, with the key that FIRE would have given it."""
    is_relay = alert.via == Via.RELAY and recipient.user is not None and recipient.via is not Via.FALLBACK
    start = alert.idem_key.rsplit(":", 2)[0]
    pending = PendingAcknowledgment.objects.filter(checkpoint=alert.checkpoint_id, agency=alert.agency_id)
    return Alert(
        **_about(alert),
        order=alert.order,
        agency=alert.agency,
        capacity=alert.capacity,
        pending_acknowledgment=pending.first() if alert.checkpoint_id else None,
        recipient_id=recipient.user,
        via=Via.RELAY if is_relay else recipient.via,
        channel=Channel.EMAIL if is_relay else channel,
        priority=alert.priority,
        idem_key=f"{start}:{channel}:{recipient.target}{'r' if is_relay else ''}",
        created_at=now,
        next_attempt_at=now,
        **sendable(recipient),
    )


def _record(alerts: Sequence[Alert], now: datetime) -> None:
    """Write a history entry for each order and agency, but not for alerts because of a release."""
    notified: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    for one in alerts:
        if one.release_id is None:
            notified[one.of_order.pk, present(one.agency).name].add(str(one.via))
    HistoryEntry.objects.bulk_create(
        HistoryEntry(
            order_id=order,
            kind="alerts_covered",
            occurred_at=now,
            data={"agency": agency, "notified": sorted(vias)},
        )
        for (order, agency), vias in notified.items()
    )
