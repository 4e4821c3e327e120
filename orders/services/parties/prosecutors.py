"""The state's attorneys of an order: the one of the court's judicial district, who may have filed it."""

from __future__ import annotations

from django.db.models import Case, QuerySet, Value, When

from accounts.models import Agency, AgencyKind
from orders.models import Capacity, FiledBy, Order, OrderAgency, Referral


def prosecutors_for(order: Order) -> QuerySet[Agency]:
    """Return the prosecutors of the order's state, first the one of the judicial district of its court."""
    district = order.case.court.judicial_district_id
    is_own = Case(When(judicial_district=district, then=Value(0)), default=Value(1)) if district else Value(0)
    rows = Agency.objects.filter(kind=AgencyKind.PROSECUTOR, jurisdiction=order.jurisdiction)
    return rows.order_by(is_own, "name")


def office_of_district(court: Agency) -> Agency | None:
    """Return the state's attorney of the court's judicial district."""
    if court.judicial_district_id is None:
        return None
    rows = Agency.objects.filter(kind=AgencyKind.PROSECUTOR, judicial_district=court.judicial_district_id)
    return rows.order_by("name").first()


def prosecutor_of(order: Order) -> Agency | None:
    """Return the prosecutor who gets a referral: of the district of the court, or the only one known."""
    rows = list(prosecutors_for(order)[:2])
    return office_of_district(order.case.court) or (rows[0] if len(rows) == 1 else None)


def name_filer(order: Order) -> None:
    """Let the state's attorney who asked for the order see it, and an office that neither asked nor has a
    referral see it no more."""
    named = OrderAgency.objects.filter(order=order, capacity=Capacity.PROSECUTOR)
    if order.filed_by == FiledBy.STATES_ATTORNEY:
        if (office := office_of_district(order.case.court)) is not None:
            named.get_or_create(order=order, agency=office, capacity=Capacity.PROSECUTOR)
        return
    named.exclude(agency__in=Referral.objects.filter(order=order).values("agency")).delete()
