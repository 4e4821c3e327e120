"""Agencies that a clerk adds to an order: the marshal who serves it, schools, and the licensing unit."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from accounts.models import Agency, AgencyKind, User
from orders.errors import InvalidFact
from orders.models import Capacity, Order, OrderAgency
from orders.querysets import OrderAgencyQuerySet
from orders.services.change import changing
from orders.services.validation import check_own_state, need_reason

#: The kinds of agency that a clerk may add, and their capacity. Police follow from towns and transfers,
#: prosecutors from referrals.
ADDABLE = {
    AgencyKind.MARSHAL: Capacity.MARSHAL,
    AgencyKind.SCHOOL: Capacity.SCHOOL,
    AgencyKind.LICENSING: Capacity.LICENSING,
}

#: History entries that reveal a school.
OF_SCHOOLS = Q(data__contains={"capacity": Capacity.SCHOOL.value})


def add_agency(order: Order, *, agency: Agency, by: User | None, now: datetime) -> OrderAgency:
    """Add the agency to the order: from now on it sees its part of the order and is alerted.

    The history has the capacity but not the agency, because a school reveals where a person is during the
    day. Raises `InvalidFact`.
    """
    capacity = ADDABLE.get(AgencyKind(agency.kind))
    if capacity is None:
        kinds = ", ".join(kind.label.lower() for kind in ADDABLE)
        raise InvalidFact("agency", "wrong_kind", f"{agency} cannot be added here. Choose one of: {kinds}.")
    if capacity is not Capacity.SCHOOL:
        check_own_state(order, agency)
    with changing(order, "agency_added", by=by, now=now) as change:
        order_agency, is_new = OrderAgency.objects.get_or_create(
            order=change.order, agency=agency, capacity=capacity, defaults={"named_at": now}
        )
        if not is_new:
            raise InvalidFact("agency", "already_named", f"{agency} was already added to this order.")
        change.data["capacity"] = capacity.value
    return order_agency


def remove_agency(
    order: Order, *, agency: Agency, capacity: str, reason: str, by: User | None, now: datetime
) -> Order:
    """Remove the agency, in this capacity, from the order. Raises `InvalidFact`."""
    why = need_reason(reason)
    with changing(order, "agency_removed", by=by, now=now, reason=why) as change:
        found = added_agencies(change.order).filter(agency=agency, capacity=capacity)
        if not found.delete()[0]:
            text = "This agency was not added to the order in that capacity. Choose one that was."
            raise InvalidFact("agency", "not_named", text)
        change.data["capacity"] = capacity
    return change.order


def added_agencies(order: Order) -> OrderAgencyQuerySet[OrderAgency]:
    """The agencies that a clerk added to the order."""
    rows = OrderAgency.objects.filter(order=order, capacity__in=ADDABLE.values())
    return rows.select_related("agency", "order").order_by("capacity", "agency__name")
