"""A court, police here and elsewhere, and somebody of each, for the tests of the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import Agency, AgencyKind, Role, Town, User
from orders.models import Order
from orders.services.firearms.inventory import list_firearm
from tests import make

PROTECTED = "Robin Elm"


@dataclass
class Place:
    """A court, police here and elsewhere, and somebody of each."""

    court: Agency
    police: Agency
    town: Town
    liaison: User
    elsewhere: User

    def order(
        self, name: str = "Ash Birch", *, hours: float | None = 55, firearms: int = 1, **facts: Any
    ) -> Order:
        """An order served so many hours ago, or not served, with listed firearms."""
        now = timezone.now()
        given: dict[str, Any] = {
            "court": self.court,
            "respondent_town": self.town,
            "respondent_name": name,
            "respondent_address": "7 Elm Lane",
            "respondent_dob": now.date().replace(year=now.year - 40, month=1, day=1),
            "protected_person": PROTECTED,
            "issued_at": now - timedelta(days=4),
            **facts,
        }
        order = (
            make.order(now=now, **given)
            if hours is None
            else make.served_order(now=now, ago=timedelta(hours=hours), **given)
        )
        for number in range(firearms):
            list_firearm(
                order, source="police", serial=f"S{order.pk}-{number}", make="Ruger", by=None, now=now
            )
        return order


def make_place() -> Place:
    """A court, police here and elsewhere, and somebody of each."""
    court, police = make.agency(AgencyKind.COURT), make.agency(name="Elm Police")
    return Place(
        court=court,
        police=police,
        town=make.town(police),
        liaison=make.person(Role.LIAISON, police),
        elsewhere=make.person(Role.LIAISON, make.agency()),
    )


def browser(person: User) -> Client:
    """A browser in which the person has signed in."""
    client = Client()
    client.force_login(person)
    return client


def page_of(order: Order, name: str = "") -> str:
    """The address of a page of the case."""
    return f"/cases/{order.public_id}/{name + '/' if name else ''}"


def read(person: User, address: str) -> str:
    """The text of a page as the person gets it."""
    answer = browser(person).get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def instant(name: str, at: datetime) -> dict[str, str]:
    """An instant as it is typed into a form, in court time."""
    return {f"{name}_0": f"{at:%Y-%m-%d}", f"{name}_1": f"{at:%H:%M} +0000"}
