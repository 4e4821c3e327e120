"""Alerts about corrections: a deadline was taken back, or is back, and its recipients were alerted before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from notifications.models import Alert, AlertState, Channel, Priority, Via, WebhookEvent
from notifications.querysets import AlertQuerySet
from notifications.services.webhooks import subscriptions
from orders.services.planning.history import CorrectedOrder

#: Alerts for these reasons are about no case, or reached no one.
_LEFT_OUT = (Via.MISSING, Via.OPERATOR, Via.CANARY)
#: What someone received: a message that was sent, or a printed notice that was handed over.
_REACHED = Q(first_sent_at__isnull=False) & ~Q(channel=Channel.PRINT) | Q(
    channel=Channel.PRINT, state=AlertState.DELIVERED
)
#: What an advocate could read on the page counts, too.
_REACHED |= Q(state=AlertState.ON_PAGE)
#: Advocates' and protected persons' alerts would show in a webhook the clients of an organization.
_WITHOUT_WEBHOOK = (Via.RELAY, Via.PROTECTED)


def notify_of_correction(orders: Sequence[CorrectedOrder], now: datetime, **_: object) -> None:
    """Write one alert to each recipient who was alerted of a corrected deadline, by each channel used then.

    Call this in the transaction of the correction. Whether it still applies is decided again before it is
    sent.
    """
    corrected = {one.entry.order_id: one for one in orders}
    wanted: dict[str, Alert] = {}
    for earlier in _sent(corrected):
        one = corrected[earlier.of_order.pk]
        deadline = earlier.deadline
        if (deadline.rule_id, deadline.occurrence) in one.deadlines:
            alert = _corrected(earlier, one, now)
            # The newest alert of a recipient stands for all: one alert for one change.
            wanted[alert.idem_key] = alert
    alerts = Alert.objects.bulk_create(wanted.values())
    by_email = [one for one in alerts if one.channel == Channel.EMAIL and one.via not in _WITHOUT_WEBHOOK]
    subscriptions.announce(WebhookEvent.ALERT_CREATED, by_email, now=now)


def taken_back_from(user: User) -> QuerySet[Alert]:
    """The user's alerts about corrections of orders that the user no longer sees: they show nothing of it."""
    own = Alert.objects.filter(
        recipient=user.pk, correction__isnull=False, channel=Channel.EMAIL, acknowledged_at=None
    )
    seen = own.visible_to(user).values("pk")
    return own.exclude(pk__in=seen).exclude(via__in=_LEFT_OUT).order_by("-id")


def earlier_alerts(alert: Alert) -> AlertQuerySet[Alert]:
    """What the recipient of an alert about a correction was sent before about the same deadline."""
    sent = Alert.objects.filter(
        checkpoint__deadline=alert.deadline,
        recipient=alert.recipient_id,
        agency=alert.agency_id,
        correction=None,
        channel=alert.channel,
        pk__lt=alert.pk,
    )
    return sent.filter(_REACHED).order_by("first_sent_at", "delivered_at")


def _sent(orders: dict[int, CorrectedOrder]) -> Iterator[Alert]:
    """Alerts about deadlines of these orders (by key) that were sent or handed over, the oldest first."""
    sent = Alert.objects.filter(order__in=orders, checkpoint__isnull=False, correction=None)
    return (
        sent.exclude(via__in=_LEFT_OUT)
        .filter(_REACHED)
        .select_related("checkpoint__deadline", "order")
        .order_by("id")
        .iterator()
    )


def _corrected(earlier: Alert, order: CorrectedOrder, now: datetime) -> Alert:
    # A printed notice waits for a hand, not for a sender.
    printed: dict[str, Any] = (
        {"state": AlertState.ACCEPTED, "accepted_at": now} if earlier.channel == Channel.PRINT else {}
    )
    recipient = f"u{earlier.recipient_id}" if earlier.recipient_id else f"a{earlier.agency_id}"
    parts = [earlier.of_order.public_id, "corrected", order.entry.pk, earlier.channel, recipient]
    if earlier.release_id:
        parts.append(f"r{earlier.release_id}")
    return Alert(
        checkpoint=earlier.checkpoint,
        correction=order.entry,
        order=earlier.order,
        agency_id=earlier.agency_id,
        capacity=earlier.capacity,
        release_id=earlier.release_id,
        recipient_id=earlier.recipient_id,
        via=earlier.via,
        channel=earlier.channel,
        priority=Priority.NORMAL,
        idem_key=":".join(map(str, parts)),
        **printed,
    )
