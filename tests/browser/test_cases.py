"""A liaison's evening on a telephone: the board, a case, a receipt for one of two firearms."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from accounts.models import Role
from notifications.services.firing.fire import Firer
from orders.models import Receipt
from orders.services.firearms import inventory
from tests import make
from tests.browser.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: The late case is another person's, and the board shows only one's own and what no one owns.
_OF_ANOTHER = """
document.querySelector('.board.late .case-row').dataset.whose = 'other'
const whose = document.getElementById('board-whose')
whose.value = 'mine'
whose.dispatchEvent(new Event('change'))
"""


def test_a_liaison_acknowledges_on_the_board_and_records_a_receipt(browser: Browser) -> None:
    now = timezone.now()
    police = make.agency(name="Elm Police")
    liaison = make.person(Role.LIAISON, police)
    given: dict[str, Any] = {
        "now": now,
        "issued_at": now - timedelta(days=3),
        "respondent_town": make.town(police),
        "protected_person": "Robin Elm",
    }
    order = make.served_order(ago=timedelta(hours=30), **given)
    make.served_order(ago=timedelta(hours=21), respondent_name="Drew Ashby", **given)
    make.order(respondent_name="Sam Orchard", **given)
    for serial in ("S-1", "S-2"):
        inventory.list_firearm(order, source="application", make="Ruger", serial=serial, by=None, now=now)
    Firer("test").fire(now=now)

    browser.sign_in(liaison)
    assert all(words in browser.text for words in ("Running", "Late", "Service coming", "6 h late"))
    for width in (1920, 1280, 320, 375):
        assert not browser.is_wider_than(width)
    late = browser.driver.find_element(By.CSS_SELECTOR, ".board.late")
    browser.driver.execute_script(_OF_ANOTHER)
    assert not late.is_displayed()
    browser.driver.find_element(By.CSS_SELECTOR, ".counts a.late").click()
    assert late.is_displayed(), "a count leads to its cases, also to those of others"
    assert "0 of 2 accounted for" in late.text
    browser.press_this(late.find_element(By.TAG_NAME, "button"))
    assert "It is in the history of the order." in browser.text

    assert browser.driver.find_element(By.TAG_NAME, "h1").text == "Ash Birch"
    assert "Firearms not surrendered, 6 hours late" in browser.text
    assert "Robin Elm" not in browser.driver.page_source
    receipt = browser.driver.find_element(By.LINK_TEXT, "Record a receipt")
    assert receipt.location["y"] < 800, "the act is on the first screen"
    for width in (1920, 1280, 320, 375):
        assert not browser.is_wider_than(width)

    browser.press("Record a receipt")
    for width in (1920, 1280, 320, 375):
        assert not browser.is_wider_than(width)
    browser.driver.find_element(By.CSS_SELECTOR, "label.pick").click()
    tag = browser.driver.find_element(By.CSS_SELECTOR, ".tag input")
    tag.send_keys("T-1")
    browser.type(receipt_number="R-7")
    pad = browser.driver.find_element(By.CSS_SELECTOR, ".pad canvas")
    pen = ActionChains(browser.driver).move_to_element(pad).click_and_hold()
    pen.move_by_offset(40, 15).move_by_offset(20, -25).release().perform()
    browser.press("Make the receipt")
    assert "1 of 2 accounted for" in browser.text
    assert "T-1" in browser.text
    for width in (1920, 1280, 320, 375):
        assert not browser.is_wider_than(width)
    stored = Receipt.objects.get(order=order)
    assert stored.receipt_number == "R-7"
    signature = stored.signatures.get()
    assert (signature.party, signature.method) == ("giver", "screen")
    assert signature.encrypted_drawing.startswith("M")
    assert browser.complaints() == []
