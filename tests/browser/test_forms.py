"""In Chromium: double click, Back and press again, and a session that ends in the middle of a form."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from accounts.form_middleware import CHANGED, ENDED
from accounts.models import AgencyKind, Role, Session
from orders.models import Firearm, Order
from tests import make
from tests.browser.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.django_db(transaction=True)]

ADD = "/admin/orders/order/add/"
PHONE = 375


def fill_in(browser: Browser, town: str, name: str = "Ash Birch") -> None:
    """Types an order of two days ago. Without a last day, the form asks about it."""
    browser.type(
        docket_number="HHD-FA26-6012345-S",
        kind="Ex parte restraining order",
        issued_at_0=f"{timezone.now() - timedelta(days=2):%Y-%m-%d}",
        issued_at_1="10:15 am",
        expires_on=f"{timezone.now() + timedelta(days=12):%Y-%m-%d}",
        respondent_name=name,
        respondent_town=town,
    )


def test_a_double_click_and_back_store_one_order(browser: Browser) -> None:
    court, town = make.agency(AgencyKind.COURT, "Superior Court of Elm"), make.town()
    browser.sign_in(make.person(Role.CLERK, court))
    browser.open(ADD)
    fill_in(browser, town.name)

    button = browser.driver.find_element(By.CSS_SELECTOR, "input[type=submit][value='Enter the order']")
    ActionChains(browser.driver).double_click(button).perform()
    browser.wait_for("Not served")
    assert Order.objects.count() == 1
    assert browser.driver.page_source.count("The order is entered.") == 1

    # The browser restores what was typed, the time too.
    browser.driver.back()
    browser.wait_for("Docket number")
    browser.press("Enter the order")
    browser.wait_for("Not served")
    assert Order.objects.count() == 1

    browser.driver.back()
    browser.wait_for("Docket number")
    browser.type(respondent_name=" Junior")
    browser.press("Enter the order")
    assert CHANGED in browser.text
    assert "Saved: Ash Birch." in browser.text
    assert Order.objects.count() == 1
    assert browser.complaints() == []


def test_a_session_that_ends_in_the_middle_of_a_form(browser: Browser) -> None:
    court, town = make.agency(AgencyKind.COURT, "Superior Court of Elm"), make.town()
    clerk = make.person(Role.CLERK, court)
    browser.sign_in(clerk)
    browser.open(ADD)
    fill_in(browser, town.name)
    Session.objects.all().delete()

    browser.press("Enter the order")
    browser.sign_in_here(clerk)

    browser.wait_for(ENDED)
    assert browser.driver.find_element(By.NAME, "respondent_name").get_attribute("value") == "Ash Birch"
    assert not Order.objects.exists()
    assert not browser.is_wider_than(PHONE)
    browser.press("Enter the order")
    browser.wait_for("Not served")
    assert Order.objects.count() == 1
    assert browser.complaints() == []


def test_a_page_whose_session_ends_sends_what_was_typed(browser: Browser) -> None:
    court = make.agency(AgencyKind.COURT, "Superior Court of Elm")
    clerk = make.person(Role.CLERK, court)
    order = make.order(court=court, now=timezone.now(), issued_at=timezone.now() - timedelta(days=1))
    browser.sign_in(clerk)
    browser.open(f"/admin/orders/order/{order.public_id}/firearm/")
    browser.type(make="Ruger")
    Session.objects.all().delete()

    # As after thirty idle minutes.
    browser.driver.execute_script("localStorage.setItem('ctcompliance.active', '1')")
    browser.wait_for("Sign in")
    browser.sign_in_here(clerk)

    browser.wait_for(ENDED)
    assert browser.driver.find_element(By.NAME, "make").get_attribute("value") == "Ruger"
    assert not Firearm.objects.exists()


def test_what_is_typed_beside_the_order_is_not_lost(browser: Browser) -> None:
    court = make.agency(AgencyKind.COURT, "Superior Court of Elm")
    clerk = make.person(Role.CLERK, court)
    order = make.order(court=court, now=timezone.now(), issued_at=timezone.now() - timedelta(days=1))
    wide = {"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", wide)
    browser.sign_in(clerk)
    browser.open(f"/admin/orders/order/{order.public_id}/")
    browser.all_of(".head-acts a.primary")[0].click()
    (officer,) = browser.all_of("#act-panel [name=service_officer]")
    officer.send_keys("Pat Reed")

    # Escape closes a form in which nothing was typed. Now it asks, and the form stays.
    officer.send_keys(Keys.ESCAPE)
    browser.all_of("#panel-typed[open] [value=stay]")[0].click()
    assert officer.get_attribute("value") == "Pat Reed"

    # The session ends after thirty idle minutes.
    Session.objects.all().delete()
    browser.driver.execute_script("localStorage.setItem('ctcompliance.active', '1')")
    browser.wait_for("Sign in")
    browser.sign_in_here(clerk)
    browser.wait_for(ENDED)
    assert browser.driver.find_element(By.NAME, "service_officer").get_attribute("value") == "Pat Reed"
    order.refresh_from_db()
    assert order.served_at is None
    assert browser.complaints() == []


def test_cells_of_a_spreadsheet_fill_the_firearms(browser: Browser) -> None:
    browser.sign_in(make.person(Role.CLERK, make.agency(AgencyKind.COURT, "Superior Court of Elm")))
    browser.open(ADD)

    def paste(name: str, text: str) -> None:
        browser.driver.execute_script(
            "const data = new DataTransfer(); data.setData('text', arguments[1]);"
            "document.getElementsByName(arguments[0])[0].dispatchEvent("
            "new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}))",
            name,
            text,
        )

    def typed(name: str) -> str:
        return str(browser.driver.find_element(By.NAME, name).get_attribute("value"))

    paste("gun_1_make", "Glock\t19\t9mm\tPistol\tAB101\r\nRuger\tP95\t9mm\tPistol\tAB102\r\n")
    assert [typed(f"gun_{line}_serial") for line in (1, 2, 3)] == ["AB101", "AB102", ""]
    assert (typed("gun_2_make"), typed("gun_2_firearm_type")) == ("Ruger", "Pistol")
    # What does not fit is left to the browser, which puts all of it into the field.
    paste("gun_4_make", "Colt\t1911\nColt\t1903")
    assert (typed("gun_4_make"), typed("gun_4_model")) == ("", "")
