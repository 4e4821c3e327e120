"""The API's own description on the screen, under the policy that every page has."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from django.conf import settings
from selenium.webdriver.common.by import By

from accounts.models import AgencyKind, Role
from tests import make
from tests.browser.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_it_leads_to_sign_in_and_back_and_shows_every_operation(browser: Browser) -> None:
    clerk = make.person(Role.CLERK, make.agency(AgencyKind.COURT))

    browser.open("/api/v1/docs")
    browser.sign_in_here(clerk)
    browser.wait_for("/api/v1/orders")

    operations = browser.driver.find_elements(By.CSS_SELECTOR, ".opblock")
    assert browser.driver.current_url.endswith("/api/v1/docs")
    assert len(operations) == _described()
    operations[0].find_element(By.CSS_SELECTOR, ".opblock-summary button").click()
    browser.wait_for("Responses")
    assert browser.complaints() == []
    assert not browser.is_wider_than(375)


def _described() -> int:
    """How many operations the stored schema has."""
    schema = yaml.safe_load((Path(settings.BASE_DIR) / "docs" / "openapi.yaml").read_text())
    methods = {"get", "post", "put", "patch", "delete"}
    return sum(method in methods for path in schema["paths"].values() for method in path)
