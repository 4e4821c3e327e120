"""The page of an order: how long it is on a screen, and what it is on paper."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.dates import court_date
from accounts.models import AgencyKind, Role
from notifications.services.firing.fire import Firer
from orders.services.firearms import inventory
from orders.services.hearings import schedule_hearing
from tests import make
from tests.browser.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: Two screens of a laptop.
WIDTH, HEIGHT, SCREENS = 1280, 800, 2
WHITE = "rgb(255, 255, 255)"


def _open_typical_order(browser: Browser) -> None:
    """Open the page of an order that was served, with three firearms, all late, and a hearing ahead."""
    now = timezone.now()
    court, police = make.agency(AgencyKind.COURT, "Superior Court of Elm"), make.agency(name="Elm Police")
    clerk = make.person(Role.CLERK, court)
    make.person(Role.LIAISON, police)
    order = make.served_order(
        now=now,
        ago=timedelta(hours=30),
        issued_at=now - timedelta(days=2),
        court=court,
        respondent_town=make.town(police),
        protected_person="Robin Elm",
    )
    for serial in ("QX-1", "QX-2", "QX-3"):
        inventory.list_firearm(
            order, source="application", make="Ruger", model="P95", serial=serial, by=None, now=now
        )
    day = court_date(now) + timedelta(days=5)
    schedule_hearing(
        order, purpose="compliance", scheduled_on=day, confirm="Any day will do.", by=None, now=now
    )
    Firer("test").fire(now=now)
    browser.sign_in(clerk)
    browser.open(f"/admin/orders/order/{order.public_id}/")


def test_a_typical_order_takes_at_most_two_screens_before_the_folds(browser: Browser) -> None:
    size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    _open_typical_order(browser)

    height = browser.driver.execute_script("return document.documentElement.scrollHeight")

    assert browser.text.count("Not accounted for") == 3
    assert height <= SCREENS * HEIGHT


def test_paper_is_white_and_shows_people_though_the_screen_is_dark_and_folds_them(
    browser: Browser,
) -> None:
    _open_typical_order(browser)
    folded = "return document.querySelector('.people details li').checkVisibility()"
    ground = "return getComputedStyle(document.querySelector('.order-page .module')).backgroundColor"
    browser.driver.execute_script("document.documentElement.dataset.theme = 'dark'")
    assert browser.driver.execute_script(ground) != WHITE
    assert not browser.driver.execute_script(folded)

    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})

    assert browser.driver.execute_script(ground) == WHITE
    assert browser.driver.execute_script(folded)
