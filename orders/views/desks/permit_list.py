"""What waits for the firearms licensing unit: permits to revoke, permits to reinstate, and what was done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.access import MATRIX
from accounts.dates import court_date
from accounts.models import Role, User
from orders.models import LicensingReport, LicensingReportKind, Order, Permit
from orders.querysets import OrderQuerySet, order_visibility
from orders.services.order_state import OrderState, last_days, not_ended, perhaps_over, state_of
from orders.views.parts import Part

#: The most rows of one part of the page.
MOST = 100
#: Orders that are read for a part: around its last day only `state_of` knows whether an order ended.
MOST_READ = 250
#: How long what was done stays on the page.
DONE_FOR = timedelta(days=30)

LICENSERS = MATRIX.resources["licensing_report"].actions["add"] & frozenset({Role.LICENSING})
_REVOKED, _REINSTATED = LicensingReportKind.PERMIT_REVOKED, LicensingReportKind.PERMIT_REINSTATED


@dataclass(kw_only=True)
class PermitRow:
    """One order against a person who holds or held a permit."""

    order: Order
    state: OrderState
    last_day: date | None
    permits: list[Permit] = field(default_factory=list)
    revoked_on: date | None = None


@dataclass(kw_only=True)
class PermitDesk:
    """What waits for the unit, at `now`."""

    person: User
    now: datetime

    @cached_property
    def to_revoke(self) -> Part[PermitRow]:
        """Orders in force whose respondent may hold a permit, without a revocation, the oldest first."""
        rows = self._mine().filter(
            Q(permit_indicated=True) | Q(Exists(Permit.objects.filter(order=OuterRef("pk")))),
            ~Exists(_reported(_REVOKED)),
            not_ended(self.now),
            vacated_at=None,
        )
        return self._part(rows, is_live=True)

    @cached_property
    def to_reinstate(self) -> Part[PermitRow]:
        """Orders that are over after a revocation, and no reinstatement is recorded, the oldest first."""
        rows = self._mine().filter(
            Exists(_reported(_REVOKED).filter(~Exists(_later(_REINSTATED)))), perhaps_over(self.now)
        )
        return self._part(rows, is_live=False)

    @cached_property
    def done(self) -> Part[LicensingReport]:
        """What the unit reported in the last weeks, the newest first."""
        visible = order_visibility(self.person, roles=LICENSERS).by_agency("order_id")
        since = court_date(self.now) - DONE_FOR
        rows = LicensingReport.objects.filter(visible, occurred_on__gte=since)
        related = rows.select_related("order__case__court", "order__case__respondent__town")
        return Part(related.order_by("-occurred_on", "-pk")[: MOST + 1], most=MOST)

    @property
    def orders(self) -> list[Order]:
        """The orders of all rows, for the access log."""
        rows = [one.order for one in (*self.to_revoke, *self.to_reinstate)]
        return [*rows, *(one.order for one in self.done)]

    def _mine(self) -> OrderQuerySet[Order]:
        visible = order_visibility(self.person, roles=LICENSERS).by_agency("pk")
        return Order.objects.filter(visible).select_related("case__court", "case__respondent__town")

    def _part(self, orders: OrderQuerySet[Order], *, is_live: bool) -> Part[PermitRow]:
        read = list(orders.order_by("issued_on", "pk")[:MOST_READ])
        rows = [one for one in self._rows(read) if one.state.is_live == is_live]
        return Part(rows, most=MOST, has_more=len(read) == MOST_READ)

    def _rows(self, orders: list[Order]) -> list[PermitRow]:
        days = last_days(orders)
        permits: dict[int, list[Permit]] = {}
        for permit in Permit.objects.filter(order__in=orders).order_by("id"):
            permits.setdefault(permit.order_id, []).append(permit)
        revoked = LicensingReport.objects.filter(order__in=orders, kind=_REVOKED).order_by("occurred_on")
        revoked_on = dict(revoked.values_list("order", "occurred_on"))
        return [
            PermitRow(
                order=one,
                state=state_of(one, days[one.pk], now=self.now),
                last_day=days[one.pk],
                permits=permits.get(one.pk, []),
                revoked_on=revoked_on.get(one.pk),
            )
            for one in orders
        ]


def _later(kind: LicensingReportKind) -> QuerySet[LicensingReport]:
    """Return the reports of that kind since a report."""
    since = OuterRef("occurred_on")
    return LicensingReport.objects.filter(order=OuterRef("order"), kind=kind, occurred_on__gte=since)


def _reported(kind: LicensingReportKind) -> QuerySet[LicensingReport]:
    return LicensingReport.objects.filter(order=OuterRef("pk"), kind=kind)
