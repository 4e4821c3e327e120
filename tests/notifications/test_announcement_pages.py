"""The page of an alert about an event: what is asked, and the day only for those who may know it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AgencyKind, Role, User
from notifications.models import Alert
from notifications.services.firing.fire import Firer
from orders.models import OrderAgency
from orders.services import hearings
from tests import make

pytestmark = pytest.mark.django_db


def page_of(alert: Alert, person: User) -> str:
    """The page of the alert as this person reads it."""
    client = Client()
    client.force_login(person)
    return client.get(f"/notices/{alert.public_id}/").content.decode()


def test_the_page_has_what_is_asked_and_no_deadline() -> None:
    now, town = timezone.now(), make.town()
    liaison = make.person(Role.LIAISON, town.police)
    make.served_order(now=now, issued_at=now - timedelta(days=1), respondent_town=town, announces=True)
    Firer("test").fire(now=now)

    page = page_of(Alert.objects.get(recipient=liaison), liaison)

    assert "The order was served" in page
    assert "Prepare to receive them" in page
    assert "<dt>Day</dt>" in page
    assert "your agency will act on it" not in page
    assert "<dt>Due</dt>" not in page
    assert "Why this date" not in page


def test_a_marshal_does_not_read_the_day_of_a_hearing() -> None:
    now, office = timezone.now(), make.agency(AgencyKind.MARSHAL)
    marshal = make.person(Role.MARSHAL, office)
    order = make.served_order(now=now, issued_at=now - timedelta(days=1))
    OrderAgency.objects.create(order=order, agency=office, capacity="marshal")
    day = now.date() + timedelta(days=7)
    hearings.schedule_hearing(
        order, purpose="application", scheduled_on=day, confirm="As the court set it.", by=None, now=now
    )
    Firer("test").fire(now=now + timedelta(days=6))

    alert = Alert.objects.get(recipient=marshal, checkpoint__deadline__rule_id="ANN-NO-RETURN")
    page = page_of(alert, marshal)

    assert "no return of service has come in" in page
    assert "<dt>Day</dt>" not in page
