"""One act of each desk by keyboard alone: Tab, Space, Enter, letters. Nothing is pressed with a mouse."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from accounts.models import AgencyKind, Role
from notifications.models import Alert, Language, Preference
from notifications.services.firing.fire import Firer
from orders.models import FollowUp, LicensingReport, Referral
from orders.services.follow_ups.referrals import refer
from tests import make
from tests.browser.conftest import Browser
from tests.browser.test_desks import named

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.django_db(transaction=True)]

#: More stops than any page has before what a person looks for.
MOST_STOPS = 150
_HERE = """
const here = document.activeElement;
return [here.name || "", (here.innerText || here.value || here.getAttribute("aria-label") || "").trim()];
"""


def keys(browser: Browser, *typed: str) -> None:
    """Types where the focus is."""
    ActionChains(browser.driver).send_keys(*typed).perform()


def tab_to(browser: Browser, words: str) -> None:
    """Presses Tab until the focus is on a field of this name, or on what begins with these words."""
    seen = []
    for _ in range(MOST_STOPS):
        keys(browser, Keys.TAB)
        name, text = browser.driver.execute_script(_HERE)
        seen.append(name or text[:30])
        if name == words or text.startswith(words):
            return
    raise AssertionError(f"Tab does not reach “{words}”, only {seen}")


def enter(browser: Browser, words: str) -> None:
    """Tabs to a link or a button, presses Enter and waits for the page it leads to."""
    tab_to(browser, words)
    before = browser.driver.find_element("tag name", "html")
    keys(browser, Keys.ENTER)
    browser._wait().until(lambda _: browser._is_gone(before))


def fill(browser: Browser, **fields: str) -> None:
    """Tabs to each field and types."""
    for name, value in fields.items():
        tab_to(browser, name)
        keys(browser, value)


def test_a_clerk_records_service_in_the_panel(browser: Browser) -> None:
    now, court = timezone.now(), make.agency(AgencyKind.COURT)
    order = make.order(now=now, court=court, issued_at=now - timedelta(days=1))
    browser.sign_in(make.person(Role.CLERK, court))
    browser.open(f"/admin/orders/order/{order.public_id}/")

    tab_to(browser, "Record service")
    keys(browser, Keys.ENTER)
    browser.wait_until_typing_goes_to("served_at_0")
    tab_to(browser, "Now")
    keys(browser, Keys.ENTER)
    fill(browser, service_method="In hand")
    enter(browser, "Record service")

    order.refresh_from_db()
    assert order.served_at is not None
    assert browser.complaints() == []


def test_a_liaison_acknowledges(browser: Browser) -> None:
    now, police = timezone.now(), make.agency()
    liaison = make.person(Role.LIAISON, police)
    make.served_order(
        now=now, ago=timedelta(hours=30), issued_at=now - timedelta(days=3), respondent_town=make.town(police)
    )
    Firer("test").fire(now=now)
    browser.sign_in(liaison)

    browser.open("/")
    enter(browser, "Acknowledge and open")

    assert Alert.objects.filter(acknowledged_by=liaison).exists()
    assert browser.complaints() == []


def test_a_marshal_picks_up(browser: Browser) -> None:
    _, marshal, _ = named(AgencyKind.MARSHAL, Role.MARSHAL)
    browser.sign_in(marshal)

    browser.open("/service/")
    enter(browser, "Picked up")
    enter(browser, "Confirm the pick-up")

    assert "Picked up" in browser.text
    assert browser.complaints() == []


def test_a_prosecutor_decides(browser: Browser) -> None:
    now = timezone.now()
    police, office = make.agency(), make.agency(AgencyKind.PROSECUTOR)
    liaison, prosecutor = make.person(Role.LIAISON, police), make.person(Role.PROSECUTOR, office)
    order = make.served_order(
        now=now, ago=timedelta(hours=55), issued_at=now - timedelta(days=3), respondent_town=make.town(police)
    )
    Firer("test").fire(now=now)
    task = FollowUp.objects.get(order=order, deadline__rule_id="CT-SUR-01")
    refer(task, agency=office, reason="Refused twice", by=liaison, now=now)
    browser.sign_in(prosecutor)

    browser.open("/referrals/")
    enter(browser, "Read and decide")
    fill(browser, outcome="Declined", decision_reason="The denial is credible.")
    enter(browser, "Record the decision")

    assert Referral.objects.get().decided_by == prosecutor
    assert browser.complaints() == []


def test_the_licensing_unit_records_a_revocation(browser: Browser) -> None:
    order, officer, _ = named(AgencyKind.LICENSING, Role.LICENSING, permit_indicated=True)
    browser.sign_in(officer)

    browser.open("/licensing/")
    enter(browser, "Record the revocation")
    fill(browser, occurred_at_0=f"{timezone.localdate():%m%d%Y}")
    enter(browser, "Record")

    assert LicensingReport.objects.get().order == order
    assert browser.complaints() == []


def test_a_school_acknowledges_its_notice(browser: Browser) -> None:
    _, official, _ = named(AgencyKind.SCHOOL, Role.SCHOOL)
    Firer("test").fire(now=timezone.now())
    browser.sign_in(official)

    browser.open("/school/")
    enter(browser, "A copy of the order was requested")
    enter(browser, "Acknowledge")

    assert Alert.objects.filter(acknowledged_by=official).exists()
    assert browser.complaints() == []


def test_an_advocate_changes_the_language(browser: Browser) -> None:
    advocate = make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY))
    browser.sign_in(advocate)

    browser.open("/releases/")
    enter(browser, "Español")

    assert Preference.objects.get(user=advocate).language == Language.SPANISH
    assert browser.complaints() == []
