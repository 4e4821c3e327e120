"""The court hears that no one at an agency could be notified, beside the administrators, who see no case.

One alert for a case, an agency and a day at most. The next pulse takes what fell back, whatever wrote it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from accounts.dates import court_date
from accounts.narrowing import present
from notifications.models import Alert, FollowUpNote, Via
from notifications.services.direct_alerts import store_new
from notifications.services.recipients.recipients import Recipient, recipients_of_agency, with_channels
from notifications.services.sql import rows_of
from notifications.services.watch.isolation import parked_rows, parking
from orders.models import Capacity, Checkpoint, CheckpointState

#: Alerts that one call takes; the rest is left to the next pulse.
BATCH = 100
#: Of what fell back longer ago no court is notified.
NEWS = timedelta(days=1)
#: The kind of a parked row.
KIND = "fallback"
#: What the court is not notified about: other alerts reached no one for their own reason.
_UNREACHED = (Via.FALLBACK, Via.MISSING)


def notify_courts() -> int:
    """Notify the court of each alert that fell back since the last call; return how many alerts it took."""
    with transaction.atomic():
        found = list(
            Alert.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
            .filter(via__in=_UNREACHED, court_notified_at=None)
            .exclude(pk__in=parked_rows(KIND))
            .select_related("agency", "order__case__court", "checkpoint", "transfer", "follow_up")
            .order_by("id")[:BATCH]
        )
        if found:
            ((now,),) = rows_of("SELECT statement_timestamp()", {})
            for one in found:
                _try_to_notify(one, now)
    return len(found)


def _try_to_notify(alert: Alert, now: datetime) -> None:
    with parking(KIND, alert.pk, "notifying a court of a fallback failed"):
        if _is_for_the_court(alert, now):
            _notify(alert, now)
        Alert.objects.filter(pk=alert.pk).update(court_notified_at=now)


def _is_for_the_court(alert: Alert, now: datetime) -> bool:
    """True for an agency of an order, but not for the court itself, nor for an organization with a release:
    the court does not know whose client a person is."""
    return (
        alert.order is not None
        and alert.agency is not None
        and alert.release_id is None
        and alert.capacity != Capacity.COURT
        and alert.created_at > now - NEWS
    )


def _notify(alert: Alert, now: datetime) -> None:
    order = alert.of_order
    if (checkpoint := _checkpoint_of(alert)) is None:
        return
    is_school = alert.capacity == Capacity.SCHOOL
    day = court_date(now)
    key = f"unreached:{order.case.public_id}:{present(alert.agency).pk}:{day}"
    store_new(
        (
            Alert(
                checkpoint=checkpoint,
                order=order,
                note=FollowUpNote.NO_SCHOOL if is_school else FollowUpNote.UNREACHED,
                agency=one.agency,
                capacity=one.capacity,
                recipient_id=one.user,
                via=one.via,
                channel=channel,
                idem_key=f"{key}:{channel}:{one.target}",
                created_at=now,
                next_attempt_at=now,
            )
            for one, channel in with_channels(_clerks(alert))
        ),
        now=now,
    )


def _clerks(alert: Alert) -> list[Recipient]:
    """Who is notified at the court; no one, if the court has no one either: the administrators know."""
    found = recipients_of_agency(alert.of_order.case.court, Capacity.COURT.value)
    return [one for one in found if one.via not in _UNREACHED]


def _checkpoint_of(alert: Alert) -> Checkpoint | None:
    """The checkpoint of the alert; for one about a follow-up, the last that fired for its deadline."""
    if alert.checkpoint is not None:
        return alert.checkpoint
    fired = Checkpoint.objects.filter(
        deadline=alert.deadline, revision=F("deadline__revision"), state=CheckpointState.FIRED
    )
    return fired.order_by("-fires_at", "-pk").first()
