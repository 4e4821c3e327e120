"""A clerk puts real mistakes right on the screen."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AgencyKind, Role
from orders.models import Order
from orders.services.firearms import inventory
from tests import make
from tests.browser.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.django_db(transaction=True)]

#: A folder for pictures of the pages. If it is empty, no picture is taken.
PICTURES = os.environ.get("CTC_PICTURES", "")


def picture(browser: Browser, name: str) -> None:
    """Take pictures of the page in a wide and a narrow window."""
    for width in (1280, 375) if PICTURES else ():
        metrics = {"width": width, "height": 1400, "deviceScaleFactor": 1, "mobile": False}
        browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        browser.driver.save_screenshot(str(Path(PICTURES) / f"{name}-{width}.png"))


def test_a_clerk_puts_real_mistakes_right(browser: Browser) -> None:
    now = timezone.now()
    court = make.agency(AgencyKind.COURT, "Superior Court of Elm")
    clerk = make.person(Role.CLERK, court)
    facts: dict[str, Any] = {"now": now, "court": court, "issued_at": now - timedelta(days=3)}
    right = make.order(respondent_name="Ash Birch", docket_number="HHD-FA26-1000001-S", **facts)
    order = make.order(
        respondent_name="Ahs Brich",
        docket_number="HHD-FA26-1000010-S",
        por_number="POR-77",
        kind="restraining_order",
        protected_person="Robin Elm",
        served_at=now - timedelta(hours=30),
        service_method="in_hand",
        expires_on=(now + timedelta(days=60)).date(),
        **facts,
    )
    inventory.list_firearm(order, serial="S-1", make="Glock", source="police", by=None, now=now)
    page = f"/admin/orders/order/{order.public_id}/"
    browser.sign_in(clerk)
    browser.open(page)
    picture(browser, "order")

    browser.press("Correct the respondent")
    picture(browser, "respondent")
    browser.driver.execute_script("document.getElementsByName('name')[0].value = ''")
    browser.type(name="Ash Birch", date_of_birth="1980-02-29", reason="Letters were swapped.")
    browser.press("Correct the respondent")
    assert "Respondent's name: Ahs Brich → Ash Birch" in browser.everything

    browser.press("Correct the docket number")
    browser.driver.execute_script("document.getElementsByName('docket_number')[0].value = ''")
    browser.type(docket_number="HHD-FA26-1000001-S", reason="A digit too many.")
    browser.press("Correct the docket number")
    assert "Another case of this court has the docket number" in browser.text
    picture(browser, "docket-taken")
    browser.press("Cancel")

    browser.press("Move to another case")
    browser.type(docket_number="hhd-fa26-1000001-s", reason="Entered under the wrong docket.")
    browser.press("Move to another case")
    assert "Docket number: HHD-FA26-1000010-S → HHD-FA26-1000001-S" in browser.everything
    assert Order.objects.get(pk=order.pk).case_id == right.case_id

    _put_parties_and_order_right(browser, page, now)


def _put_parties_and_order_right(browser: Browser, page: str, now: datetime) -> None:
    """Correct a person, extend and take it back, withdraw the whole order and restore it."""
    browser.press("Correct a protected person")
    picture(browser, "protected")
    browser.type(name="Robin Elms", reason="Read again.")
    browser.press("Correct a protected person")
    assert "Robin Elms" in browser.everything

    browser.press("Extend the order")
    browser.type(expires_on=f"{(now + timedelta(days=90)).date()}")
    browser.press("Extend the order")
    browser.press("Withdraw the extension")
    browser.type(reason="It was another order.")
    browser.press("Withdraw the extension")
    assert "Extension withdrawn" in browser.everything

    browser.press("Withdraw the whole order")
    picture(browser, "withdraw")
    browser.type(reason="Entered twice.")
    browser.press("Withdraw the whole order")
    assert "Entered in error: the order was withdrawn" in browser.text
    picture(browser, "withdrawn")
    browser.open("/admin/orders/order/?in_error=yes")
    picture(browser, "list")
    assert "Ash Birch" in browser.text
    browser.open(page)
    browser.press("Restore the order")
    browser.type(reason="It was not.")
    browser.press("Restore the order")
    assert "Order restored" in browser.everything
    picture(browser, "restored")
    assert browser.complaints() == []
    assert not browser.is_wider_than(375)
