"""Escalation: when police do not acknowledge, the next step of the ladder notifies others, until someone
does.

Each pending acknowledgment is a row. One transaction takes its step, writes the alerts and the history entry.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib import resources

from django.db import transaction
from django.db.models.functions import Now

from notifications.models import (
    Alert,
    Channel,
    EscalationStep,
    EscalationTarget,
    PendingAcknowledgment,
    Via,
)
from notifications.services.direct_alerts import store_new
from notifications.services.priority import priority_of
from notifications.services.recipients.recipients import (
    Recipient,
    fallback_administrators,
    members_by_rung,
    state_police,
    with_channels,
)
from notifications.services.sql import rows_of
from notifications.services.watch.isolation import parked_rows, parking
from orders.models import Capacity, HistoryEntry, OrderAgency

#: Pending acknowledgments that one transaction escalates.
BATCH = 50
#: Seconds for which one call escalates before it leaves the rest to the next pulse.
BUDGET = 0.8
#: The kind of a parked escalation.
KIND = "escalation"


def escalate() -> int:
    """Take the next step for every agency that has not acknowledged in time, or for as many as `BUDGET`
    seconds
    allow; return for how many.

    A step without recipients is skipped at once. After the last step, administrators are notified if no step
    had a recipient. A case about which everyone was notified stays pending with all of them.
    """
    began, taken = time.monotonic(), 0
    while batch := _escalate_batch():
        taken += batch
        if batch < BATCH or time.monotonic() - began > BUDGET:
            break
    return taken


def ladder_of(agency: int) -> list[EscalationStep]:
    """The agency's own steps, or those for every agency without its own."""
    found = list(EscalationStep.objects.filter(agency=agency).order_by("place"))
    return found or list(EscalationStep.objects.filter(agency=None).order_by("place"))


def load_steps() -> int:
    """Store the default ladder if agencies share no ladder yet; return how many steps were stored."""
    if EscalationStep.objects.filter(agency=None).exists():
        return 0
    text = resources.files("notifications.data").joinpath("escalation.toml").read_text(encoding="utf-8")
    steps = [
        EscalationStep(place=place, to=EscalationTarget(one["to"]), after=timedelta(minutes=one["after"]))
        for place, one in enumerate(tomllib.loads(text)["step"], start=1)
    ]
    return len(EscalationStep.objects.bulk_create(steps))


def _escalate_batch() -> int:
    with transaction.atomic():
        due = list(
            PendingAcknowledgment.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
            .filter(next_step_at__lte=Now())
            .exclude(pk__in=parked_rows(KIND))
            .select_related("checkpoint__deadline", "order", "agency")
            .order_by("next_step_at", "id")[:BATCH]
        )
        if due:
            ((now,),) = rows_of("SELECT statement_timestamp()", {})
            for pending in due:
                _try_to_escalate(pending, now)
    return len(due)


def _try_to_escalate(pending: PendingAcknowledgment, now: datetime) -> None:
    with parking(KIND, pending.pk, "an escalation failed"):
        _escalate(pending, now)


def _escalate(pending: PendingAcknowledgment, now: datetime) -> None:
    """Take steps until one notifies someone new or the ladder ends. What is no longer due takes no step."""
    checkpoint = pending.checkpoint
    if not checkpoint.deadline.is_running or checkpoint.deadline.revision != checkpoint.revision:
        pending.next_step_at = None
        pending.save(update_fields=["next_step_at"])
        return
    steps = ladder_of(pending.agency_id)
    alerts: list[Alert] = []
    while pending.step < len(steps) and not alerts:
        step = steps[pending.step]
        pending.step += 1
        alerts = _write_alerts(pending, _recipients_of_step(pending, EscalationTarget(step.to)), now)
    if not alerts and not pending.alerts.exists():
        alerts = _write_alerts(pending, fallback_administrators(pending.agency, pending.capacity), now)
    following = steps[pending.step] if pending.step < len(steps) else None
    pending.next_step_at = now + following.after if following else None
    pending.save(update_fields=["step", "next_step_at"])
    if alerts:
        _record(pending, alerts, now)


def _recipients_of_step(pending: PendingAcknowledgment, to: EscalationTarget) -> list[Recipient]:
    match to:
        case EscalationTarget.BACKUP:
            return members_by_rung(pending.agency, pending.capacity).get(Via.BACKUP, [])
        case EscalationTarget.SUPERVISOR:
            return members_by_rung(pending.agency, pending.capacity).get(Via.SUPERVISOR, [])
        case EscalationTarget.STATE_POLICE:
            return state_police(pending.order.jurisdiction)


def _write_alerts(
    pending: PendingAcknowledgment, recipients: Sequence[Recipient], now: datetime
) -> list[Alert]:
    """Store alerts to those recipients who have not been notified of the checkpoint yet; return them."""
    every = (_alert(pending, one, channel, now) for one, channel in with_channels(recipients))
    return store_new(every, now=now)


def _alert(pending: PendingAcknowledgment, recipient: Recipient, channel: Channel, now: datetime) -> Alert:
    checkpoint, deadline = pending.checkpoint, pending.checkpoint.deadline
    # The same key as in FIRE, so that a recipient of the first alert is not notified again.
    named = (pending.order.public_id, deadline.rule_id, deadline.occurrence, checkpoint.name)
    return Alert(
        checkpoint=checkpoint,
        order=pending.order,
        agency=recipient.agency,
        capacity=recipient.capacity,
        recipient_id=recipient.user,
        via=recipient.via,
        channel=channel,
        pending_acknowledgment=pending,
        priority=priority_of(deadline.rule_id, checkpoint.purpose),
        idem_key=":".join(map(str, (*named, checkpoint.revision, channel, recipient.target))),
        created_at=now,
        next_attempt_at=now,
    )


def _record(pending: PendingAcknowledgment, alerts: Sequence[Alert], now: datetime) -> None:
    """Write the history entry. State Police see the order from now on."""
    for alert in alerts:
        if alert.capacity == Capacity.STATE_POLICE:
            OrderAgency.objects.get_or_create(
                order=pending.order, agency=alert.agency, capacity=Capacity.STATE_POLICE
            )
    HistoryEntry.objects.create(
        order=pending.order,
        kind="not_acknowledged",
        occurred_at=now,
        data={
            "rule": pending.checkpoint.deadline.rule_id,
            "agency": pending.agency.name,
            "step": pending.step,
            "notified": sorted({str(alert.via) for alert in alerts}),
        },
    )
