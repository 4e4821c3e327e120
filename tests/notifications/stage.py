"""A served order in a town with police and a court, about to be looked at."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.crypto import seal
from accounts.models import Agency, AgencyKind, Membership, Role, User
from notifications.models import Alert, Preference, SafeContact
from notifications.services.firing import Firer
from orders.models import Checkpoint, Order, Release
from tests import make
from tests.make import NOW

#: When the surrender check of the stage's order falls due.
DUE = NOW + timedelta(hours=23)


@dataclass(frozen=True)
class Stage:
    """Where an order is, and who is told of it."""

    order: Order
    court: Agency
    police: Agency
    clerk: User
    liaison: User

    def fire(self, audience: Collection[str] = (), *, now: datetime = DUE) -> list[Alert]:
        """The surrender check fires, for that audience if one is given; the alerts that it wrote."""
        check = Checkpoint.objects.filter(
            deadline__order=self.order, deadline__rule_id="CT-SUR-01", name="check"
        )
        if audience:
            check.update(audience=list(audience))
        Firer("test").fire(now=now)
        return list(Alert.objects.filter(checkpoint__in=check).order_by("id"))

    def release(self, *, begins_at: datetime | None = None, ends_at: datetime | None = None) -> Release:
        """A release to an organization of its own, that stands long before and after the order is due."""
        return Release.objects.create(
            order=self.order,
            agency=make.agency(AgencyKind.ADVOCACY),
            signed_on=NOW.date(),
            begins_at=begins_at or NOW - timedelta(days=400),
            ends_at=ends_at or NOW + timedelta(days=400),
        )


def set_up() -> Stage:
    """The stage, with one clerk and one liaison."""
    court, town = make.agency(AgencyKind.COURT), make.town()
    clerk, liaison = make.person(Role.CLERK, court), make.person(Role.LIAISON, town.police)
    order = make.served_order(respondent_town=town, court=court)
    return Stage(order, court, town.police, clerk, liaison)


def backup(agency: Agency) -> User:
    """A liaison who is told when the others are not there."""
    user = make.person(Role.LIAISON, agency)
    Membership.objects.filter(user=user).update(is_backup=True)
    return user


def by_sms(user: User, phone: str = "+18605550100") -> User:
    """The person, told by text message too."""
    Preference.objects.create(user=user, phone=phone, by_sms=True)
    return user


def safe_contact(release: Release, *, by: User, channel: str = "email", **given: object) -> SafeContact:
    """A contact that was chosen just before the check falls due."""
    address = (
        "" if channel == "relay" else seal("someone@safe.example" if channel == "email" else "+18605550111")
    )
    plain = {"confirm_every": timedelta(days=90), "confirmed_at": NOW, "set_at": NOW, "set_by": by}
    return SafeContact.objects.create(
        release=release, channel=channel, sealed_address=address, **{**plain, **given}
    )
