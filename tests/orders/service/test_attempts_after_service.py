"""A failed attempt later than service is likelier a typing error, whichever is entered last."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AgencyKind, Role
from orders.errors import DoubtfulFact
from orders.models import Order
from orders.services.corrections import correct
from orders.services.parties.agencies import add_agency
from orders.services.service import correct_service, record_failed_attempt, record_service
from tests import make
from tests.api.conftest import MakeCaller
from tests.make import NOW
from tests.orders.cases.places import browser, instant, make_place, page_of

pytestmark = pytest.mark.django_db

BY: dict[str, Any] = {"by": None, "now": NOW}
WHY: dict[str, Any] = {**BY, "reason": "Misread."}
SERVED = NOW - timedelta(hours=5)
TRIED: dict[str, Any] = {"method": "in_hand", "reason": "No answer.", **BY}


def served() -> Order:
    return record_service(make.order(), served_at=SERVED, service_method="in_hand", **BY)


def test_an_attempt_after_service_needs_a_reason() -> None:
    order, later = served(), SERVED + timedelta(hours=1)
    record_failed_attempt(order, attempted_at=SERVED, **TRIED)
    with pytest.raises(DoubtfulFact) as refused:
        record_failed_attempt(order, attempted_at=later, **TRIED)
    assert (refused.value.field, refused.value.code) == ("attempted_at", "attempted_after_service")

    tried = record_failed_attempt(order, attempted_at=later, confirm="A second copy.", **TRIED)

    assert order.history.latest("id").reason == "A second copy."
    correct(tried, {"officer": "Lee Ash"}, **WHY)
    with pytest.raises(DoubtfulFact, match="is after the recorded service"):
        correct(tried, {"attempted_at": later + timedelta(hours=1)}, **WHY)
    correct(tried, {"attempted_at": SERVED - timedelta(hours=1)}, **WHY)


def test_service_before_an_attempt_that_failed_needs_a_reason() -> None:
    order = make.order()
    record_failed_attempt(order, attempted_at=SERVED + timedelta(hours=1), **TRIED)
    with pytest.raises(DoubtfulFact) as refused:
        record_service(order, served_at=SERVED, service_method="in_hand", **BY)
    assert (refused.value.field, refused.value.code) == ("served_at", "served_before_attempt")
    record_service(order, served_at=SERVED + timedelta(hours=2), service_method="in_hand", **BY)

    with pytest.raises(DoubtfulFact, match="An attempt at service failed later, on"):
        correct_service(order, served_at=SERVED, **WHY)
    correct_service(order, served_at=SERVED, confirm="The attempt was of a second copy.", **WHY)
    correct_service(order, served_at=SERVED, service_officer="Lee Ash", **WHY)


def test_the_api_asks_too(caller: MakeCaller) -> None:
    now = timezone.now()
    order = make.served_order(now=now, issued_at=now - timedelta(days=1), ago=timedelta(hours=5))
    body = {
        "attempted_at": (now - timedelta(hours=1)).isoformat(),
        "method": "in_hand",
        "reason": "No answer.",
    }
    person = caller(make.person(Role.CLERK, order.case.court))

    answer = person.post(f"/orders/{order.public_id}/service-attempts", body)

    (error,) = answer.json()["errors"]
    assert (error["code"], error["confirmable"]) == ("attempted_after_service", True)
    again = person.post(f"/orders/{order.public_id}/service-attempts", {**body, "confirm": "A second copy."})
    assert again.status_code == 201


def test_the_officers_page_asks_too() -> None:
    """Somebody recorded the service of an hour before the visit, while the officer was under way."""
    place, now = make_place(), timezone.now()
    agency = make.agency(AgencyKind.MARSHAL)
    order = place.order("Ash Birch", hours=None)
    add_agency(order, agency=agency, by=None, now=now)
    client = browser(make.person(Role.MARSHAL, agency))
    sheet = {
        **instant("served_at", now - timedelta(hours=1)),
        "service_method": "not_served",
        "reason": "not_home",
    }
    record_service(order, served_at=now - timedelta(hours=2), service_method="in_hand", by=None, now=now)

    page = client.post(page_of(order, "serve"), sheet)

    assert "is after the recorded service" in page.content.decode()
    assert not order.service_attempts.exists()
    client.post(page_of(order, "serve"), {**sheet, "confirm": "A second copy."})
    assert order.service_attempts.count() == 1
