"""A served order with police and a court, shortly before its surrender check is due."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.crypto import encrypt
from accounts.models import Agency, AgencyKind, Membership, Role, User
from notifications.models import Alert, Preference, SafeContact
from notifications.services.firing.fire import Firer
from orders.models import Checkpoint, ConfidentialityRelease, Order
from tests import make
from tests.make import NOW

#: When the surrender check of the order is due.
DUE = NOW + timedelta(hours=23)


@dataclass(frozen=True)
class OrderFixture:
    """An order, its agencies and their members."""

    order: Order
    court: Agency
    police: Agency
    clerk: User
    liaison: User

    def fire(self, audience: Collection[str] = (), *, now: datetime = DUE) -> list[Alert]:
        """Fire the surrender check, for `audience` if given; return the alerts that it wrote."""
        check = Checkpoint.objects.filter(
            deadline__order=self.order, deadline__rule_id="CT-SUR-01", name="check"
        )
        if audience:
            check.update(audience=list(audience))
        Firer("test").fire(now=now)
        return list(Alert.objects.filter(checkpoint__in=check).order_by("id"))

    def fire_alone(self, audience: Collection[str] = ()) -> list[Alert]:
        """Fire the surrender check, and keep no alert but its own: not the reminders that it replaces."""
        alerts = self.fire(audience)
        Alert.objects.exclude(pk__in=[one.pk for one in alerts]).delete()
        return alerts

    def release(
        self, *, begins_at: datetime | None = None, ends_at: datetime | None = None
    ) -> ConfidentialityRelease:
        """A release to a new organization, in force long before and after the check is due."""
        return ConfidentialityRelease.objects.create(
            order=self.order,
            agency=make.agency(AgencyKind.ADVOCACY),
            signed_on=NOW.date(),
            begins_at=begins_at or NOW - timedelta(days=400),
            ends_at=ends_at or NOW + timedelta(days=400),
        )


def set_up(*, announces: bool = False) -> OrderFixture:
    """The order, with one clerk and one liaison."""
    court, town = make.agency(AgencyKind.COURT), make.town()
    clerk, liaison = make.person(Role.CLERK, court), make.person(Role.LIAISON, town.police)
    order = make.served_order(respondent_town=town, court=court, announces=announces)
    return OrderFixture(order, court, town.police, clerk, liaison)


def backup(agency: Agency) -> User:
    """A liaison who is a backup."""
    user = make.person(Role.LIAISON, agency)
    Membership.objects.filter(user=user).update(is_backup=True)
    return user


def by_sms(user: User, phone: str = "+18605550100") -> User:
    """Let the person be notified by text message too."""
    Preference.objects.create(user=user, phone=phone, by_sms=True)
    return user


def safe_contact(
    release: ConfidentialityRelease, *, by: User, channel: str = "email", **given: object
) -> SafeContact:
    """A contact that was chosen shortly before the check is due."""
    address = (
        ""
        if channel == "relay"
        else encrypt("someone@safe.example" if channel == "email" else "+18605550111")
    )
    plain = {"confirm_every": timedelta(days=90), "confirmed_at": NOW, "set_at": NOW, "set_by": by}
    return SafeContact.objects.create(
        release=release, channel=channel, **{**plain, "encrypted_address": address, **given}
    )
