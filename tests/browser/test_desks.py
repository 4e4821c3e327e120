"""Short ways of a marshal, a prosecutor, the licensing unit and a school on their desks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from accounts.models import Agency, AgencyKind, Role, User
from notifications.services.firing.fire import Firer
from orders.models import Attachment, FollowUp, LicensingReport, Order, Referral
from orders.services.follow_ups.referrals import refer
from orders.services.parties.agencies import add_agency
from tests import make
from tests.browser.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.django_db(transaction=True)]


def fits(browser: Browser) -> bool:
    """True if the page needs no pushing sideways."""
    return not any(browser.is_wider_than(width) for width in (1280, 375))


def press_first(browser: Browser, words: str) -> None:
    """Presses the button of the first row, which begins with these words."""
    button = browser.driver.find_element(By.CSS_SELECTOR, ".case-row .act a")
    assert button.text.startswith(words), button.text
    browser.press_this(button)


def named(kind: AgencyKind, role: Role, **facts: Any) -> tuple[Order, User, Agency]:
    """An order that an agency of this kind sees, and its person."""
    now = timezone.now()
    agency = make.agency(kind)
    person = make.person(role, agency)
    order = make.order(
        now=now,
        issued_at=now - timedelta(days=2),
        protected_person="Robin Elm",
        respondent_address="7 Elm Lane",
        announces=True,
        **facts,
    )
    add_agency(order, agency=agency, by=None, now=now)
    return order, person, agency


def test_a_marshal_picks_up_serves_signs_and_files(browser: Browser) -> None:
    order, marshal, _ = named(AgencyKind.MARSHAL, Role.MARSHAL)

    browser.sign_in(marshal)
    browser.open("/service/")
    assert fits(browser)
    press_first(browser, "Picked up")
    browser.press("Confirm the pick-up")
    assert "Picked up" in browser.text
    browser.open("/service/")
    press_first(browser, "Record a visit")
    assert fits(browser)
    for name, value in (("service_method", "in_hand"), ("firearms_answer", "no")):
        browser.driver.find_element(By.CSS_SELECTOR, f"input[name={name}][value={value}]").click()
    browser.press("Record")
    assert "Service is recorded." in browser.text
    browser.press("Sign and file the return")
    assert fits(browser)
    pad = browser.driver.find_element(By.CSS_SELECTOR, ".pad canvas")
    pen = ActionChains(browser.driver).move_to_element(pad).click_and_hold()
    pen.move_by_offset(40, 15).move_by_offset(20, -25).release().perform()
    browser.press("Sign and file the return")
    assert "The return of service is filed." in browser.text
    assert Attachment.objects.get(order=order).kind == "filed_return"
    browser.open("/service/pay/")
    assert "1 served, 0 failed attempts" in browser.text
    assert fits(browser)
    assert "Robin Elm" not in browser.driver.page_source
    assert browser.complaints() == []


def test_a_prosecutor_reads_and_decides(browser: Browser) -> None:
    now = timezone.now()
    police, office = make.agency(), make.agency(AgencyKind.PROSECUTOR)
    liaison, prosecutor = make.person(Role.LIAISON, police), make.person(Role.PROSECUTOR, office)
    order = make.served_order(
        now=now,
        ago=timedelta(hours=55),
        issued_at=now - timedelta(days=3),
        respondent_town=make.town(police),
        protected_person="Robin Elm",
    )
    Firer("test").fire(now=now)
    task = FollowUp.objects.get(order=order, deadline__rule_id="CT-SUR-01")
    refer(task, agency=office, reason="Refused twice", by=liaison, now=now)

    browser.is_wider_than(375)
    browser.sign_in(prosecutor)
    # A telephone opens on what is one's own, but never on an empty board.
    assert browser.driver.find_element(By.CSS_SELECTOR, ".board.late .case-row").is_displayed()
    assert "cases shown" not in browser.text
    browser.open("/referrals/")
    assert "Refused twice" in browser.text
    assert fits(browser)
    press_first(browser, "Read and decide")
    browser.type(outcome="Declined", decision_reason="The denial is credible.")
    browser.press("Record the decision")
    browser.open("/referrals/")
    assert "No referral waits" in browser.text
    assert "The denial is credible." in browser.text
    assert Referral.objects.get().decided_by == prosecutor
    assert browser.complaints() == []


def test_the_licensing_unit_records_a_revocation(browser: Browser) -> None:
    order, officer, _ = named(AgencyKind.LICENSING, Role.LICENSING, permit_indicated=True)

    browser.sign_in(officer)
    browser.open("/licensing/")
    assert fits(browser)
    press_first(browser, "Record the revocation")
    browser.type(occurred_at_0=str(timezone.localdate()))
    browser.press("Record")
    browser.open("/licensing/")
    assert "the permit was revoked" in browser.text
    assert LicensingReport.objects.get().order == order
    assert "Robin Elm" not in browser.driver.page_source
    assert browser.complaints() == []


def test_a_school_acknowledges_its_notice(browser: Browser) -> None:
    _, official, _ = named(AgencyKind.SCHOOL, Role.SCHOOL)
    Firer("test").fire(now=timezone.now())

    browser.sign_in(official)
    browser.open("/school/")
    assert fits(browser)
    browser.press("A copy of the order was requested for your school")
    browser.press("Acknowledge")
    browser.press("All notices to the school")
    assert "Every notice is acknowledged." in browser.text
    assert fits(browser)
    assert "Robin Elm" not in browser.driver.page_source
    assert browser.complaints() == []
