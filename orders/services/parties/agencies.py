"""Agencies that a clerk adds to an order: the marshal who serves it, schools, and the licensing unit."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from accounts.crypto import digests
from accounts.models import Agency, AgencyKind, User
from orders.errors import InvalidFact
from orders.models import Capacity, HistoryEntry, Order, OrderAgency
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


#: An agency that is added again within this time was removed by mistake: it counts as named all along.
REMOVED_BY_MISTAKE = timedelta(days=1)


def add_agency(order: Order, *, agency: Agency, by: User | None, now: datetime) -> OrderAgency:
    """Add the agency to the order: from now on it sees its part of the order and is alerted.

    The history names the agency, but of a school only that it is one: a school reveals where a person is
    during the day. Raises `InvalidFact`.
    """
    capacity = ADDABLE.get(AgencyKind(agency.kind))
    if capacity is None:
        kinds = ", ".join(kind.label.lower() for kind in ADDABLE)
        raise InvalidFact("agency", "wrong_kind", f"{agency} cannot be added here. Choose one of: {kinds}.")
    if capacity is not Capacity.SCHOOL:
        check_own_state(order, agency)
    with changing(order, "agency_added", by=by, now=now) as change:
        order_agency, is_new = OrderAgency.objects.get_or_create(
            order=change.order,
            agency=agency,
            capacity=capacity,
            defaults={"named_at": _named_at(change.order, agency, capacity, now)},
        )
        if not is_new:
            raise InvalidFact("agency", "already_named", f"{agency} was already added to this order.")
        change.data["capacity"] = capacity.value
        change.data["items"] = [_words(agency, capacity)]
    return order_agency


def remove_agency(
    order: Order, *, agency: Agency, capacity: str, reason: str, by: User | None, now: datetime
) -> Order:
    """Remove the agency, in this capacity, from the order. Raises `InvalidFact`."""
    why = need_reason(reason)
    with changing(order, "agency_removed", by=by, now=now, reason=why) as change:
        found = added_agencies(change.order).filter(agency=agency, capacity=capacity).first()
        if found is None:
            text = "This agency was not added to the order in that capacity. Choose one that was."
            raise InvalidFact("agency", "not_named", text)
        found.delete()
        change.data["capacity"] = capacity
        change.data["items"] = [_words(agency, capacity)]
        change.data["named_at"] = found.named_at and found.named_at.isoformat()
        change.data["agency_digest"] = _digests(change.order, agency)[0]
    return change.order


def _words(agency: Agency, capacity: str) -> str:
    """Return the agency for the history."""
    return str(Capacity.SCHOOL.label) if capacity == Capacity.SCHOOL else agency.name


def _named_at(order: Order, agency: Agency, capacity: str, now: datetime) -> datetime | None:
    """Return since when the agency counts as named: `now`, or what counted before a removal by mistake."""
    removed = HistoryEntry.objects.filter(
        order=order,
        kind="agency_removed",
        recorded_at__gt=now - REMOVED_BY_MISTAKE,
        data__capacity=capacity,
        data__agency_digest__in=_digests(order, agency),
    )
    last = removed.order_by("-id").first()
    if last is None:
        return now
    before: str | None = last.data["named_at"]
    return parse_datetime(before) if before else None


def _digests(order: Order, agency: Agency) -> list[str]:
    """Return the digests of the agency for the history of this order, where a school must not be named."""
    return digests("orders.agency", f"{order.public_id} {agency.pk}")


def added_agencies(order: Order) -> OrderAgencyQuerySet[OrderAgency]:
    """The agencies that a clerk added to the order."""
    rows = OrderAgency.objects.filter(order=order, capacity__in=ADDABLE.values())
    return rows.select_related("agency", "order").order_by("capacity", "agency__name")
