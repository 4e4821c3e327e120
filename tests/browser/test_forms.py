"""In Chromium: double click, Back and press again, and a session that ends in the middle of a form."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

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
