"""Send alerts again that failed or stayed in doubt, because an administrator decided so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F

from accounts.models import Cover, CoverReason, User
from accounts.predicates import can_act
from notifications.models import Alert, AlertState, Channel, Via
from notifications.querysets import LISTED, AlertQuerySet
from notifications.services.delivery import providers
from notifications.services.watch.isolation import each_isolated
from orders.errors import InvalidFact
from orders.models import HistoryEntry

#: The most alerts that one call sends again.
MOST = 1000
#: The longest span of one call.
LONGEST_SPAN = timedelta(days=31)


@dataclass(frozen=True, kw_only=True)
class Resent:
    """How many alerts are sent again: those that had failed, and those that may have arrived."""

    failed: int = 0
    in_doubt: int = 0

    def __add__(self, other: Resent) -> Resent:
        """Add the counts."""
        return Resent(failed=self.failed + other.failed, in_doubt=self.in_doubt + other.in_doubt)


def unsent_between(since: datetime, until: datetime, *, in_doubt: bool = False) -> AlertQuerySet[Alert]:
    """Return the alerts created from `since` to before `until` that failed or, with `in_doubt`, may have
    arrived. Raises `InvalidFact`.
    """
    if until <= since:
        raise InvalidFact(
            "created_before", "too_early", "This is not after the beginning. Enter a later time."
        )
    if until - since > LONGEST_SPAN:
        raise InvalidFact(
            "created_after", "too_long", "The time is longer than 31 days. Enter a shorter one."
        )
    return _unsent(in_doubt=in_doubt).filter(created_at__gte=since, created_at__lt=until)


def unsent_alert(public_id: UUID) -> AlertQuerySet[Alert]:
    """Return the alert if it failed or is in doubt, as a queryset."""
    return _unsent(in_doubt=True).filter(public_id=public_id)


def resend(alerts: AlertQuerySet[Alert], *, by: User, now: datetime) -> Resent:
    """Send the alerts again, `MOST` at a time, and record it in the history of their orders.

    One that failed gets a new key, since its provider would send nothing under the old one. One in doubt
    keeps its key while the provider remembers it; else it is marked as a possible duplicate. Before it is
    sent the lease decides again whether it still applies. Alerts to people who cannot act go to others too.
    """
    with transaction.atomic():
        rows = list(
            alerts.select_related(*LISTED).select_for_update(no_key=True, skip_locked=True, of=("self",))[
                :MOST
            ]
        )
        keys: dict[UUID | None, UUID] = {}
        for one in rows:
            keys.setdefault(one.message_key, uuid4())
        parts = each_isolated(
            "alert", rows, lambda some: _resend(some, keys, by=by, now=now), key=lambda one: one.pk
        )
        cannot = User.objects.filter(pk__in={one.recipient_id for one in rows}).exclude(can_act())
        Cover.objects.bulk_create(Cover(user=one, reason=CoverReason.AWAY) for one in cannot)
    return sum(parts, Resent())


def _unsent(*, in_doubt: bool) -> AlertQuerySet[Alert]:
    states = [AlertState.FAILED, AlertState.IN_DOUBT] if in_doubt else [AlertState.FAILED]
    found = Alert.objects.filter(state__in=states, acknowledged_at=None)
    return found.exclude(via__in=[Via.MISSING, Via.CANARY]).exclude(channel=Channel.PRINT).order_by("id")


def _resend(rows: Sequence[Alert], keys: dict[UUID | None, UUID], *, by: User, now: datetime) -> Resent:
    windows = providers.idempotency_windows()
    counts = {AlertState.FAILED: 0, AlertState.IN_DOUBT: 0}
    for one in rows:
        state = AlertState(one.state)
        counts[state] += 1
        window = windows.get(one.provider)
        is_remembered = (
            state is AlertState.IN_DOUBT
            and window is not None
            and one.first_sent_at is not None
            and one.first_sent_at > now - window
        )
        if not is_remembered:
            _renew(one, keys)
            one.possible_duplicate = one.possible_duplicate or state is AlertState.IN_DOUBT
        one.state, one.next_attempt_at, one.attempts = AlertState.READY, now, 0
        one.waits_for_recipient, one.held_until, one.paper_at = False, None, None
        # A late result of an earlier sender is refused.
        Alert.objects.filter(pk=one.pk).update(
            fence=F("fence") + 1,
            **{name: getattr(one, name) for name in _CHANGED},
        )
    HistoryEntry.objects.bulk_create(
        HistoryEntry(order=one.of_order, kind="alert_resent", occurred_at=now, actor=by, data=one.for_history)
        for one in rows
        if one.order_id is not None and one.via not in (Via.PROTECTED, Via.RELAY)
    )
    return Resent(failed=counts[AlertState.FAILED], in_doubt=counts[AlertState.IN_DOUBT])


_CHANGED = (
    "state",
    "next_attempt_at",
    "attempts",
    "waits_for_recipient",
    "held_until",
    "paper_at",
    "message_key",
    "bundled",
    "template",
    "provider",
    "provider_ref",
    "possible_duplicate",
)


def _renew(alert: Alert, keys: dict[UUID | None, UUID]) -> None:
    """Give the alert a new message. Alerts of one message stay together."""
    alert.message_key = keys[alert.message_key] if alert.message_key else uuid4()
    alert.bundled, alert.template, alert.provider, alert.provider_ref = 0, "", "", ""
