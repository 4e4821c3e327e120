"""The respondent's address: kept, read by police behind sign-in, and in no event."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Agency, AgencyKind, Role
from notifications.models import Alert
from notifications.services.firing.fire import Firer
from orders.models import HistoryEntry, Order, Respondent
from orders.services.parties import respondents
from tests import make
from tests.make import NOW

ADDRESS = "7 Elm Lane, upstairs"


@pytest.mark.django_db
def test_newest_order_of_a_case_has_the_respondents_address() -> None:
    first = make.order(respondent_address=f" {ADDRESS} ")
    same: dict[str, Any] = {"docket_number": first.case.docket_number, "court": first.case.court}

    silent = make.order(**same)
    assert Respondent.objects.get().address == ADDRESS
    make.order(**same, respondent_address="9 Birch Road")

    assert Respondent.objects.get().address == "9 Birch Road"
    assert silent.case_id == first.case_id


@pytest.mark.django_db
def test_corrected_address_is_in_no_event() -> None:
    order = make.order(respondent_address="9 Birch Road")

    respondents.correct_respondent_address(order, address=f" {ADDRESS} ", reason="moved", by=None, now=NOW)

    assert Respondent.objects.get().address == ADDRESS
    assert order.history.get(kind="corrected").data["changed"] == ["respondent_address"]
    events = json.dumps(list(HistoryEntry.objects.values_list("data", "reason")))
    assert "Elm Lane" not in events
    assert "Birch Road" not in events


@pytest.mark.django_db(transaction=True)
def test_police_read_it_on_the_notice_and_the_court_on_the_page(client: Client) -> None:
    order, police = _overdue()
    alert = Alert.objects.filter(agency=police, order=order).latest("id")
    assert alert.recipient
    client.force_login(alert.recipient)

    assert (
        f"{ADDRESS}, {order.case.respondent.town}"
        in client.get(f"/notices/{alert.public_id}/").content.decode()
    )

    client.force_login(make.person(Role.CLERK, order.case.court))
    assert ADDRESS in client.get(f"/admin/orders/order/{order.public_id}/").content.decode()


def _overdue() -> tuple[Order, Agency]:
    now = timezone.now()
    police, court = make.agency(), make.agency(AgencyKind.COURT)
    make.person(Role.LIAISON, police)
    order = make.served_order(
        court=court,
        respondent_town=make.town(police),
        respondent_address=ADDRESS,
        ago=timedelta(hours=25),
        now=now,
        issued_at=now - timedelta(days=2),
    )
    Firer("test").fire(now=now)
    return order, police
