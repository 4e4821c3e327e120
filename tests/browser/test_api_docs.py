"""The API's description in a browser, under the content security policy of every page."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from django.conf import settings
from selenium.webdriver.common.by import By

from accounts.models import AgencyKind, Role
from tests import make
from tests.browser.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.django_db(transaction=True)]


def test_it_asks_to_sign_in_and_shows_every_group_of_operations(browser: Browser) -> None:
    clerk = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    described = _described()

    browser.open("/api/v1/docs")
    browser.sign_in_here(clerk)
    browser.wait_for(list(described)[-1])

    groups = browser.driver.find_elements(By.CSS_SELECTOR, ".opblock-tag")
    assert browser.driver.current_url.endswith("/api/v1/docs")
    assert {one.text for one in groups} == set(described)
    first = groups[0].text
    groups[0].find_element(By.CSS_SELECTOR, "button").click()
    browser.wait_for("/api/v1/")
    operations = browser.driver.find_elements(By.CSS_SELECTOR, ".opblock")
    assert len(operations) == described[first]
    operations[0].find_element(By.CSS_SELECTOR, ".opblock-summary button").click()
    browser.wait_for("Responses")
    assert browser.complaints() == []
    assert not browser.is_wider_than(375)


def _described() -> dict[str, int]:
    """How many operations the stored schema has in each group, in the order of the schema."""
    text = (Path(settings.BASE_DIR) / "docs" / "openapi.yaml").read_text()
    # The loader in C: the other one takes ten seconds.
    schema = yaml.load(text, Loader=yaml.CSafeLoader)
    methods = {"get", "post", "put", "patch", "delete"}
    found: dict[str, int] = {}
    for path in schema["paths"].values():
        for method, operation in path.items():
            if method in methods:
                found[operation["tags"][0]] = found.get(operation["tags"][0], 0) + 1
    return found
