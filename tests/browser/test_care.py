"""On a phone: notification preferences, and an advocate's pages with the quick exit."""

from __future__ import annotations

import pytest
from pytest_django import Settings
from selenium.webdriver.common.by import By

from accounts.models import AgencyKind, Role
from notifications.models import Preference, SafeContact
from tests import make
from tests.api.fixtures import set_up
from tests.browser.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = 375


def test_preferences_on_a_phone(browser: Browser, settings: Settings) -> None:
    settings.SMS_PROVIDERS = ["twilio"]
    person = make.person(Role.LIAISON, make.agency(AgencyKind.POLICE))
    browser.sign_in(person)
    browser.open("/preferences/")
    assert not browser.is_wider_than(PHONE)

    browser.type(language="Español", phone="555", by_sms="on", zone="Central")
    browser.press("Save")
    assert "+1 860 555 0100" in browser.text
    browser.driver.find_element(By.NAME, "phone").clear()
    browser.type(phone="(860) 555-0100")
    browser.press("Save")

    assert "Saved." in browser.text
    assert not browser.is_wider_than(PHONE)
    kept = Preference.objects.get(user=person)
    assert (kept.language, kept.phone, kept.by_sms, kept.zone) == (
        "es",
        "+18605550100",
        True,
        "America/Chicago",
    )
    assert browser.complaints() == []


def test_an_advocate_adds_a_safe_contact_on_a_phone_and_leaves(browser: Browser) -> None:
    stage = set_up()
    browser.sign_in(make.person(Role.ADVOCATE, stage.organization))
    assert not browser.is_wider_than(PHONE)
    browser.press("All about this order")
    assert "No, and the time is over" in browser.text
    assert not browser.is_wider_than(PHONE)

    browser.unfold("Add a safe contact")
    assert not browser.is_wider_than(PHONE)
    browser.type(channel="Through the advocate")
    browser.press("Save")

    assert "The person is notified only in this way." in browser.text
    assert SafeContact.objects.get().channel == "relay"
    way_out = browser.driver.find_element(By.CSS_SELECTOR, "button.exit")
    browser.driver.execute_script("window.scrollTo(0, document.body.scrollHeight)")
    assert way_out.is_displayed()
    top = browser.driver.execute_script("return arguments[0].getBoundingClientRect().top", way_out)
    assert 0 <= top < 100, "it stays at hand"
    assert browser.complaints() == []
