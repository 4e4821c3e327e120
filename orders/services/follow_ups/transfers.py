"""Transfer of a follow-up: offered to other police, who accept or decline."""

from __future__ import annotations

from datetime import datetime

from django.dispatch import Signal

from accounts.models import POLICE, Agency, User
from orders.errors import InvalidFact
from orders.models import Capacity, FollowUp, OrderAgency, Transfer
from orders.predicates import transfer_is_open
from orders.services.follow_ups.actions import acting_on, assignable, check_for, set_next_action
from orders.services.open_transfers import end_access, withdraw_offers
from orders.services.validation import need_reason

#: Sent with the `transfer` in the transaction that writes the offer or its refusal, so that the alerts are
#: written together with it or not at all.
offered = Signal()
declined = Signal()


def offer_transfer(
    follow_up: FollowUp, *, to_agency: Agency, reason: str, by: User, now: datetime
) -> Transfer:
    """Offer the task to the police agency `to_agency`, which sees the order from now on.

    Raises `InvalidFact`.
    """
    with acting_on(follow_up, "transfer_offered", by=by, now=now, reason=need_reason(reason)) as (
        change,
        row,
    ):
        check_for(row.owner_id, by, "add", "transfer")
        if to_agency.kind not in POLICE:
            raise InvalidFact("to_agency", "not_police", f"{to_agency} is not a police agency. Choose one.")
        if to_agency.pk == row.owner_id:
            raise InvalidFact(
                "to_agency", "own_agency", f"{to_agency} is already the owner. Choose another agency."
            )
        if open_offer := row.transfers.filter(transfer_is_open()).select_related("to_agency").first():
            raise InvalidFact(
                "to_agency",
                "already_offered",
                f"It is already offered to {open_offer.to_agency}. Withdraw that offer first.",
            )
        change.data["transfer"] = {"from": row.owner.name, "to": to_agency.name}
        OrderAgency.objects.get_or_create(
            order=change.order, agency=to_agency, capacity=Capacity.ASSISTING_POLICE
        )
        offer = Transfer.objects.create(
            follow_up=row,
            order=change.order,
            from_agency=row.owner,
            to_agency=to_agency,
            reason=reason.strip(),
            offered_at=now,
            offered_by=by,
        )
        offered.send(sender=None, transfer=offer)
    return offer


def answer_transfer(
    transfer: Transfer,
    *,
    accepted: bool,
    by: User,
    now: datetime,
    reason: str = "",
    next_action_at: datetime | None = None,
) -> Transfer:
    """Accept or decline an offer.

    Accepted, the task belongs to the agency, with its next action if one is given. It is assigned to who
    accepts, or to no one if that is a system or someone who may not act on it. Declined, which needs a
    reason, it stays with its owner, and the agency loses the access that the offer gave. Raises
    `InvalidFact`.
    """
    kind = "transfer_accepted" if accepted else "transfer_declined"
    why = reason.strip() if accepted else need_reason(reason)
    with acting_on(transfer.follow_up, kind, by=by, now=now, reason=why) as (change, row):
        offer = _open(transfer)
        check_for(offer.to_agency_id, by, "answer", "transfer")
        offer.accepted, offer.answer, offer.answered_at, offer.answered_by = accepted, why, now, by
        offer.save(update_fields=["accepted", "answer", "answered_at", "answered_by"])
        change.data["transfer"] = {"from": offer.from_agency.name, "to": offer.to_agency.name}
        if accepted:
            row.owner = offer.to_agency
            row.assigned_to = by if assignable(row).filter(pk=by.pk).exists() else None
            row.save(update_fields=["owner", "assigned_to"])
            if next_action_at is not None:
                set_next_action(row, next_action_at, by, now)
        else:
            end_access([offer.order_id])
            declined.send(sender=None, transfer=offer)
    return offer


def withdraw_transfer(transfer: Transfer, *, by: User, now: datetime) -> Transfer:
    """Withdraw an open offer; the other agency loses the access that the offer gave.

    Raises `InvalidFact`.
    """
    with acting_on(transfer.follow_up, "transfer_withdrawn", by=by, now=now) as (change, row):
        offer = _open(transfer)
        check_for(row.owner_id, by, "withdraw", "transfer")
        withdraw_offers(Transfer.objects.filter(pk=offer.pk), now=now)
        offer.withdrawn_at = now
        change.data["transfer"] = {"from": offer.from_agency.name, "to": offer.to_agency.name}
    return offer


def _open(transfer: Transfer) -> Transfer:
    offer = Transfer.objects.select_related("from_agency", "to_agency", "order__case").get(pk=transfer.pk)
    if offer.is_open:
        return offer
    became = "withdrawn" if offer.withdrawn_at else "accepted" if offer.accepted else "declined"
    raise InvalidFact("transfer", "already_answered", f"This offer was already {became}.")
