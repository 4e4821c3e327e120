"""The licensing unit's page: it records and withdraws reports about the orders that it sees."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.dates import court_date, format_day
from accounts.models import Agency, AgencyKind, Role, User
from notifications.models import Alert
from notifications.services.firing.fire import Firer
from orders.models import LicensingReport, Order, OrderAgency
from orders.services.order_state import last_days
from tests import make
from tests.callers import MakeCaller

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def unit() -> Agency:
    """The licensing unit."""
    return make.agency(AgencyKind.LICENSING)


@pytest.fixture
def order(unit: Agency) -> Order:
    """An order of two days ago that the unit sees, by the real clock."""
    now = timezone.now()
    found = make.order(now=now, issued_at=now - timedelta(days=2), announces=True)
    OrderAgency.objects.create(order=found, agency=unit, capacity="licensing")
    return found


def attempt() -> dict[str, Any]:
    at = timezone.now() - timedelta(days=1)
    return {"kind": "purchase_attempted", "occurred_at_0": at.strftime("%Y-%m-%d"), "occurred_at_1": ""}


def test_an_officer_records_an_attempt_and_the_court_is_alerted(order: Order, unit: Agency) -> None:
    officer, clerk = make.person(Role.LICENSING, unit), make.person(Role.CLERK, order.case.court)
    client = signed_in(officer)
    address = f"/licensing/{order.public_id}/"

    saved = client.post(address, attempt())
    Firer("test").fire()

    row = LicensingReport.objects.get()
    assert saved.status_code == HTTPStatus.FOUND
    assert order.history.get(kind="licensing_reported").actor == officer
    heard = Alert.objects.filter(checkpoint__deadline__rule_id="ANN-PURCHASE")
    assert clerk in {one.recipient for one in heard}
    assert "The respondent tried to buy a firearm" in client.get(address).content.decode()
    # Not without a reason; then it is gone, and the history keeps both.
    withdrawal = f"{address}reports/{row.public_id}/withdraw/"
    client.post(withdrawal, {"reason": ""})
    assert LicensingReport.objects.exists()
    client.post(withdrawal, {"reason": "Another person of the same name."})
    assert not LicensingReport.objects.exists()
    assert order.history.filter(kind="licensing_report_withdrawn").count() == 1


def test_a_refusal_is_shown_beside_the_field(order: Order, unit: Agency) -> None:
    ahead = {"occurred_at_0": (timezone.now() + timedelta(days=4)).strftime("%Y-%m-%d")}

    page = signed_in(make.person(Role.LICENSING, unit)).post(
        f"/licensing/{order.public_id}/", attempt() | ahead
    )

    assert "is in the future" in page.content.decode()
    assert not LicensingReport.objects.exists()


def test_a_link_from_the_list_begins_with_today_and_the_day_alone_is_asked_for(
    order: Order, unit: Agency
) -> None:
    client, address = signed_in(make.person(Role.LICENSING, unit)), f"/licensing/{order.public_id}/"
    today = f'value="{court_date(timezone.now()):%Y-%m-%d}"'

    assert today in client.get(f"{address}?kind=permit_revoked").content.decode()
    assert today not in client.get(address).content.decode()
    refused = client.post(address, {"kind": "permit_revoked"}).content.decode()
    assert "Enter the date for “When”." in refused


def test_an_ex_parte_order_shows_its_last_day(unit: Agency) -> None:
    now = timezone.now()
    # An odd number is confirmed, and with it a day on which the court is closed.
    on = court_date(now) + timedelta(days=4)
    order = make.order(now=now, issued_at=now - timedelta(days=2), docket_number="X-1", hearing_on=on)
    OrderAgency.objects.create(order=order, agency=unit, capacity="licensing")

    page = signed_in(make.person(Role.LICENSING, unit)).get(f"/licensing/{order.public_id}/").content.decode()

    last_day = last_days([order])[order.pk]
    assert last_day is not None
    assert f"<dt>Last day</dt><dd>{format_day(last_day)}</dd>" in page


def test_the_page_shows_that_the_order_is_vacated(order: Order, unit: Agency) -> None:
    client, address = signed_in(make.person(Role.LICENSING, unit)), f"/licensing/{order.public_id}/"
    assert "<dt>Vacated</dt>" not in client.get(address).content.decode()

    Order.objects.filter(pk=order.pk).update(vacated_at=timezone.now(), vacated_offset=0)

    assert "<dt>Vacated</dt>" in client.get(address).content.decode()


def test_those_who_may_not_report_find_no_page_and_no_resource(
    order: Order,
    caller: MakeCaller,
) -> None:
    elsewhere = make.person(Role.LICENSING, make.agency(AgencyKind.LICENSING))
    police = order.order_agencies.get(capacity="respondent_police").agency
    liaison = make.person(Role.LIAISON, police)
    address, sent = f"/licensing/{order.public_id}/", {"kind": "permit_applied", "occurred_on": "2026-11-28"}

    assert [signed_in(one).get(address).status_code for one in (elsewhere, liaison)] == [404, 404]
    answers = [
        caller(one).post(f"/orders/{order.public_id}/licensing-reports", sent) for one in (elsewhere, liaison)
    ]
    assert [one.status_code for one in answers] == [404, 403]


def test_the_unit_reports_by_the_api(order: Order, unit: Agency, caller: MakeCaller) -> None:
    api = caller(make.person(Role.LICENSING, unit))
    at = (timezone.now() - timedelta(hours=1)).isoformat()

    made = api.post(
        f"/orders/{order.public_id}/licensing-reports", {"kind": "permit_revoked", "occurred_at": at}
    )

    assert made.status_code == HTTPStatus.CREATED
    assert LicensingReport.objects.get().kind == "permit_revoked"
