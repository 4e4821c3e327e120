"""A liaison's work on the screen: the queue, an attempt, and a transfer that is accepted."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from selenium.webdriver.common.by import By

from accounts.models import Role
from notifications.services.firing.fire import Firer
from orders.models import Attempt, FollowUp
from orders.services.firearms import inventory
from tests import make
from tests.browser.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.django_db(transaction=True)]

COURT_TIME = ZoneInfo("America/New_York")


def test_a_liaison_offers_a_transfer_and_the_other_police_accept(browser: Browser) -> None:
    now = timezone.now()
    police, other = make.agency(name="Elm Police"), make.agency(name="Oak Police")
    liaison, elsewhere = make.person(Role.LIAISON, police), make.person(Role.LIAISON, other)
    order = make.served_order(
        now=now,
        ago=timedelta(hours=30),
        issued_at=now - timedelta(days=2),
        respondent_town=make.town(police),
        protected_person="Robin Elm",
    )
    inventory.list_firearm(order, source="application", make="Ruger", serial="S-1", by=None, now=now)
    Firer("test").fire(now=now)
    name = f"Ash Birch, {order.case.respondent.town}"
    local = now.astimezone(COURT_TIME)

    browser.sign_in(liaison)
    browser.press("Open the follow-ups")
    assert "6 hours" in browser.text
    for width in (375, 1280):
        assert not browser.is_wider_than(width)
    browser.press(name)
    assert "Ruger" in browser.text
    assert "Robin Elm" not in browser.driver.page_source

    browser.unfold("Record an attempt")
    browser.type(next_action_at_0=f"{local + timedelta(days=2):%Y-%m-%d}")
    browser.press("Record an attempt")
    assert "The attempt is recorded." not in browser.text
    assert browser.driver.find_element(By.CSS_SELECTOR, ".act .errorlist").text
    browser.driver.find_element(By.CSS_SELECTOR, "input[name=result][value=moved]").click()
    browser.press("Record an attempt")
    assert "The attempt is recorded." in browser.text
    assert Attempt.objects.get().result == "moved"

    for width in (375, 1280):
        assert not browser.is_wider_than(width)
    browser.unfold("Offer a transfer to other police")
    # Other forms of the page have fields with these names too.
    browser.driver.find_element(By.ID, "id_transfer_to_agency").send_keys("Oak Police")
    browser.driver.find_element(By.ID, "id_transfer_reason").send_keys("The firearm is in Oak")
    browser.press("Offer a transfer to other police")
    assert "Oak Police (no answer yet)" in browser.text

    browser.sign_out()
    browser.sign_in(elsewhere)
    assert "asks your agency to take over 1 follow-up." in browser.text
    browser.press("Open the follow-ups")
    assert "Transfers offered to your agency" in browser.text
    browser.press(name)
    assert "The firearm is in Oak" in browser.text
    browser.press("Accept")

    assert "Your agency is the owner now." in browser.text
    assert FollowUp.objects.get(deadline__rule_id="CT-SUR-01").owner == other
    assert browser.complaints() == []
