"""Answering an alert: on its page, by the API, by the link in a message, or by replying with a code."""

from __future__ import annotations

import hmac
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.access import MATRIX
from accounts.models import Role, User
from notifications.models import Alert, AlertState, AwaitedAnswer, Channel, HookEvent
from notifications.services import webhooks
from notifications.services.firing import POLICE_CAPACITIES
from notifications.services.links import LASTS, answer_code
from orders.models import Capacity, Event


def may_answer(alert: Alert, user: User) -> bool:
    """True for the recipient, and for whoever holds in the agency a role that such alerts are for."""
    if alert.recipient_id == user.pk:
        return True
    roles = {MATRIX.told_as.get(alert.capacity, ""), Role.SUPERVISOR}
    return any(one.role in roles and one.agency_id == alert.agency_id for one in user.memberships.all())


def acknowledge(alert: Alert, *, by: User, now: datetime) -> Alert:
    """The alert is acknowledged by `by` at `now`, and the order's history says so, unless a release led to it
    (`Alert.release`): then the history says nothing. Where the agency was waited for it has answered, and
    nobody further up is asked.

    With it whatever else told the same person of the same thing. The first acknowledgement stands; a later
    one changes nothing.
    """
    with transaction.atomic():
        row = (
            Alert.objects.select_for_update(no_key=True, of=("self",))
            .select_related("checkpoint__deadline", "hand_over__follow_up__deadline", "order")
            .get(pk=alert.pk)
        )
        if row.acknowledged_at is None:
            row.acknowledged_at = now
            row.acknowledged_by = by
            row.save(update_fields=["acknowledged_at", "acknowledged_by"])
            if row.order is not None:
                _answer_for_others(row, by=by, now=now)
    return row


def acknowledge_by_code(number: str, code: str, *, now: datetime) -> int:
    """Acknowledges what the text message with that code told, where it went to that number; answers how many.

    A code is worth nothing from another number, nor once its time is over.
    """
    sent = Alert.objects.filter(
        channel=Channel.SMS,
        recipient__preference__phone=number,
        recipient__is_active=True,
        acknowledged_at=None,
        message_key__isnull=False,
        first_sent_at__gt=now - LASTS,
    ).select_related("recipient")
    given = code.strip().upper()
    answered = [
        one
        for one in sent
        if one.message_key and hmac.compare_digest(answer_code(one.message_key).encode(), given.encode())
    ]
    for one in answered:
        if one.recipient is not None:
            acknowledge(one, by=one.recipient, now=now)
    return len(answered)


def _answer_for_others(row: Alert, *, by: User, now: datetime) -> None:
    _told_alike(row).update(acknowledged_at=now, acknowledged_by=by)
    if row.capacity in POLICE_CAPACITIES and may_answer(row, by):
        _awaited(row).update(answered_at=now, answered_by=by, next_step_at=None)
    # Who acknowledges what a release led to is an advocate, whose client is nobody's to read in the history.
    if row.release_id is None:
        Event.objects.create(
            order=row.of_order,
            kind="acknowledged",
            occurred_at=now,
            actor=by,
            data=row.for_history,
        )
    webhooks.announce(HookEvent.ALERT_ACKNOWLEDGED, [row], now=now)


def _told_alike(row: Alert) -> QuerySet[Alert]:
    """What told the same person of the same thing in other ways."""
    if row.recipient_id is None:
        return Alert.objects.none()
    return Alert.objects.filter(
        checkpoint=row.checkpoint_id,
        hand_over=row.hand_over_id,
        recipient=row.recipient_id,
        agency=row.agency_id,
        acknowledged_at=None,
    ).exclude(state=AlertState.WITHDRAWN)


def _awaited(row: Alert) -> QuerySet[AwaitedAnswer]:
    """The answers that this one gives: the agency's own; for State Police that of whom they stand in for."""
    own = Q(agency=row.agency_id)
    if row.capacity == Capacity.STATE_POLICE and row.awaited_id is not None:
        own |= Q(pk=row.awaited_id)
    return AwaitedAnswer.objects.filter(own, checkpoint=row.checkpoint_id, answered_at=None)
