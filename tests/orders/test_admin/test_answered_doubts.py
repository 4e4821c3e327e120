"""A reason answers the doubts that the form showed when it was typed, and no other."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Agency, AgencyKind, Role, User
from orders.models import Order
from orders.services.parties.agencies import add_agency
from orders.services.service import record_failed_attempt, record_service
from tests import make
from tests.orders.cases.places import browser, instant
from tests.orders.cases.places import page_of as case_page
from tests.orders.test_admin.conftest import Enter, page_of

pytestmark = pytest.mark.django_db

WHY = {"confirm": "The officer tried again."}


def shown(page: Any) -> dict[str, str]:
    """What the page sends beside the reason."""
    return dict(re.findall(r'name="(confirm_doubts)" value="([^"]*)"', page.content.decode()))


def test_what_somebody_else_recorded_is_asked_about(
    enter: Enter, desk: Client, clerk: User, now: datetime
) -> None:
    order = enter()
    at = now - timedelta(hours=1)
    record_service(order, served_at=now - timedelta(hours=2), service_method="in_hand", by=clerk, now=now)
    tried = {**instant("attempted_at", at), "method": "in_hand", "reason": "Not at home."}
    address = f"{page_of(order)}attempt/"
    doubts = shown(desk.post(address, tried))
    assert doubts == {"confirm_doubts": "attempted_after_service"}
    record_failed_attempt(
        order,
        attempted_at=at.replace(second=0, microsecond=0),
        method="in_hand",
        reason="Not at home.",
        confirm="Mine.",
        by=clerk,
        now=now,
    )

    again = desk.post(address, tried | WHY | doubts)

    assert f'value="{WHY["confirm"]}"' in again.content.decode()
    assert order.service_attempts.count() == 1
    both = shown(again)
    assert both == {"confirm_doubts": "already_recorded,attempted_after_service"}
    assert desk.post(address, tried | WHY | both).status_code == 302
    assert order.service_attempts.count() == 2


def test_an_officer_answers_what_the_page_showed(now: datetime) -> None:
    agency = make.agency(AgencyKind.MARSHAL)
    order = make.served_order(now=now, issued_at=now - timedelta(days=2), ago=timedelta(hours=4))
    add_agency(order, agency=agency, by=None, now=now)
    client = browser(make.person(Role.MARSHAL, agency))
    record_failed_attempt(
        order,
        attempted_at=now - timedelta(hours=9),
        method="in_hand",
        code="not_home",
        reason="Not at home",
        by=None,
        now=now,
    )
    late = instant("served_at", now - timedelta(hours=1))
    sheet = {**late, "service_method": "not_served", "reason": "not_home"}
    address = case_page(order, "serve")

    doubts = shown(client.post(address, sheet))

    assert doubts == {"confirm_doubts": "attempted_after_service"}
    assert client.post(address, sheet | WHY | doubts).status_code == 302
    assert order.service_attempts.count() == 2


def test_a_second_unusual_fact_of_an_order_is_asked_about(desk: Client, court: Agency) -> None:
    sheet: dict[str, Any] = {
        "court": court.pk,
        "docket_number": "18-S",
        "kind": "ex_parte_restraining_order",
        "issued_at_0": "2025-12-04",
        "issued_at_1": "4:00 pm",
        "hearing_on": "2025-12-16",
        "respondent_name": "Ash Birch",
        "respondent_town": make.town().pk,
    }
    address = "/admin/orders/order/add/"
    doubts = shown(desk.post(address, sheet))
    assert doubts["confirm_doubts"]
    later = sheet | {"hearing_on": "2025-12-22"}

    again = desk.post(address, later | WHY | doubts)

    assert "not later than fourteen days" in again.content.decode()
    assert not Order.objects.exists()
    assert desk.post(address, later | WHY | shown(again)).status_code == 302
    assert Order.objects.get().history.get(kind="entered").reason == WHY["confirm"]
