"""What a marshal has to serve, one row for each order, and what is still to be filed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, cached_property

from django.db.models import Exists, OuterRef

from accounts.access import MATRIX
from accounts.dates import format_day, format_short
from accounts.models import Membership, User
from orders.models import (
    RUNNING,
    Attachment,
    Capacity,
    CaseEvent,
    Deadline,
    Hearing,
    HistoryEntry,
    Order,
    OrderAgency,
    ServiceAttempt,
)
from orders.querysets import OrderQuerySet, order_visibility
from orders.services.attachments.attaching import RETURNED, RETURNS
from orders.services.court_days import court_day
from orders.services.order_state import last_days, not_ended, state_of
from orders.services.planning.rulebooks import bundled
from orders.views.court_time import InCourtTime
from orders.views.parts import Part

#: The most orders of one part of the list.
MOST = 100
#: Orders that are read to find those that still wait for service: some ended in the last days.
MOST_READ = 250
#: A return that did not come for so long is a matter of the court.
RETURN_WITHIN = timedelta(days=60)

_POLICE = MATRIX.capacities["service_police"].seen_by
MARSHALS = MATRIX.resources["service_papers"].actions["pick_up"]


@cache
def service_rules() -> frozenset[str]:
    """Return the ids of the rules that service meets."""
    return frozenset(
        id_ for id_, rule in bundled().by_id.items() if any(one.event == "served" for one in rule.met_by)
    )


@dataclass(kw_only=True)
class ServiceRow(InCourtTime):
    """One order that a marshal serves, at `now`."""

    order: Order
    now: datetime
    office: OrderAgency | None = None
    deadline: Deadline | None = None
    hearing: Hearing | None = None
    attempts: list[ServiceAttempt] = field(default_factory=list)

    @property
    def serve_by(self) -> date | None:
        """The last day for service; None if no rule gives one."""
        return self.deadline.due_on if self.deadline else None

    @property
    def is_late(self) -> bool:
        """True if the last day for service has passed."""
        return self.deadline is not None and self.deadline.is_overdue(self.now)

    @property
    def is_today(self) -> bool:
        """True if today is the last day for service."""
        return not self.is_late and self.serve_by == court_day(self.order, self.now)

    @property
    def due(self) -> str:
        """Until when it must be served, in words."""
        if self.serve_by is None:
            return f"Issued {format_day(self.order.issued_on)}"
        return f"Serve by {format_day(self.serve_by)}"

    @property
    def heard(self) -> str:
        """The day of the hearing."""
        return format_day(self.hearing.scheduled_on) if self.hearing else ""

    @property
    def papers(self) -> str:
        """Whether the papers are with the marshal."""
        at = self.office.picked_up_at if self.office else None
        return f"Papers picked up {format_short(at, self.zone)}" if at else "Papers not picked up"

    @property
    def is_picked_up(self) -> bool:
        """True if the papers are with the marshal."""
        return self.office is not None and self.office.picked_up_at is not None

    @property
    def tried(self) -> str:
        """How often service was tried, and the last reason."""
        if not self.attempts:
            return "No attempt yet"
        last = self.attempts[-1]
        count = f"{len(self.attempts)} attempt{'' if len(self.attempts) == 1 else 's'}"
        words = last.get_code_display() or last.reason
        return f"{count}, {format_short(last.attempted_at, self.zone)}: {words}"

    @property
    def sort_key(self) -> tuple[date, str, str]:
        """The last day first, then the town and the name."""
        person = self.order.case.respondent
        return self.serve_by or date.max, str(person.town), person.name


@dataclass(kw_only=True)
class ServiceDesk:
    """What the marshal has to serve and to file, at `now`."""

    person: User
    now: datetime

    @cached_property
    def rows(self) -> Part[ServiceRow]:
        """The orders that are not served, the last day for service first."""
        found = list(
            self._mine()
            .filter(not_ended(self.now), served_at=None, vacated_at=None)
            .order_by("-issued_on", "-pk")[:MOST_READ]
        )
        days = last_days(found)
        live = [one for one in found if state_of(one, days[one.pk], now=self.now).is_live]
        rows = _filled([ServiceRow(order=one, now=self.now) for one in live], self.person)
        return Part(sorted(rows, key=lambda one: one.sort_key), most=MOST, has_more=len(found) == MOST_READ)

    @property
    def to_pick_up(self) -> list[ServiceRow]:
        """Orders whose papers are still at the court."""
        return [one for one in self.rows if not one.is_picked_up]

    @property
    def to_serve(self) -> list[ServiceRow]:
        """Orders whose papers are with the marshal."""
        return [one for one in self.rows if one.is_picked_up]

    @cached_property
    def to_file(self) -> Part[ServiceRow]:
        """Orders that were served, not by police, and whose return the court does not have."""
        filed = Attachment.objects.filter(order=OuterRef("pk"), kind__in=RETURNS, withdrawn_at=None)
        returned = CaseEvent.objects.filter(order=OuterRef("pk"), kind=RETURNED)
        rows = self._mine().filter(
            ~Exists(filed),
            ~Exists(returned),
            vacated_at=None,
            served_at__gt=self.now - RETURN_WITHIN,
            served_at__lte=self.now,
        )
        found = list(rows.order_by("served_at", "pk")[:MOST_READ])
        of_police = recorded_by_police({one.pk for one in found})
        found = [one for one in found if str(one.pk) not in of_police][: MOST + 1]
        filled = _filled([ServiceRow(order=one, now=self.now) for one in found], self.person)
        return Part(filled, most=MOST)

    @property
    def orders(self) -> list[Order]:
        """The orders of all rows, for the access log."""
        return [one.order for one in (*self.rows, *self.to_file)]

    def _mine(self) -> OrderQuerySet[Order]:
        visible = order_visibility(self.person, roles=MARSHALS).by_agency("pk")
        rows = Order.objects.filter(visible)
        return rows.select_related("case__court", "case__respondent__town")


def _filled(rows: list[ServiceRow], person: User) -> list[ServiceRow]:
    """Add to each row the marshal's office, the last day, the hearing and the attempts."""
    keys = [one.order.pk for one in rows]
    mine = person.agencies_for("pick_up", "service_papers")
    serving = OrderAgency.objects.filter(order__in=keys, capacity=Capacity.MARSHAL, agency__in=mine)
    offices = {one.order_id: one for one in serving.order_by("-id")}
    due = Deadline.objects.filter(order__in=keys, rule_id__in=service_rules(), state__in=RUNNING)
    deadlines = {one.order_id: one for one in due.order_by("-due_at", "-id")}
    ahead = Hearing.objects.filter(order__in=keys, outcome="", purpose="application")
    hearings = {one.order_id: one for one in ahead.order_by("-scheduled_on", "-id")}
    attempts: dict[int, list[ServiceAttempt]] = {}
    for attempt in ServiceAttempt.objects.filter(order__in=keys).order_by("attempted_at", "id"):
        attempts.setdefault(attempt.order_id, []).append(attempt)
    for row in rows:
        row.office = offices.get(row.order.pk)
        row.deadline = deadlines.get(row.order.pk)
        row.hearing = hearings.get(row.order.pk)
        row.attempts = attempts.get(row.order.pk, [])
    return rows


def recorded_by_police(orders: Collection[int]) -> set[str]:
    """Return the orders (by key) whose service police recorded, and the attempts (by public id)."""
    entries = HistoryEntry.objects.filter(order__in=orders, kind__in=("served", "service_failed"))
    last: dict[str, int | None] = {}
    for order, kind, data, actor in entries.order_by("id").values_list("order", "kind", "data", "actor"):
        last[str(order) if kind == "served" else data.get("item", {}).get("id", "")] = actor
    actors = {one for one in last.values() if one is not None}
    police = set(Membership.objects.filter(user__in=actors, role__in=_POLICE).values_list("user", flat=True))
    return {what for what, actor in last.items() if actor in police}
