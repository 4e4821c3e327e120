"""Leaving quickly, in a real browser: the page is gone at once, and Back shows nothing of it."""

from __future__ import annotations

import pytest
from pytest_django import Settings
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from accounts.models import AgencyKind, Role, Session
from tests import make
from tests.browser.conftest import PATIENCE, Browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def _sign_in(browser: Browser) -> None:
    """Sign in as an advocate, and open a page to which Back leads later."""
    browser.sign_in(make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY)))
    browser.open("/account/")


@pytest.mark.parametrize("way", ["button", "keys", "no script"])
def test_the_page_is_gone_and_back_shows_nothing(
    way: str, browser: Browser, weather: str, settings: Settings
) -> None:
    driver = browser.driver
    settings.EXIT_URL = weather
    _sign_in(browser)
    browser.open("/releases/")

    if way == "keys":
        ActionChains(driver).send_keys("A", Keys.SHIFT, Keys.SHIFT).perform()
        assert "1 more time" in driver.find_element(By.CSS_SELECTOR, ".presses").text
        ActionChains(driver).send_keys(Keys.SHIFT).perform()
    elif way == "no script":
        driver.execute_script(
            "HTMLFormElement.prototype.submit.call(document.querySelector('.leaving .leave'))"
        )
    else:
        driver.find_element(By.CSS_SELECTOR, "button.exit").click()

    wait = WebDriverWait(driver, PATIENCE)
    wait.until(lambda _: driver.title == "Weather")
    for _ in range(2):
        driver.back()
        wait.until(lambda _: driver.title == "Closed")
        assert "order" not in driver.page_source.casefold()


@pytest.mark.parametrize("path", ["/help/", "/guides/es/", "/p/nothing"])
def test_pages_without_an_account_are_left_by_keys(
    path: str, browser: Browser, weather: str, settings: Settings
) -> None:
    driver = browser.driver
    settings.EXIT_URL = weather
    browser.open("/statistics/")
    browser.open(path)

    ActionChains(driver).send_keys(*[Keys.SHIFT] * 3).perform()

    wait = WebDriverWait(driver, PATIENCE)
    wait.until(lambda _: driver.title == "Weather")
    driver.back()
    wait.until(lambda _: driver.title == "Closed")


def test_back_shows_no_sign_in_page_when_the_sign_out_was_late(
    browser: Browser, weather: str, settings: Settings
) -> None:
    driver = browser.driver
    settings.EXIT_URL = weather
    _sign_in(browser)
    # The browser does not keep this page in memory, so Back asks the server for it.
    driver.execute_script("addEventListener('unload', () => {})")
    browser.open("/releases/")
    driver.execute_script("navigator.sendBeacon = () => true")

    driver.find_element(By.CSS_SELECTOR, "button.exit").click()

    wait = WebDriverWait(driver, PATIENCE)
    wait.until(lambda _: driver.title == "Weather")
    # The server has signed out, and its answer with the cookie has not arrived.
    Session.objects.all().delete()
    driver.back()
    wait.until(lambda _: driver.title == "Closed")
