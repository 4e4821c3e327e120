"""A follow-up offered to other police: they are told of the offer, and who offered it of a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accounts.access import MATRIX
from notifications.models import Alert, AlertState, HookEvent, Via
from notifications.services import webhooks
from notifications.services.reached import Told, by_way, first_told, reached
from orders.models import Capacity, Concern, FollowUp, HandOver

#: SQL: true while the offer `h` of the task `t` is news to the agency of the alert `a`. To whom it was
#: offered, until it is answered or withdrawn; to who offered it, as long as they answer for the open task.
#: `AlertQuerySet.unanswered` asks the same in Django's words.
STANDS = """(
  h.to_agency_id = a.agency_id AND h.answered_at IS NULL AND h.withdrawn_at IS NULL
  OR h.from_agency_id = a.agency_id AND t.owner_id = a.agency_id AND t.closed_at IS NULL)"""


def tell_of_offer(hand_over: HandOver, **_: object) -> None:
    """Whom the agency asked would hear of a deadline first, hear of the offer.

    To be called inside the transaction that writes it.
    """
    told = first_told(hand_over.to_agency, Capacity.ASSISTING_POLICE)
    _tell(hand_over, "offered", told, hand_over.offered_at)


def tell_of_refusal(hand_over: HandOver, **_: object) -> None:
    """Whose task it is hears of the refusal; where that is nobody who is told anything, those of the agency
    who would hear of a deadline first.

    To be called inside the transaction that writes it.
    """
    task, agency = hand_over.follow_up, hand_over.from_agency
    capacity = _capacity(task)
    if reached().filter(agency=agency, user=task.assigned_to_id).exists():
        told = [Told(agency=agency, capacity=capacity, via=Via.PERSON, user=task.assigned_to_id)]
    else:
        told = first_told(agency, capacity)
    assert hand_over.answered_at is not None  # noqa: S101 - narrows
    _tell(hand_over, "refused", told, hand_over.answered_at)


def _capacity(task: FollowUp) -> str:
    """In which capacity the order is the business of the task's owner; the first that the matrix names."""
    held = set(
        Concern.objects.filter(order=task.order_id, agency=task.owner_id).values_list("capacity", flat=True)
    )
    # Police who lost sight of the order since hear as those do who help: of the task they answer for still.
    return next((one for one in MATRIX.told_as if one in held), Capacity.ASSISTING_POLICE)


def _tell(hand_over: HandOver, word: str, people: Sequence[Told], now: datetime) -> None:
    alerts = Alert.objects.bulk_create(
        Alert(
            hand_over=hand_over,
            order=hand_over.order,
            agency=one.agency,
            capacity=one.capacity,
            recipient_id=one.user,
            via=one.via,
            channel=channel,
            idem_key=f"hand_over:{hand_over.public_id}:{word}:{channel}:{one.target}",
            state=AlertState.FAILED if one.via is Via.NOBODY else AlertState.READY,
            last_error="no recipient could be found" if one.via is Via.NOBODY else "",
        )
        for one, channel in by_way(people)
    )
    webhooks.announce(HookEvent.ALERT_CREATED, alerts, now=now)
