"""A marshal's pay sheet: each service and each failed attempt of a month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property

from accounts.dates import COURT_TIME, court_date, format_instant
from accounts.models import User
from orders.models import Order, ServiceAttempt
from orders.querysets import order_visibility
from orders.rules.court_time import add_months, at_wall
from orders.services.court_days import zone_of
from orders.views.desks.service_list import MARSHALS, recorded_by_police

#: The most lines of one sheet.
MOST = 2000
_RELATED = ("case__court", "case__respondent__town")

HEADER = ("When", "What", "How or why", "Officer", "Docket", "Court", "Respondent", "Town")


@dataclass(frozen=True, kw_only=True)
class PayLine:
    """One service, or one attempt that failed."""

    order: Order
    at: datetime
    is_served: bool
    how: str
    officer: str

    @property
    def when(self) -> str:
        """The instant in court time."""
        return format_instant(self.at, zone_of(self.order))

    @property
    def what(self) -> str:
        """“Served” or “Attempt”."""
        return "Served" if self.is_served else "Attempt"

    @property
    def cells(self) -> list[str]:
        """The line as text, in the order of `HEADER`."""
        case = self.order.case
        person = case.respondent
        return [
            self.when, self.what, self.how, self.officer, case.docket_number, str(case.court), person.name,
            str(person.town),
        ]  # fmt: skip


@dataclass(kw_only=True)
class PaySheet:
    """The services and attempts of a month in the orders that the marshal serves.

    What police recorded is theirs. What the court recorded counts for the marshal.
    """

    person: User
    month: date
    today: date

    @property
    def next_month(self) -> date:
        """The first day of the next month."""
        return add_months(self.month, 1)

    @property
    def has_next(self) -> bool:
        """True if the next month has begun."""
        return self.next_month <= self.today

    @property
    def former_month(self) -> date:
        """The first day of the month before."""
        return add_months(self.month, -1)

    @cached_property
    def lines(self) -> list[PayLine]:
        """All lines, the earliest first."""
        begin, end = (at_wall(day, time(), COURT_TIME) for day in (self.month, self.next_month))
        visibility = order_visibility(self.person, roles=MARSHALS)
        served = list(
            Order.objects.filter(visibility.by_agency("pk"), served_at__gte=begin, served_at__lt=end)
            .select_related(*_RELATED)
            .order_by("served_at", "pk")[:MOST]
        )
        tried = list(
            ServiceAttempt.objects.filter(
                visibility.by_agency("order_id"), attempted_at__gte=begin, attempted_at__lt=end
            )
            .select_related(*(f"order__{one}" for one in _RELATED))
            .order_by("attempted_at", "pk")[:MOST]
        )
        of_police = recorded_by_police({one.pk for one in served} | {one.order_id for one in tried})
        found = [
            PayLine(
                order=one,
                at=one.served_at,
                is_served=True,
                how=one.get_service_method_display(),
                officer=one.service_officer,
            )
            for one in served
            if one.served_at is not None and str(one.pk) not in of_police
        ]
        found += [
            PayLine(
                order=one.order,
                at=one.attempted_at,
                is_served=False,
                how=one.get_code_display() or "Not served",
                officer=one.officer,
            )
            for one in tried
            if str(one.public_id) not in of_police
        ]
        return sorted(found, key=lambda one: one.at)

    @property
    def services(self) -> int:
        """How many orders were served."""
        return sum(one.is_served for one in self.lines)

    @property
    def attempts(self) -> int:
        """How many attempts failed."""
        return len(self.lines) - self.services

    @property
    def orders(self) -> list[Order]:
        """The orders of all lines, for the access log."""
        return [one.order for one in self.lines]

    def rows(self) -> Iterator[Sequence[str]]:
        """Yield the lines as text."""
        return (one.cells for one in self.lines)


def month_of(typed: str, now: datetime) -> date:
    """Return the first day of the month that an address names, such as 2026-11; else of this month."""
    try:
        return date.fromisoformat(f"{typed}-01")
    except ValueError:
        return court_date(now).replace(day=1)
