"""What providers tell afterwards: whether a message arrived."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import F, Q, QuerySet

from notifications.models import Alert, AlertState
from notifications.services.statements import rows_of

logger = logging.getLogger(__name__)

#: How long a message is left alone that did not arrive and may arrive another time.
PAUSE = timedelta(minutes=30)


class Outcome(StrEnum):
    """What became of a message that a provider had taken."""

    DELIVERED = "delivered"
    #: It never will be.
    FAILED = "failed"
    #: The provider gave up; another message may arrive later.
    UNDELIVERED = "undelivered"
    #: Not yet; the provider is still trying.
    DELAYED = "delayed"
    #: Delivered, and its reader called it unwanted.
    COMPLAINED = "complained"


#: From where each leads on. A receipt that comes late or out of order changes nothing. A refusal after a
#: delivery is no such thing: the mailbox behind the server that took the message did not.
_UNDER_WAY = frozenset({AlertState.SENDING, AlertState.ACCEPTED, AlertState.IN_DOUBT})
_FROM = {
    Outcome.DELIVERED: _UNDER_WAY | {AlertState.TEMPORARY_FAILURE},
    Outcome.FAILED: _UNDER_WAY | {AlertState.TEMPORARY_FAILURE, AlertState.DELIVERED},
    Outcome.UNDELIVERED: _UNDER_WAY | {AlertState.TEMPORARY_FAILURE},
    Outcome.DELAYED: _UNDER_WAY,
}


def first_time(provider: str, digest: str) -> bool:
    """True once for each callback; it is remembered if the transaction around this stands."""
    return bool(
        rows_of(
            "INSERT INTO notifications_callback (provider, digest) VALUES (%(provider)s, %(digest)s) "
            "ON CONFLICT (provider, digest) DO NOTHING RETURNING id",
            {"provider": provider, "digest": digest},
        )
    )


def record(
    provider: str, *, ref: str = "", key: str = "", outcome: Outcome, now: datetime, reason: str = ""
) -> bool:
    """The alerts of the message say what became of it; True where that changed anything.

    The message is found by our key or by the provider's reference. `reason` names nobody.
    """
    said = f"{provider}: {outcome.value}{f', {reason}' if reason else ''}"[:200]
    with transaction.atomic():
        alerts = _of_message(ref, key, outcome).select_for_update(no_key=True)
        found = list(alerts.order_by("pk").values_list("pk", "state"))
        if outcome is Outcome.COMPLAINED:
            changed = [pk for pk, _ in found]
            Alert.objects.filter(pk__in=changed).update(last_error=said)
        else:
            changed = [pk for pk, state in found if state in _FROM[outcome]]
            _settle(Alert.objects.filter(pk__in=changed), outcome, ref=ref, said=said, now=now)
    if changed and outcome is not Outcome.DELIVERED:
        logger.warning("%d alerts of one message, %s", len(changed), said)
    return bool(changed)


def _of_message(ref: str, key: str, outcome: Outcome) -> QuerySet[Alert]:
    by_ref = Q(provider_ref=ref) if ref else Q(pk__in=[])
    if not key:
        return Alert.objects.filter(by_ref)
    by_key = Q(message_key=key)
    if ref and outcome is not Outcome.DELIVERED:
        # Bad news of an earlier try under the same key says nothing of the try that came after it.
        by_key &= Q(provider_ref__in=["", ref])
    return Alert.objects.filter(by_key | by_ref)


def _settle(alerts: QuerySet[Alert], outcome: Outcome, *, ref: str, said: str, now: datetime) -> None:
    # The fence rises: a sender that has yet to say how it went is late.
    facts: dict[str, Any] = {"lease_until": None, "fence": F("fence") + 1}
    if ref:
        facts["provider_ref"] = ref[:200]
    match outcome:
        case Outcome.DELIVERED:
            alerts.update(state=AlertState.DELIVERED, delivered_at=now, last_error="", **facts)
        case Outcome.FAILED:
            alerts.update(state=AlertState.FAILED, last_error=said, **facts)
        case _:
            if outcome is Outcome.UNDELIVERED:
                # Under the old key a provider would take the next try for this message, and send nothing.
                facts |= {"message_key": uuid4(), "provider": ""}
            alerts.update(
                state=AlertState.TEMPORARY_FAILURE, next_attempt_at=now + PAUSE, last_error=said, **facts
            )
