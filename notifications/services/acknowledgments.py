"""Acknowledging an alert: on its page, by the API, by the link in a message, or by a reply with a code."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.access import MATRIX
from accounts.models import Role, User
from notifications.models import (
    Alert,
    AlertState,
    Channel,
    PendingAcknowledgment,
    Preference,
    Via,
    WebhookEvent,
)
from notifications.services.delivery.links import LINK_LIFETIME, answer_code
from notifications.services.recipients.audience import POLICE_CAPACITIES
from notifications.services.webhooks import subscriptions
from orders.models import Capacity, HistoryEntry


def may_acknowledge(alert: Alert, user: User) -> bool:
    """True for the recipient, and for members of the agency in a role that receives these alerts.

    Who left the agency since then answers for it no more.
    """
    held = [one.role for one in user.memberships.all() if one.agency_id == alert.agency_id]
    if alert.recipient_id == user.pk:
        return bool(held) or alert.agency_id is None or alert.via in (Via.FALLBACK, Via.OPERATOR)
    return not {MATRIX.alert_role.get(alert.capacity, ""), Role.SUPERVISOR}.isdisjoint(held)


def acknowledge(alert: Alert, *, by: User, now: datetime, only_sent: bool = False) -> Alert:
    """Record that `by` acknowledged the alert at `now`, and all that the same person was alerted of in the
    case up to this alert; with `only_sent`, only what has left, for an answer from outside the pages.

    This ends the pending acknowledgments of the agency in the case, and with them the escalation. The order's
    history gets an entry, but not if the alert was written because of a release (`Alert.release`). Only the
    first acknowledgment counts. Offers and corrections are acknowledged by themselves.
    """
    with transaction.atomic():
        # In one order, so that two acknowledgments of one case wait for each other and do not lock crosswise.
        locked = {
            one.pk: one
            for one in _answered_together(alert).select_for_update(no_key=True, of=("self",))
            if not only_sent or one.first_sent_at or one.checkpoint_id == alert.checkpoint_id
        }
        row = locked[alert.pk]
        if row.acknowledged_at is None:
            waiting = [one for one in locked.values() if one.acknowledged_at is None]
            Alert.objects.filter(pk__in=[one.pk for one in waiting]).update(
                acknowledged_at=now, acknowledged_by=by
            )
            row.acknowledged_at, row.acknowledged_by = now, by
            if row.order is not None:
                _record(row, waiting, by=by, now=now, only_sent=only_sent)
    return row


def acknowledge_by_code(number: str, code: str, *, now: datetime) -> int:
    """Acknowledge the alerts of the text message that has the code; return their number.

    A code from another number or after its lifetime acknowledges nothing, nor does one from a person who left
    the agency or whose account ended.
    """
    sent = Alert.objects.filter(
        channel=Channel.SMS,
        recipient__preference__in=Preference.objects.with_number(number),
        recipient__is_active=True,
        acknowledged_at=None,
        message_key__isnull=False,
        first_sent_at__gt=now - LINK_LIFETIME,
    ).select_related("recipient")
    given = code.strip().upper().encode()
    count = 0
    for one in sent:
        person, key = one.recipient, one.message_key
        if person is None or key is None or not hmac.compare_digest(answer_code(key).encode(), given):
            continue
        if person.is_person_in_use(now) and may_acknowledge(one, person):
            acknowledge(one, by=person, now=now, only_sent=True)
            count += 1
    return count


def _record(row: Alert, answered: Sequence[Alert], *, by: User, now: datetime, only_sent: bool) -> None:
    if row.correction_id is None and row.capacity in POLICE_CAPACITIES and may_acknowledge(row, by):
        _pending(row, answered, only_sent=only_sent).update(
            answered_at=now, answered_by=by, next_step_at=None
        )
    about: dict[tuple[int | None, str], Alert] = {}
    for one in [row, *answered]:
        about.setdefault((one.order_id, one.deadline.rule_id), one)
    # Only advocates acknowledge alerts of a release. An entry would show in the history who is their client.
    HistoryEntry.objects.bulk_create(
        HistoryEntry(order=one.of_order, kind="acknowledged", occurred_at=now, actor=by, data=one.for_history)
        for one in about.values()
        if one.release_id is None
    )
    subscriptions.announce(
        WebhookEvent.ALERT_ACKNOWLEDGED,
        [row, *(one for one in answered if one.pk != row.pk and one.channel == Channel.EMAIL)],
        now=now,
    )


def _answered_together(alert: Alert) -> QuerySet[Alert]:
    """The alert, and what else one acknowledgment answers, in the order of their keys.

    Alerts written later are left out: no one has read them.
    """
    rows = Alert.objects.select_related(
        "checkpoint__deadline", "transfer__follow_up__deadline", "follow_up__deadline", "order"
    ).order_by("pk")
    to_one = Q(recipient=alert.recipient_id) & Q(agency=alert.agency_id)
    if alert.order is None or (alert.recipient_id is None and alert.via != Via.DESK):
        return rows.filter(pk=alert.pk)
    if alert.transfer_id is not None or alert.correction_id is not None:
        about = Q(checkpoint=alert.checkpoint_id) & Q(
            transfer=alert.transfer_id, correction=alert.correction_id
        )
    else:
        about = Q(order__case=alert.order.case_id, transfer=None, correction=None)
        about &= Q(release=alert.release_id, created_at__lte=alert.created_at)
        if alert.release_id is not None:
            about &= Q(via=alert.via)
    others = Q(acknowledged_at=None) & ~Q(state=AlertState.WITHDRAWN)
    return rows.filter(Q(pk=alert.pk) | to_one & about & others)


def _pending(row: Alert, answered: Collection[Alert], *, only_sent: bool) -> QuerySet[PendingAcknowledgment]:
    """The pending acknowledgments that this one ends: the agency's own in the case, as far as they were asked
    for by then; for State Police also those that escalated to them."""
    if row.transfer_id is not None:
        return PendingAcknowledgment.objects.none()
    ended = Q(agency=row.agency_id, order__case=row.of_order.case_id, asked_at__lte=row.created_at)
    if only_sent:
        ended &= Q(checkpoint__in={one.checkpoint_id for one in answered})
    if row.capacity == Capacity.STATE_POLICE:
        ended |= Q(pk__in={one.pending_acknowledgment_id for one in answered} - {None})
    return PendingAcknowledgment.objects.filter(ended, answered_at=None)
