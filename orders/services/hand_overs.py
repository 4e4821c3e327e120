"""A follow-up offered to police elsewhere, who accept or refuse; until then its owner answers for it."""

from __future__ import annotations

from datetime import datetime

from django.dispatch import Signal

from accounts.models import POLICE, Agency, User
from orders.errors import InvalidFact
from orders.models import Capacity, Concern, FollowUp, HandOver
from orders.services.change import need_reason
from orders.services.follow_ups import acting_on, check_for
from orders.services.offers import OPEN, end_sight, withdraw_offers

#: Sent with the `hand_over`, inside the transaction that writes the offer or its refusal: whoever must hear
#: of it is told together with it, or not at all.
offered = Signal()
refused = Signal()


def offer_hand_over(follow_up: FollowUp, *, to: Agency, reason: str, by: User, now: datetime) -> HandOver:
    """The police agency `to` is asked to answer for the task, and sees the order from now on, to decide.

    Raises `InvalidFact`.
    """
    with acting_on(follow_up, "hand_over_offered", by=by, now=now, reason=need_reason(reason)) as (
        change,
        row,
    ):
        check_for(row.owner_id, by, "add", "hand_over")
        if to.kind not in POLICE:
            raise InvalidFact("to_agency", "not_police", f"{to} is no police agency; choose one.")
        if to.pk == row.owner_id:
            raise InvalidFact("to_agency", "own_agency", f"{to} answers for it already; choose another.")
        if open_offer := row.hand_overs.filter(OPEN).select_related("to_agency").first():
            raise InvalidFact(
                "to_agency",
                "already_offered",
                f"It is offered to {open_offer.to_agency} already. Withdraw that offer first.",
            )
        change.data["hand_over"] = {"from": row.owner.name, "to": to.name}
        Concern.objects.get_or_create(order=change.order, agency=to, capacity=Capacity.ASSISTING_POLICE)
        offer = HandOver.objects.create(
            follow_up=row,
            order=change.order,
            from_agency=row.owner,
            to_agency=to,
            reason=reason.strip(),
            offered_at=now,
            offered_by=by,
        )
        offered.send(sender=None, hand_over=offer)
    return offer


def answer_hand_over(
    hand_over: HandOver, *, accepted: bool, by: User, now: datetime, reason: str = ""
) -> HandOver:
    """Accepted: the agency asked answers for the task, which nobody there has taken yet. Refused, with the
    reason: everything is as before, and the agency sees no more of the order than it did.

    Raises `InvalidFact`.
    """
    kind = "hand_over_accepted" if accepted else "hand_over_refused"
    why = reason.strip() if accepted else need_reason(reason)
    with acting_on(hand_over.follow_up, kind, by=by, now=now, reason=why) as (change, row):
        offer = _open(hand_over)
        check_for(offer.to_agency_id, by, "answer", "hand_over")
        offer.accepted, offer.answer, offer.answered_at, offer.answered_by = accepted, why, now, by
        offer.save(update_fields=["accepted", "answer", "answered_at", "answered_by"])
        change.data["hand_over"] = {"from": offer.from_agency.name, "to": offer.to_agency.name}
        if accepted:
            row.owner, row.assigned_to = offer.to_agency, None
            row.save(update_fields=["owner", "assigned_to"])
        else:
            end_sight([offer.order_id])
            refused.send(sender=None, hand_over=offer)
    return offer


def withdraw_hand_over(hand_over: HandOver, *, by: User, now: datetime) -> HandOver:
    """The offer no longer stands, and who was asked sees no more of the order than before.

    Raises `InvalidFact`.
    """
    with acting_on(hand_over.follow_up, "hand_over_withdrawn", by=by, now=now) as (change, row):
        offer = _open(hand_over)
        check_for(row.owner_id, by, "withdraw", "hand_over")
        withdraw_offers(HandOver.objects.filter(pk=offer.pk), now=now)
        offer.withdrawn_at = now
        change.data["hand_over"] = {"from": offer.from_agency.name, "to": offer.to_agency.name}
    return offer


def _open(hand_over: HandOver) -> HandOver:
    offer = HandOver.objects.select_related("from_agency", "to_agency", "order__case").get(pk=hand_over.pk)
    if offer.is_open:
        return offer
    became = "withdrawn" if offer.withdrawn_at else "accepted" if offer.accepted else "refused"
    raise InvalidFact("hand_over", "already_answered", f"This offer was {became} already.")
