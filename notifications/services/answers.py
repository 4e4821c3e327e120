"""Answering an alert."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.access import MATRIX
from accounts.models import User
from notifications.models import Alert, HookEvent
from notifications.services import webhooks
from orders.models import Event


def may_answer(alert: Alert, user: User) -> bool:
    """True for the recipient, and for whoever holds in the agency the role that such alerts are for."""
    if alert.recipient_id == user.pk:
        return True
    role = MATRIX.told_as.get(alert.capacity)
    return role is not None and any(
        one.role == role and one.agency_id == alert.agency_id for one in user.memberships.all()
    )


def acknowledge(alert: Alert, *, by: User, now: datetime) -> Alert:
    """The alert is acknowledged by `by` at `now`, and the order's history says so.

    The first acknowledgement stands; a later one changes nothing.
    """
    with transaction.atomic():
        row = (
            Alert.objects.select_for_update(no_key=True, of=("self",))
            .select_related("checkpoint__deadline", "order")
            .get(pk=alert.pk)
        )
        if row.acknowledged_at is None:
            row.acknowledged_at = now
            row.acknowledged_by = by
            row.save(update_fields=["acknowledged_at", "acknowledged_by"])
            Event.objects.create(
                order_id=row.order_id,
                kind="acknowledged",
                occurred_at=now,
                actor=by,
                data={"alert": str(row.public_id), "rule": row.checkpoint.deadline.rule_id},
            )
            webhooks.announce(HookEvent.ALERT_ACKNOWLEDGED, row, now=now)
    return row
