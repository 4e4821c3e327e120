"""Invented agencies, people and orders for tests, made through the services that make real ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from accounts.models import Agency, AgencyKind, Membership, Role, Town, User
from orders.models import Order
from orders.services.entry import NewOrder, enter_order

#: A Friday afternoon in December; the instant at which tests happen unless they say otherwise.
NOW = datetime(2026, 12, 4, 21, 0, tzinfo=UTC)

_numbers = count(1)


def agency(kind: AgencyKind = AgencyKind.POLICE, name: str = "", email: str = "") -> Agency:
    """An agency with a name of its own."""
    return Agency.objects.create(kind=kind, name=name or f"{kind.label} {next(_numbers)}", email=email)


def town(police: Agency | None = None) -> Town:
    """A town that nobody lives in."""
    return Town.objects.create(name=f"Town {next(_numbers)}", police=police or agency())


def person(role: Role, of: Agency | None = None, *, active: bool = True) -> User:
    """Somebody with one role, who is told what the agency is told."""
    number = next(_numbers)
    user = User.objects.create_user(
        f"person{number}@agency.example", "a long pass phrase", name=f"Person {number}", is_active=active
    )
    Membership.objects.create(user=user, agency=of, role=role)
    return user


def new_order(**given: Any) -> NewOrder:
    """What a clerk types: an ex parte order of two days ago with firearms indicated, not served."""
    plain = NewOrder(
        docket_number=f"HHD-FA26-{next(_numbers)}-S",
        court=given.pop("court", None) or agency(AgencyKind.COURT),
        kind="ex_parte_restraining_order",
        respondent_name="Ash Birch",
        respondent_town=given.pop("respondent_town", None) or town(),
        issued_at=NOW - timedelta(days=2),
        firearms_indicated=True,
    )
    return replace(plain, **given)


def order(*, now: datetime = NOW, **given: Any) -> Order:
    """An entered order."""
    return enter_order(new_order(**given), by=None, now=now)


def served_order(*, ago: timedelta = timedelta(hours=1), now: datetime = NOW, **given: Any) -> Order:
    """An order served in hand so long before `now`."""
    return order(now=now, served_at=now - ago, service_method="in_hand", **given)
