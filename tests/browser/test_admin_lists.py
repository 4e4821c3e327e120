"""Every list of the admin site works in a real browser: its console stays empty, its boxes can be ticked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.utils import timezone
from selenium.webdriver.common.by import By

from accounts.models import AgencyKind, Role, Scope
from accounts.services import people
from accounts.services.access import tokens
from accounts.services.agencies.reference import load_reference
from tests import make
from tests.browser.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.django_db(transaction=True)]

#: The roles that work in the admin site.
ROLES = (Role.ADMINISTRATOR, Role.CLERK, Role.JUDGE, Role.AUDITOR)

#: The list that the page of settings leaves out: the calendar of closings has its place there.
UNLINKED = "/admin/orders/courtclosing/"


def walk(browser: Browser) -> set[str]:
    """Open every list and form that the first page of the admin leads to, and return their paths."""
    browser.open("/admin/")
    links = browser.all_of('#content-main a[href^="/admin/"]')
    paths = sorted({str(one.get_attribute("href")).removeprefix(browser.address) for one in links})
    for path in paths:
        browser.open(path)
        assert browser.complaints() == [], path
        if boxes := browser.driver.find_elements(By.CSS_SELECTOR, "tr input.action-select"):
            boxes[0].click()
            browser.wait_for(f"1 of {len(boxes)} selected")
            browser.driver.find_element(By.ID, "action-toggle").click()
            browser.wait_for(f"{len(boxes) if len(boxes) > 1 else 0} of {len(boxes)} selected")
            assert browser.complaints() == [], path
    return set(paths)


def test_no_list_of_the_admin_logs_an_error(browser: Browser) -> None:
    load_reference()
    now, court = timezone.now(), make.agency(AgencyKind.COURT)
    make.served_order(now=now, ago=timedelta(hours=30), issued_at=now - timedelta(days=3), court=court)
    system = people.create_user(email="system@court.example", name="Court system", is_system=True)
    tokens.issue_token(user=system, name="a system", scopes=[Scope.ORDERS_READ], lasts=timedelta(days=1))
    found: set[str] = set()
    for role in ROLES:
        browser.sign_in(make.person(role, court if role in (Role.CLERK, Role.JUDGE) else None))
        found |= walk(browser)
        if role is Role.CLERK:
            browser.open(UNLINKED)
            assert browser.complaints() == []
            found.add(UNLINKED)
        browser.open("/")
        browser.sign_out()

    registered = [one._meta for one in apps.get_models() if admin.site.is_registered(one)]
    lists = {f"/admin/{one.app_label}/{one.model_name}/" for one in registered}
    assert lists <= found


def test_an_account_is_changed_on_the_narrowest_telephone(browser: Browser) -> None:
    liaison = make.person(Role.LIAISON, make.agency(name="Elm Police"))
    browser.sign_in(make.person(Role.ADMINISTRATOR))
    for address in ("add", f"{liaison.pk}/change"):
        browser.open(f"/admin/accounts/user/{address}/")
        assert not browser.is_wider_than(320)
        browser.driver.find_element(By.CSS_SELECTOR, ".add-row a").click()
        # The rows of roles can be scrolled sideways: nothing in them has to be.
        shown = [one for one in browser.all_of("#content :is(input, select, textarea)") if one.is_displayed()]
        assert [one.get_attribute("name") for one in shown if one.rect["x"] + one.rect["width"] > 320] == []
    assert "A password is set." in browser.text
    assert "salt" not in browser.text
