"""Alerts about transfers: an offer to the agency that is asked, a refusal to the agency that offered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accounts.access import MATRIX
from accounts.models import Agency
from accounts.narrowing import present
from notifications.models import Via
from notifications.services.direct_alerts import write_alerts
from notifications.services.recipients.recipients import (
    Recipient,
    reachable_members,
    recipients_of_agency,
)
from orders.models import Capacity, FollowUp, OrderAgency, Transfer
from orders.predicates import transfer_is_open_sql

#: SQL: true while the transfer `h` of the follow-up `t` is news to the agency of the alert `a`: for the
#: agency that was asked, until the transfer is answered or withdrawn; for the agency that offered, as long
#: as it owns the open follow-up. `AlertQuerySet.unacknowledged` is the same in Django.
TRANSFER_IS_NEWS = f"""(
  h.to_agency_id = a.agency_id AND {transfer_is_open_sql("h")}
  OR h.from_agency_id = a.agency_id AND t.owner_id = a.agency_id AND t.closed_at IS NULL)"""


def notify_of_offer(transfer: Transfer, **_: object) -> None:
    """Notify the recipients of the agency that is asked. Call this in the transaction that writes the
    offer."""
    recipients = recipients_of_agency(transfer.to_agency, Capacity.ASSISTING_POLICE)
    _write_alerts(transfer, "offered", recipients, transfer.offered_at)


def notify_of_refusal(transfer: Transfer, **_: object) -> None:
    """Notify the person assigned to the follow-up; if that person receives no alerts, the agency's
    recipients.

    Call this in the transaction that writes the refusal.
    """
    recipients = recipients_of_owner(transfer.follow_up, transfer.from_agency)
    _write_alerts(transfer, "refused", recipients, present(transfer.answered_at))


def recipients_of_owner(follow_up: FollowUp, agency: Agency) -> list[Recipient]:
    """The person of the owner `agency` who has the follow-up, else the agency's recipients."""
    capacity = owner_capacity(follow_up)
    if reachable_members().filter(agency=agency, user=follow_up.assigned_to_id).exists():
        return [Recipient(agency=agency, capacity=capacity, via=Via.PERSON, user=follow_up.assigned_to_id)]
    return recipients_of_agency(agency, capacity)


def owner_capacity(follow_up: FollowUp) -> str:
    """The capacity in which the owner is an agency of the order; the first in the matrix's order."""
    held = set(
        OrderAgency.objects.filter(order=follow_up.order_id, agency=follow_up.owner_id).values_list(
            "capacity", flat=True
        )
    )
    # An owner that was removed from the order still answers for the follow-up, as assisting police do.
    return next((one for one in MATRIX.alert_role if one in held), Capacity.ASSISTING_POLICE)


def _write_alerts(transfer: Transfer, word: str, recipients: Sequence[Recipient], now: datetime) -> None:
    key = f"transfer:{transfer.public_id}:{word}"
    write_alerts(recipients, key=key, now=now, transfer=transfer, order=transfer.order)
