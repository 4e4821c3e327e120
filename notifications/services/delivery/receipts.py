"""Record delivery receipts: whether a message arrived."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import F, Q, QuerySet

from notifications.models import Alert, AlertState
from notifications.services.sql import rows_of

logger = logging.getLogger(__name__)

#: How long to wait before another attempt at a message that was not delivered but may be later.
PAUSE = timedelta(minutes=30)


class ReceiptOutcome(StrEnum):
    """The outcome of a message that a provider had accepted."""

    DELIVERED = "delivered"
    #: Final: it will never be delivered.
    FAILED = "failed"
    #: The provider gave up; another attempt may succeed later.
    UNDELIVERED = "undelivered"
    #: Not yet delivered; the provider is still trying.
    DELAYED = "delayed"
    #: Delivered, and the recipient reported it as spam.
    COMPLAINED = "complained"


#: The states that each outcome may change. A receipt that arrives late or out of order changes nothing. A
#: failure after a delivery does count: the mail server accepted the message, then the mailbox refused it.
_UNDER_WAY = frozenset({AlertState.SENDING, AlertState.ACCEPTED, AlertState.IN_DOUBT})
_FROM = {
    ReceiptOutcome.DELIVERED: _UNDER_WAY | {AlertState.TEMPORARY_FAILURE},
    ReceiptOutcome.FAILED: _UNDER_WAY | {AlertState.TEMPORARY_FAILURE, AlertState.DELIVERED},
    ReceiptOutcome.UNDELIVERED: _UNDER_WAY | {AlertState.TEMPORARY_FAILURE},
    ReceiptOutcome.DELAYED: _UNDER_WAY,
}


def first_time(provider: str, digest: str) -> bool:
    """Return True the first time only. It is remembered if the surrounding transaction commits."""
    return bool(
        rows_of(
            "INSERT INTO notifications_callback (provider, digest) VALUES (%(provider)s, %(digest)s) "
            "ON CONFLICT (provider, digest) DO NOTHING RETURNING id",
            {"provider": provider, "digest": digest},
        )
    )


def record(
    provider: str, *, ref: str = "", key: str = "", outcome: ReceiptOutcome, now: datetime, reason: str = ""
) -> bool:
    """Record the outcome on all alerts of one message; return True if anything changed.

    The message is found by our key or by the provider's reference. `reason` must not contain personal data.
    """
    error = f"{provider}: {outcome.value}{f', {reason}' if reason else ''}"[:200]
    with transaction.atomic():
        alerts = _of_message(ref, key, outcome).select_for_update(no_key=True)
        found = list(alerts.order_by("pk").values_list("pk", "state"))
        if outcome is ReceiptOutcome.COMPLAINED:
            changed = [pk for pk, _ in found]
            Alert.objects.filter(pk__in=changed).update(last_error=error)
        else:
            changed = [pk for pk, state in found if state in _FROM[outcome]]
            _settle(Alert.objects.filter(pk__in=changed), outcome, ref=ref, error=error, now=now)
    if changed and outcome is not ReceiptOutcome.DELIVERED:
        logger.warning("%d alerts of one message, %s", len(changed), error)
    return bool(changed)


def _of_message(ref: str, key: str, outcome: ReceiptOutcome) -> QuerySet[Alert]:
    by_ref = Q(provider_ref=ref) if ref else Q(pk__in=[])
    if not key:
        return Alert.objects.filter(by_ref)
    by_key = Q(message_key=key)
    if ref and outcome is not ReceiptOutcome.DELIVERED:
        # A failure of an earlier attempt under the same key does not affect the later attempt.
        by_key &= Q(provider_ref__in=["", ref])
    return Alert.objects.filter(by_key | by_ref)


def _settle(alerts: QuerySet[Alert], outcome: ReceiptOutcome, *, ref: str, error: str, now: datetime) -> None:
    # Raise the fence: a sender that has not yet recorded its own result comes too late.
    facts: dict[str, Any] = {"lease_until": None, "fence": F("fence") + 1}
    if ref:
        facts["provider_ref"] = ref[:200]
    match outcome:
        case ReceiptOutcome.DELIVERED:
            alerts.update(state=AlertState.DELIVERED, delivered_at=now, last_error="", **facts)
        case ReceiptOutcome.FAILED:
            alerts.update(state=AlertState.FAILED, last_error=error, **facts)
        case _:
            if outcome is ReceiptOutcome.UNDELIVERED:
                # Under the old key the provider would take the next attempt for this message and send
                # nothing.
                facts |= {"message_key": uuid4(), "provider": ""}
            alerts.update(
                state=AlertState.TEMPORARY_FAILURE, next_attempt_at=now + PAUSE, last_error=error, **facts
            )
