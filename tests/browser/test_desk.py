"""The main job on the screen: a clerk enters an order and its service, a liaison answers the alert."""

from __future__ import annotations

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from selenium.webdriver.common.by import By

from accounts.dates import format_instant
from accounts.models import Agency, AgencyKind, Role
from notifications.models import Alert
from notifications.services.firing.fire import Firer
from orders.models import Deadline, Order
from orders.services.firearms import inventory
from tests import make
from tests.browser.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

COURT_TIME = ZoneInfo("America/New_York")


def test_a_clerk_enters_an_order_and_its_service_and_reads_the_reasons(
    browser: Browser,
) -> None:
    court, town = make.agency(AgencyKind.COURT, "Superior Court of Elm"), make.town()
    clerk = make.person(Role.CLERK, court)
    today = timezone.now().astimezone(COURT_TIME)
    issued, served = today - timedelta(days=3), today - timedelta(days=2)

    browser.sign_in(clerk)
    browser.press("Enter an order")
    browser.type(
        docket_number="HHD-FA26-17-S",
        kind="Ex parte restraining order",
        issued_at_0=f"{issued:%Y-%m-%d}",
        issued_at_1="10:15 am",
        expires_on=f"{today + timedelta(days=3):%Y-%m-%d}",
        respondent_name="Ash Birch",
        respondent_town=town.name,
        protected_person="Robin Elm",
        firearms_indicated="yes",
    )
    browser.press("Enter the order")
    assert "The order is entered." in browser.driver.page_source
    assert "Not served. The time to surrender firearms has not started." in browser.everything

    browser.press("Record service")
    browser.type(
        served_at_0=f"{served:%Y-%m-%d}",
        served_at_1="6:30 pm",
        service_method="In hand",
        service_officer="State Marshal Pat Reed",
    )
    browser.press("Record service")

    deadline = Deadline.objects.get(rule_id="CT-SUR-01")
    served = served.replace(hour=18, minute=30, second=0, microsecond=0)
    due = (served.astimezone(UTC) + timedelta(hours=24)).astimezone(COURT_TIME)
    assert deadline.due_at == due
    assert "Surrender of firearms" in browser.text
    assert f"Overdue since {format_instant(due)}" in browser.text
    assert "elapsed hours" not in browser.text

    browser.unfold("Why this date")

    assert "Firearms and ammunition are surrendered" in browser.text
    assert "C.G.S. § 29-36k(b)" in browser.text
    assert "24 elapsed hours" in browser.text
    assert browser.complaints() == []


def test_a_time_that_does_not_occur_is_rejected_on_the_screen(browser: Browser) -> None:
    court = make.agency(AgencyKind.COURT)
    order = make.order(now=timezone.now(), court=court, issued_at=timezone.now() - timedelta(days=900))
    browser.sign_in(make.person(Role.CLERK, court))

    browser.open(f"/admin/orders/order/{order.public_id}/serve/")
    browser.type(served_at_0="2026-03-08", served_at_1="2:30 am", service_method="In hand")
    browser.press("Record service")

    assert "does not occur because the clock goes forward that night." in browser.text
    order.refresh_from_db()
    assert order.served_at is None


@pytest.mark.parametrize("width", [375, 1280])
def test_a_docket_search_is_not_in_the_url(width: int, browser: Browser) -> None:
    court, now = make.agency(AgencyKind.COURT), timezone.now()
    for docket in ("HHD-FA-17-S", "HHD-FA-99-S"):
        make.order(now=now, court=court, issued_at=now - timedelta(days=1), docket_number=docket)
    browser.sign_in(make.person(Role.CLERK, court))
    browser.open("/admin/orders/order/")
    list_alone = browser.driver.current_url

    browser.type(q="hhd-fa-17")
    browser.press("Search")

    assert browser.driver.current_url == list_alone
    assert "HHD-FA-17-S" in browser.text
    assert "HHD-FA-99-S" not in browser.text
    assert not browser.is_wider_than(width)
    assert browser.driver.find_element(By.NAME, "q").size["width"] > 120
    browser.press("Clear")
    assert browser.driver.current_url == list_alone
    assert "HHD-FA-99-S" in browser.text
    assert browser.complaints() == []


def test_a_liaison_reads_and_acknowledges_an_alert(browser: Browser) -> None:
    order, police = _overdue_order()
    alert = _check(order, police)
    liaison = alert.recipient
    assert liaison

    browser.sign_in(liaison)
    assert "Acknowledge and open" in browser.text
    browser.open(f"/notices/{alert.public_id}/")
    for said in ("Overdue since", "Ruger", "Believed held", order.case.docket_number):
        assert said in browser.text
    assert "Robin Elm" not in browser.driver.page_source

    browser.press("Acknowledge and open")

    assert "/cases/" in browser.driver.current_url
    assert _check(order, police).acknowledged_by == liaison
    assert browser.complaints() == []


@pytest.mark.parametrize("width", [375, 1280])
def test_pages_fit_a_phone_and_a_laptop(width: int, browser: Browser) -> None:
    order, police = _overdue_order()
    alert = _check(order, police)
    assert alert.recipient
    browser.sign_in(alert.recipient)

    for address in ("/", f"/notices/{alert.public_id}/"):
        browser.open(address)
        assert not browser.is_wider_than(width), address


def _check(order: Order, police: Agency) -> Alert:
    """The alert that the time for surrender is over. Another one is about the order itself."""
    return Alert.objects.get(agency=police, order=order, checkpoint__deadline__rule_id="CT-SUR-01")


def _overdue_order() -> tuple[Order, Agency]:
    """An order whose police have just been told that nothing was surrendered."""
    now = timezone.now()
    police = make.agency(name="Elm Police")
    make.person(Role.LIAISON, police)
    order = make.served_order(
        now=now,
        ago=timedelta(hours=25),
        issued_at=now - timedelta(days=2),
        respondent_town=make.town(police),
        protected_person="Robin Elm",
    )
    inventory.list_firearm(order, source="application", make="Ruger", serial="S-1", by=None, now=now)
    Firer("test").fire(now=now)
    return order, police
