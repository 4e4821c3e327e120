"""A clerk enters an order; what cannot be is refused beside its field, and nothing is stored."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Agency, AgencyKind, Membership, Role, Town, User
from orders.models import Case, Event, Order
from tests import make
from tests.orders.test_admin.conftest import COURT_TIME, Enter, page_of, signed_in

pytestmark = pytest.mark.django_db

ADD = "/admin/orders/order/add/"


@pytest.fixture
def town(db: None) -> Town:
    """Where the respondent lives."""
    return make.town()


@pytest.fixture
def sheet(court: Agency, town: Town) -> dict[str, Any]:
    """What a clerk types of a whole order."""
    return {
        "court": court.pk,
        "docket_number": " HHD-FA-17-S ",
        "por_number": "POR17",
        "kind": "ex_parte_restraining_order",
        "issued_0": "2025-12-04",
        "issued_1": "4:00 pm",
        "expires_on": "2026-12-04",
        "hearing_on": "2025-12-10",
        "respondent_name": "Ash Birch",
        "respondent_dob": "1980-02-29",
        "respondent_town": town.pk,
        "protected_person": "Robin Elm",
        "address_confidential": "on",
        "firearms_indicated": "on",
    }


def test_an_order_is_entered_whole(desk: Client, clerk: User, sheet: dict[str, Any]) -> None:
    response = desk.post(ADD, sheet)

    order = Order.objects.select_related("case__respondent").get()
    assert (response.status_code, response.headers["Location"]) == (302, page_of(order))
    assert order.case.docket_number == "HHD-FA-17-S"
    assert order.issued_at == datetime(2025, 12, 4, 16, 0, tzinfo=COURT_TIME)
    assert (order.por_number, order.expires_on) == ("POR17", date(2026, 12, 4))
    assert order.case.respondent.date_of_birth == date(1980, 2, 29)
    assert order.protected_persons.get().address_confidential
    assert order.hearings.get().scheduled_on == date(2025, 12, 10)
    assert order.firearms_indicated
    assert Event.objects.get().actor == clerk
    page = desk.get(page_of(order)).content.decode()
    for said in ("Ash Birch", "Robin Elm", "address confidential", "POR17", "Thu 4 Dec 2025, 16:00 EST"):
        assert said in page


def test_filer_standard_and_address_are_kept_where_they_are_stated(
    desk: Client, sheet: dict[str, Any]
) -> None:
    stated = {
        "filed_by": "intimate_partner",
        "proof_found": "preponderance",
        "respondent_address": "7 Elm Lane",
    }

    desk.post(ADD, sheet | stated)

    order = Order.objects.select_related("case__respondent").get()
    assert (order.filed_by, order.proof_found, order.area) == ("intimate_partner", "preponderance", "")
    assert order.case.respondent.address == "7 Elm Lane"


def test_the_time_of_issue_may_be_unknown(desk: Client, sheet: dict[str, Any]) -> None:
    desk.post(ADD, sheet | {"issued_1": ""})

    order = Order.objects.get()
    assert (order.issued_on, order.issued_at) == (date(2025, 12, 4), None)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"docket_number": "  "}, "This field is required."),
        ({"kind": "peace_bond"}, "not one of the available choices"),
        ({"issued_0": "", "issued_1": ""}, "This field is required."),
        ({"issued_0": ""}, "Give the date too."),
        ({"issued_0": "0025-12-04"}, "is not of a year from 1900 to 2199"),
        ({"issued_1": "25:00"}, "is no date and time of the calendar"),
        ({"issued_1": "half past four"}, "is not a time of day. Write 18:30 or 6:30 pm."),
        ({"issued_1": "14:00 pm"}, "is not a time of day. Write 18:30 or 6:30 pm."),
        ({"issued_0": "2025-11-02", "issued_1": "1:30"}, "happens twice"),
        ({"issued_0": "2025-03-09", "issued_1": "2:30 am"}, "never happens"),
        ({"issued_0": "2199-12-04"}, "lies ahead. Correct the date of the order."),
        ({"expires_on": "2025-12-03"}, "is before the order&#x27;s own date, 2025-12-04"),
        ({"hearing_on": "2025-12-01"}, "is before the order&#x27;s own date, 2025-12-04"),
        ({"respondent_dob": "2199-01-01"}, "lies ahead. Correct the date of birth."),
        ({"respondent_town": "999999"}, "not one of the available choices"),
        ({"respondent_name": "x" * 201}, "at most 200 characters"),
        ({"respondent_name": "\0"}, "Null characters are not allowed."),
        ({"respondent_address": "x" * 201}, "at most 200 characters"),
        ({"filed_by": "law_enforcement"}, "(CT-APP-01; C.G.S. § 46b-15(a);"),
        ({"filed_by": "neighbour"}, "not one of the available choices"),
        ({"proof_found": "belief"}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_is_refused_with_its_remedy(
    wrong: dict[str, Any], said: str, desk: Client, sheet: dict[str, Any]
) -> None:
    response = desk.post(ADD, sheet | wrong)

    page = response.content.decode()
    assert response.status_code == 200
    assert said in page
    assert "Nothing is stored yet." in page
    assert "<title>Error: " in page
    assert "errorlist nonfield" not in page
    assert not Case.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("typed", "utc"), [("1:30 -0400", 5), ("01:30-05:00", 6), ("1:30 am -04:00", 5), ("05:30Z", 5)]
)
def test_an_offset_tells_which_of_two_times_is_meant(
    typed: str, utc: int, desk: Client, sheet: dict[str, Any]
) -> None:
    desk.post(ADD, sheet | {"issued_0": "2025-11-02", "issued_1": typed, "hearing_on": "2025-11-10"})

    issued = Order.objects.get().issued_at
    assert issued is not None
    assert (issued.utctimetuple().tm_hour, issued.minute) == (utc, 30)


def test_a_registry_number_is_entered_once(desk: Client, enter: Enter, sheet: dict[str, Any]) -> None:
    enter(por_number="POR17")

    page = desk.post(ADD, sheet).content.decode()

    assert "POR17 is entered already. Open that order and correct it instead." in page
    assert Order.objects.count() == 1


def test_a_clerk_enters_orders_of_the_own_courts_only(
    desk: Client, court: Agency, sheet: dict[str, Any]
) -> None:
    other = make.agency(AgencyKind.COURT)

    page = desk.post(ADD, sheet | {"court": other.pk}).content.decode()

    assert "not one of the available choices" in page
    assert other.name not in page
    assert not Order.objects.exists()


def test_who_is_clerk_of_two_courts_chooses(court: Agency, clerk: User, sheet: dict[str, Any]) -> None:
    other = make.agency(AgencyKind.COURT)
    Membership.objects.create(user=clerk, agency=other, role=Role.CLERK)
    browser = signed_in(clerk)

    form = browser.get(ADD).context["form"]
    assert form["court"].value() is None
    browser.post(ADD, sheet | {"court": other.pk})

    assert Order.objects.get().case.court == other


def test_the_form_leads_on_a_phone_and_without_javascript(desk: Client) -> None:
    page = desk.get(ADD).content.decode()

    assert 'name="viewport"' in page
    assert 'type="date"' in page
    assert "jsi18n" not in page


def test_a_day_ago_is_no_slip(desk: Client, sheet: dict[str, Any], now: datetime) -> None:
    yesterday = (now - timedelta(days=1)).astimezone(COURT_TIME)

    desk.post(
        ADD, sheet | {"issued_0": f"{yesterday:%Y-%m-%d}", "expires_on": "2190-01-01", "hearing_on": ""}
    )

    assert Order.objects.get().issued_on == yesterday.date()
