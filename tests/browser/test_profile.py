"""One Chromium serves all tests, and no test finds what another left in it."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_browser_has_nothing_stored(turn: str, browser: Browser) -> None:
    browser.open("/sign-in/")
    assert browser.driver.get_cookie("left") is None
    assert browser.driver.execute_script("return localStorage.length") == 0
    assert browser.complaints() == []

    browser.driver.add_cookie({"name": "left", "value": turn})
    browser.driver.execute_script("localStorage.setItem('left', '1'); console.error('left')")
