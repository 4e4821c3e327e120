"""One court, its people, and a signed-in browser of its clerk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Agency, AgencyKind, Membership, Role, User
from orders.models import Order
from tests import make

COURT_TIME = ZoneInfo("America/New_York")

Enter = Callable[..., Order]


@pytest.fixture
def now() -> datetime:
    """The instant that the pages of this test take for theirs, less a moment."""
    return timezone.now()


@pytest.fixture
def court(db: None) -> Agency:
    """The court of the desk."""
    return make.agency(AgencyKind.COURT, "Superior Court of Elm")


@pytest.fixture
def clerk(court: Agency) -> User:
    """Its clerk."""
    return make.person(Role.CLERK, court)


@pytest.fixture
def desk(clerk: User) -> Client:
    """A browser in which the clerk has signed in."""
    return signed_in(clerk)


@pytest.fixture
def enter(court: Agency, clerk: User, now: datetime) -> Enter:
    """Enters an order of this court, or one of another state of another court of the clerk's."""
    enter_here = entering(court, now)

    def enter_order(**given: Any) -> Order:
        if state := given.get("jurisdiction"):
            at = make.agency(AgencyKind.COURT, state=state)
            Membership.objects.create(user=clerk, agency=at, role=Role.CLERK)
            given = {"court": at, **given}
        return enter_here(**given)

    return enter_order


def entering(court: Agency, now: datetime) -> Enter:
    """Enters an order of a court, issued two days ago and not served unless told otherwise."""

    def enter_order(**given: Any) -> Order:
        facts = {"court": court, "issued_at": now - timedelta(days=2), **given}
        if "served_at" in facts:
            facts.setdefault("service_method", "in_hand")
        return make.order(now=now, **facts)

    return enter_order


def signed_in(person: User) -> Client:
    """A browser of this person's."""
    client = Client()
    client.force_login(person)
    return client


def page_of(order: Order) -> str:
    """The address of the order's page."""
    return f"/admin/orders/order/{order.public_id}/"


def typed(instant: datetime, name: str) -> dict[str, str]:
    """What a clerk types for an instant: date and time of the court's clock."""
    local = instant.astimezone(COURT_TIME)
    return {f"{name}_0": f"{local:%Y-%m-%d}", f"{name}_1": f"{local:%H:%M:%S %z}"}
