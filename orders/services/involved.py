"""Agencies that a clerk names: whoever serves the order, and whom the court gives notice of it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from accounts.models import Agency, AgencyKind, User
from orders.errors import InvalidFact
from orders.models import Capacity, Concern, Order
from orders.querysets import ConcernQuerySet
from orders.services.change import changing, need_reason

#: The kinds of agency that are named for an order, and in what capacity it concerns them then. Police follow
#: from towns and hand-overs, prosecutors from referrals.
NAMED = {
    AgencyKind.MARSHAL: Capacity.MARSHAL,
    AgencyKind.SCHOOL: Capacity.SCHOOL,
    AgencyKind.LICENSING: Capacity.LICENSING,
}

#: Events that tell that there is a school: whatever it did, and whatever was done about it.
OF_SCHOOLS = Q(data__contains={"capacity": Capacity.SCHOOL.value})


def involve_agency(order: Order, *, agency: Agency, by: User | None, now: datetime) -> Concern:
    """The order is the agency's business from now on: it sees its part of it, and is told.

    The event says in what capacity and not which agency: a school would tell where somebody is by day.
    Raises `InvalidFact`.
    """
    capacity = NAMED.get(AgencyKind(agency.kind))
    if capacity is None:
        kinds = ", ".join(kind.label.lower() for kind in NAMED)
        raise InvalidFact("agency", "wrong_kind", f"{agency} cannot be named here. Name one of: {kinds}.")
    with changing(order, "agency_involved", by=by, now=now) as change:
        concern, is_new = Concern.objects.get_or_create(order=change.order, agency=agency, capacity=capacity)
        if not is_new:
            raise InvalidFact("agency", "already_named", f"{agency} is named for this order already.")
        change.data["capacity"] = capacity.value
    return concern


def drop_agency(
    order: Order, *, agency: Agency, capacity: str, reason: str, by: User | None, now: datetime
) -> Order:
    """The order is no business of the agency any more, in the capacity in which it was named.

    Raises `InvalidFact`.
    """
    why = need_reason(reason)
    with changing(order, "agency_dropped", by=by, now=now, reason=why) as change:
        found = involved(change.order).filter(agency=agency, capacity=capacity)
        if not found.delete()[0]:
            text = "This agency is not named for the order in that capacity. Give one that is."
            raise InvalidFact("agency", "not_named", text)
        change.data["capacity"] = capacity
    return change.order


def involved(order: Order) -> ConcernQuerySet[Concern]:
    """The agencies that were named for the order."""
    rows = Concern.objects.filter(order=order, capacity__in=NAMED.values())
    return rows.select_related("agency", "order").order_by("capacity", "agency__name")
