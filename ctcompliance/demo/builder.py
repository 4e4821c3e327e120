"""Helpers that record the facts of the demonstration's orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from accounts.models import Agency, Town, User
from ctcompliance.demo.people import ADVOCACY, HARTFORD
from notifications.models import ContactChannel
from notifications.services.contacts.contacts import ContactSettings, set_contact
from orders.models import ConfidentialityRelease, FirearmSource, Order, OrderKind, ServiceMethod
from orders.services.firearms.inventory import list_firearm
from orders.services.orders.case_events import record_case_event
from orders.services.orders.entry import NewOrder, enter_order
from orders.services.parties.releases import record_release, set_alias
from orders.services.planning.rulebooks import current_rulebook
from orders.services.service import record_service


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """The court, its clerk, an advocate and the present time, with helpers that record facts."""

    court: Agency
    clerk: User
    advocate: User
    now: datetime
    today: date

    def ago(self, **span: float) -> datetime:
        """Return an instant in the past."""
        return self.now - timedelta(**span)

    def day(self, days: int) -> date:
        """Return a day relative to today, in court time."""
        return self.today + timedelta(days=days)

    def court_day(self, days: int) -> date:
        """Return a day relative to today or, if the court is closed on it, the last open day before it.

        Never a day that has already come: then the next open day.
        """
        calendar = current_rulebook().jurisdictions["us_ct"].calendar
        day = calendar.last_open_day(self.day(days))
        return day if days < 0 or day > self.today else calendar.next_open_day(self.day(days))

    def enter(self, docket: str, name: str, kind: OrderKind, issued_at: datetime, **facts: Any) -> Order:
        """Enter an order; unless `is_notified` is false, police were notified two hours after its issue."""
        is_notified = facts.pop("is_notified", True)
        town = Town.objects.get(name=facts.pop("town", HARTFORD))
        new = NewOrder(
            docket_number=docket,
            court=self.court,
            kind=kind,
            respondent_name=name,
            respondent_town=town,
            issued_at=issued_at,
            **facts,
        )
        # On some days of the year no open day is within the rule.
        order = enter_order(new, confirm="The first open day.", by=self.clerk, now=self.now)
        if is_notified:
            self.record_event(order, "police_notified", issued_at + timedelta(hours=2))
        return order

    def serve(
        self,
        order: Order,
        at: datetime,
        method: ServiceMethod = ServiceMethod.IN_HAND,
        *,
        is_returned: bool = True,
    ) -> None:
        """Record service by a marshal, and the return of service unless `is_returned` is false."""
        record_service(
            order,
            served_at=at,
            service_method=method,
            service_officer="State Marshal Pat Reed",
            by=self.clerk,
            now=self.now,
        )
        if is_returned:
            self.record_event(order, "service_recorded", at + timedelta(minutes=50))
            self.record_event(order, "service_returned", min(at + timedelta(hours=3), self.now))

    def record_event(self, order: Order, kind: str, at: datetime) -> None:
        """Record an event of the case."""
        record_case_event(order, kind=kind, occurred_at=at, by=self.clerk, now=self.now)

    def release(self, order: Order, alias: str) -> ConfidentialityRelease:
        """Record a release to the advocates for 90 days, who call the client by this word."""
        release = record_release(
            order,
            agency=Agency.objects.get(name=ADVOCACY),
            signed_on=self.day(-1),
            begins_at=self.ago(days=1),
            ends_at=self.now + timedelta(days=90),
            by=self.clerk,
            now=self.now,
        )
        set_alias(release, alias=alias)
        return release

    def set_safe_contact(self, release: ConfidentialityRelease, address: str, phrase: str) -> None:
        """Set a safe email address of the protected person, and the phrase that proves a message is ours."""
        wish = ContactSettings(channel=ContactChannel.EMAIL, address=address, phrase=phrase)
        set_contact(release, wish, by=self.advocate, now=self.now)

    def list_pistol(self, order: Order, serial: str) -> None:
        """List a pistol that the application names."""
        list_firearm(
            order,
            source=FirearmSource.APPLICATION,
            make="Ruger",
            model="P95",
            caliber="9mm",
            firearm_type="Pistol",
            serial=serial,
            by=self.clerk,
            now=self.now,
        )
