"""A clerk puts right what was typed wrong: corrects a firearm and withdraws a statement, on the screen."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from selenium.webdriver.common.by import By

from accounts.models import Agency, AgencyKind, Role
from orders.models import Firearm, Order, Statement
from orders.services import hearings
from orders.services.court_days import court_day
from orders.services.firearms import inventory, receipts, statements
from tests import make
from tests.browser.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: A folder for screenshots. If it is empty, the test takes no pictures.
SCREENSHOTS = os.environ.get("CTC_SCREENSHOTS", "")


@pytest.fixture
def order(db: None) -> Order:
    """A served order with a firearm, a receipt, a statement and a hearing."""
    now = timezone.now()
    by: dict[str, Any] = {"by": None, "now": now}
    court = make.agency(AgencyKind.COURT, "Superior Court of Elm")
    order = make.order(
        court=court,
        issued_at=now - timedelta(days=3),
        served_at=now - timedelta(hours=9),
        service_method="in_hand",
        now=now,
    )
    inventory.list_firearm(order, make="Glock", model="19", serial="AB123", source="application", **by)
    second = inventory.list_firearm(order, make="Ruger", serial="R-77", source="police", **by)
    receipts.record_receipt(
        order,
        kind="police",
        received_at=now - timedelta(hours=2),
        firearms=[second],
        receipt_number="R-1",
        agency=make.agency(name="Elm Police"),
        **by,
    )
    inventory.record_permit(order, kind="Pistol permit", number="77", **by)
    statements.record_statement(order, kind="non_possession", sworn_at=now - timedelta(hours=1), **by)
    hearings.schedule_hearing(
        order,
        purpose="compliance",
        scheduled_on=court_day(order, now) + timedelta(days=6),
        confirm="The court sits that day.",
        **by,
    )
    return order


def press_beside(browser: Browser, label: str) -> None:
    """Press the link beside an item by its label, which names the item."""
    link = browser.driver.find_element(By.CSS_SELECTOR, f'a[aria-label="{label}"]')
    browser.driver.get(str(link.get_attribute("href")))


def look(browser: Browser, name: str) -> None:
    """Keep a picture of the page at both widths, if a folder is given."""
    if SCREENSHOTS:
        for width in (1280, 375):
            browser.is_wider_than(width)
            height = browser.driver.execute_script("return document.documentElement.scrollHeight")
            metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            browser.driver.save_screenshot(f"{SCREENSHOTS}/{name}-{width}.png")


def test_a_clerk_corrects_a_firearm_and_withdraws_a_statement(browser: Browser, order: Order) -> None:
    court = Agency.objects.get(kind=AgencyKind.COURT)
    browser.sign_in(make.person(Role.CLERK, court))
    page = f"/admin/orders/order/{order.public_id}/"
    browser.open(page)
    look(browser, "order")
    assert not browser.is_wider_than(375)

    press_beside(browser, "Correct: Glock 19, serial AB123")
    assert "Glock 19, serial AB123" in browser.text
    look(browser, "correct-firearm")
    assert not browser.is_wider_than(375)
    serial = browser.driver.find_element(By.NAME, "serial")
    assert serial.get_attribute("value") == "AB123"
    serial.clear()
    browser.type(serial="AB124", reason="A digit was wrong.")
    browser.press("Correct the firearm")

    assert "The firearm is corrected. No deadline changed." in browser.driver.page_source
    assert "Serial number: AB123 → AB124" in browser.everything
    assert Firearm.objects.filter(serial="AB124").count() == 1

    link = browser.driver.find_element(By.CSS_SELECTOR, 'a[aria-label^="Withdraw: Holds no firearms"]')
    browser.driver.get(str(link.get_attribute("href")))
    browser.type(reason="It was sworn in another case.")
    browser.press("Withdraw the statement")

    assert "The statement is withdrawn." in browser.driver.page_source
    assert not Statement.objects.exists()

    press_beside(browser, "Withdraw: Ruger, serial R-77")
    browser.type(reason="Listed twice.")
    browser.press("Withdraw the firearm")
    assert "This firearm is on receipt R-1 (" in browser.text
    look(browser, "refused")
    assert browser.complaints() == []
