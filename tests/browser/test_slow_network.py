"""The first page of an officer on a slow network: how much it loads, and when the first act can be tapped.

The profile is “slow 3G” as Lighthouse has it: 400 kbit/s each way and 400 ms for a round trip, in a window of
375 by 812. The time of the server itself is left out: docs/figures.md has it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from selenium.webdriver.common.by import By

from accounts.models import Role
from notifications.services.firing.fire import Firer
from orders.services.firearms import inventory
from tests import make
from tests.browser.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: Bytes in a second, and milliseconds.
SPEED, ROUND_TRIP = 400_000 / 8, 400
MOST_BYTES = 100_000
#: Milliseconds from the tap on the link until the page can be used, without the time of the server.
MOST_TIME = 1000
CASES = 10

_LOADED = """
const [page] = performance.getEntriesByType('navigation')
const all = [page, ...performance.getEntriesByType('resource')]
return {
  bytes: all.reduce((sum, one) => sum + one.encodedBodySize, 0),
  page: page.encodedBodySize,
  received: page.domInteractive - page.responseStart,
  names: all.map((one) => `${new URL(one.name).pathname} ${one.encodedBodySize}`)
}
"""


def test_the_first_page_is_small_and_can_be_used_within_a_second(browser: Browser) -> None:
    now = timezone.now()
    police = make.agency(name="Elm Police")
    town = make.town(police)
    for number in range(CASES):
        order = make.served_order(
            now=now,
            ago=timedelta(hours=20 + number),
            issued_at=now - timedelta(days=3),
            respondent_town=town,
            respondent_name=f"Ash Birch {number}",
            protected_person="Robin Elm",
        )
        inventory.list_firearm(
            order, source="application", make="Ruger", serial=f"S-{number}", by=None, now=now
        )
    Firer("test").fire(now=now)
    browser.sign_in(make.person(Role.LIAISON, police))
    size = {"width": 375, "height": 812, "deviceScaleFactor": 1, "mobile": True}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    browser.driver.execute_cdp_cmd("Network.enable", {})
    browser.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
    browser.open("/")
    first: dict[str, Any] = browser.driver.execute_script(_LOADED)
    slow = {"offline": False, "latency": ROUND_TRIP, "downloadThroughput": SPEED, "uploadThroughput": SPEED}
    browser.driver.execute_cdp_cmd("Network.emulateNetworkConditions", slow)
    browser.open("/")
    again: dict[str, Any] = browser.driver.execute_script(_LOADED)

    assert len(browser.driver.find_elements(By.CSS_SELECTOR, ".case-row")) == CASES
    assert browser.driver.find_element(By.CSS_SELECTOR, ".case-row .act").is_displayed()
    assert first["bytes"] < MOST_BYTES, first["names"]
    # Style and script are in the browser since sign-in.
    assert ROUND_TRIP + again["received"] < MOST_TIME, again
