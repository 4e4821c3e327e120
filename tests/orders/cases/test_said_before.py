"""What a colleague has recorded is asked about on the pages of police, and stored again with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.dates import court_date
from accounts.models import Role
from notifications.services.firing.fire import Firer
from orders.models import Attempt, Caution, Firearm, FollowUp, Order, Receipt, ServiceAttempt
from tests import make
from tests.orders.cases.places import Place, browser, instant, make_place, page_of

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, kw_only=True)
class Page:
    """A form of police: its address, what an officer types, and what it stores."""

    model: Any
    address: Callable[[Order], str]
    sheet: Callable[[Place, Order, datetime], dict[str, Any]]
    hours: float | None = 55


def follow_up_of(order: Order) -> FollowUp:
    return FollowUp.objects.get(order=order, deadline__rule_id="CT-SUR-01")


PAGES = {
    "visit": Page(
        model=ServiceAttempt,
        hours=None,
        address=lambda order: page_of(order, "serve"),
        sheet=lambda place, order, now: {
            **instant("served_at", now - timedelta(hours=1)),
            "service_method": "not_served",
            "reason": "not_home",
            "service_officer": "Ofc. Reed",
        },
    ),
    "caution": Page(
        model=Caution,
        address=lambda order: page_of(order, "caution"),
        sheet=lambda place, order, now: {"words": "Large dog.", "known_on": f"{court_date(now)}"},
    ),
    "receipt": Page(
        model=Receipt,
        address=lambda order: page_of(order, "receipt"),
        sheet=lambda place, order, now: {
            **instant("received_at", now - timedelta(minutes=5)),
            "officer": "Ofc. Reed",
            "agency": place.police.pk,
            "items": "1",
            "item0-make": "Glock",
            "item0-model": "19",
        },
    ),
    "recovery": Page(
        model=Attempt,
        address=lambda order: f"/follow-ups/{follow_up_of(order).public_id}/attempt/",
        sheet=lambda place, order, now: {
            "kind": "visit",
            "result": "promised",
            **instant("attempted_at", now - timedelta(hours=1)),
            **instant("next_action_at", now + timedelta(hours=20)),
        },
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_what_a_colleague_recorded_is_asked_about(name: str) -> None:
    page, place, now = PAGES[name], make_place(), timezone.now()
    order = place.order(hours=page.hours)
    Firer("test").fire(now=now)
    address, sheet = page.address(order), page.sheet(place, order, now)
    first, second = browser(place.liaison), browser(make.person(Role.LIAISON, place.police))
    done = first.post(address, sheet)
    assert done.status_code == 302, done.context["form"].errors
    firearms = Firearm.objects.count()

    asked = second.post(address, sheet)

    text = asked.content.decode()
    assert "This is already recorded (" in text
    assert 'name="confirm"' in text
    assert (page.model.objects.count(), Firearm.objects.count()) == (1, firearms)
    assert second.post(address, sheet | {"confirm": "It was twice."}).status_code == 302
    assert page.model.objects.count() == 2
    assert order.history.filter(reason="It was twice.").exists()
