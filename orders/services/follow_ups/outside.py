"""A follow-up goes to police that have no accounts here, such as those of another state, by their address."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.models import FollowUp, OutsideTransfer, OutsideWay
from orders.services.follow_ups.actions import acting_on, check_for, set_next_action
from orders.services.validation import need_one_of, need_reason


def send_outside(
    follow_up: FollowUp,
    *,
    agency_name: str,
    address: str,
    way: str,
    reason: str,
    next_action_at: datetime,
    by: User,
    now: datetime,
) -> OutsideTransfer:
    """Record that an agency outside was asked to act. The owner asks it again at the next action.

    The address stays out of the history, which is kept forever. Raises `InvalidFact`.
    """
    why = need_reason(reason)
    with acting_on(follow_up, "transferred_outside", by=by, now=now, reason=why) as (change, row):
        check_for(row.owner_id, by, "add", "outside_transfer")
        need_one_of("way", "unknown_way", way, OutsideWay.values)
        name, at = clean(agency_name), clean(address)
        if not name:
            raise InvalidFact("agency_name", "required", "Enter the name of the agency.")
        if not at:
            raise InvalidFact("address", "required", "Enter where it was sent, or who was called.")
        set_next_action(row, next_action_at, by, now)
        change.data["transfer"] = {"from": row.owner.name, "to": name}
        return OutsideTransfer.objects.create(
            follow_up=row,
            order=change.order,
            agency_name=name,
            address=at,
            way=way,
            reason=why,
            sent_at=now,
            sent_by=by,
        )


def withdraw_outside(transfer: OutsideTransfer, *, reason: str, by: User, now: datetime) -> OutsideTransfer:
    """Record that the agency outside was not asked, or need not act any more. Raises `InvalidFact`."""
    with acting_on(
        transfer.follow_up, "outside_transfer_withdrawn", by=by, now=now, reason=need_reason(reason)
    ) as (change, row):
        check_for(row.owner_id, by, "withdraw", "outside_transfer")
        found = OutsideTransfer.objects.filter(pk=transfer.pk, withdrawn_at=None).first()
        if found is None:
            raise InvalidFact("row", "withdrawn", "Someone has withdrawn this already. Open the page again.")
        found.withdrawn_at = now
        found.save(update_fields=["withdrawn_at"])
        change.data["transfer"] = {"from": row.owner.name, "to": found.agency_name}
    return found
