"""Signing in: notice, app, passkey and the warning before the session ends, on a phone and a laptop."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions
from selenium.webdriver.support.ui import WebDriverWait

from accounts.models import AgencyKind, AuditAction, AuditEntry, Role, User
from accounts.services import people
from tests import make
from tests.accounts.sign_in_steps import code, enter, set_up_app
from tests.browser.conftest import PASSWORD, PATIENCE, Browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = (375, 1280)


@pytest.fixture(autouse=True)
def _strict(settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True


@pytest.fixture
def clerk() -> User:
    """Somebody with a password and nothing else."""
    user = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    return people.set_password(user=user, password=PASSWORD)


def test_the_first_sign_in_sets_up_an_app_and_the_second_uses_it(browser: Browser, clerk: User) -> None:
    _password(browser, clerk)
    assert "Use notice" in browser.text
    browser.press("I have read this and accept it")
    assert "Set up a second factor" in browser.text
    browser.open("/admin/")
    assert "Set up a second factor" in browser.text, "nothing else answers"

    browser.press("Set up an app")
    secret = browser.driver.find_element(By.CSS_SELECTOR, "code.key").text
    picture = browser.driver.find_element(By.CSS_SELECTOR, "img.qr")
    assert browser.driver.execute_script("return arguments[0].naturalWidth", picture) > 100
    browser.type(code=code(secret))
    browser.press("Set up")
    assert len(re.findall(r"\b\d{8}\b", browser.text)) == 10
    browser.press("Continue")
    assert "To acknowledge" in browser.text

    browser.sign_out()
    _password(browser, clerk)
    browser.press("I have read this and accept it")
    browser.type(code="000000")
    browser.press("Continue")
    assert "That code or passkey is not valid." in browser.text
    _paste(browser, "code", code(secret, step=1))
    browser.press("Continue")

    assert "To acknowledge" in browser.text
    assert browser.complaints() == []


def test_a_passkey_is_the_second_step_and_signs_in_alone(browser: Browser, clerk: User) -> None:
    plug_in(browser)
    _password(browser, clerk)
    browser.press("I have read this and accept it")
    browser.press("Set up a passkey")
    browser.driver.find_element(By.NAME, "passwordless").click()
    browser.press("Set up")
    assert "Recovery codes" in browser.text
    browser.press("Continue")

    browser.sign_out()
    _password(browser, clerk)
    browser.press("I have read this and accept it")
    browser.press("Use a passkey")
    assert "To acknowledge" in browser.text

    browser.sign_out()
    browser.open("/account/")
    browser.press("Sign in with a passkey")
    browser.press("I have read this and accept it")
    assert "Account security" in browser.text, "the page that was asked for"

    assert browser.complaints() == []
    methods = (
        AuditEntry.objects.filter(action=AuditAction.SIGN_IN)
        .order_by("id")
        .values_list("detail__by", flat=True)
    )
    assert list(methods) == [["password"], ["password", "webauthn"], ["webauthn"]]


def test_a_passkey_alone_opens_an_account_that_strangers_locked(browser: Browser, clerk: User) -> None:
    plug_in(browser)
    _password(browser, clerk)
    browser.press("I have read this and accept it")
    browser.press("Set up a passkey")
    browser.driver.find_element(By.NAME, "passwordless").click()
    browser.press("Set up")
    browser.sign_out()
    people.lock_user(user=clerk)

    browser.open("/sign-in/")
    browser.press("Sign in with a passkey")
    browser.press("I have read this and accept it")

    assert clerk.sessions.exists()
    clerk.refresh_from_db()
    assert clerk.locked_at is None


def test_a_missing_passkey_is_reported(browser: Browser, clerk: User) -> None:
    authenticator = plug_in(browser)
    browser.open("/sign-in/")
    assert authenticator
    browser.driver.remove_virtual_authenticator()

    button = browser.driver.find_element(By.ID, "passkey")
    browser.driver.execute_script("navigator.credentials.get = () => Promise.reject(new Error('none'))")
    button.click()

    WebDriverWait(browser.driver, PATIENCE).until(lambda _: "did not provide a passkey" in browser.text)


def test_the_session_warning_appears_in_time_and_one_click_continues(
    browser: Browser, clerk: User, settings: Settings
) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    browser.sign_in(clerk)
    calm = settings.SESSION_COOKIE_AGE - settings.SESSION_WARNING

    _idle(browser, calm - 60)
    assert not _warned(browser)
    _idle(browser, calm + 1)
    assert _warned(browser)
    assert "You will be signed out soon" in browser.driver.find_element(By.ID, "session-end").text
    focused = browser.driver.switch_to.active_element
    assert focused.text == "Stay signed in"
    focused.send_keys(Keys.ENTER)
    WebDriverWait(browser.driver, PATIENCE).until(lambda _: not _warned(browser))
    assert AuditEntry.objects.filter(action=AuditAction.DONE, detail={"extended": "session"}).count() == 1

    # Left alone, the page goes away by itself.
    clerk.sessions.all().delete()
    _idle(browser, settings.SESSION_COOKIE_AGE + 1, looks=False)
    WebDriverWait(browser.driver, PATIENCE).until(lambda driver: "/sign-in/" in driver.current_url)
    assert browser.complaints() == []


def test_signing_in_works_by_keyboard_alone(browser: Browser, clerk: User) -> None:
    client = Client()
    enter(client, people.set_password(user=clerk, password="a long walk to Mystic"))
    secret = set_up_app(client)
    browser.open("/sign-in/")
    browser.wait_until_typing_goes_to("username")

    _keys(browser, clerk.email, Keys.TAB, "a long walk to Mystic", Keys.ENTER)
    browser.wait_for("Use notice")
    _tab_to(browser, "I have read this and accept it")
    _keys(browser, Keys.ENTER)
    browser.wait_for("Second factor")
    _keys(browser, code(secret, step=1), Keys.ENTER)

    browser.wait_for("To acknowledge")


@pytest.mark.parametrize("width", SIZES)
def test_every_page_fits(width: int, browser: Browser, clerk: User) -> None:
    _password(browser, clerk)
    assert not browser.is_wider_than(width)
    browser.press("I have read this and accept it")
    pages = ["/account/set-up/", "/account/passkeys/add/", "/account/app/add/"]
    for address in pages:
        browser.open(address)
        assert not browser.is_wider_than(width), address
    secret = browser.driver.find_element(By.CSS_SELECTOR, "code.key").text
    browser.type(code=code(secret))
    browser.press("Set up")
    assert not browser.is_wider_than(width)
    for address in (
        "/account/",
        "/account/password/",
        "/account/recovery-codes/",
        "/account/recovery-codes/new/",
        "/account/app/remove/",
        "/account/sign-in-again/",
        "/admin/",
    ):
        browser.open(address)
        assert not browser.is_wider_than(width), address
    assert browser.complaints() == []


def _password(browser: Browser, person: User) -> None:
    browser.open("/sign-in/")
    browser.type(username=person.email, password=PASSWORD)
    browser.press("Sign in")


def plug_in(browser: Browser) -> Any:
    """A passkey in the browser whose owner is always there and always says yes."""
    options = VirtualAuthenticatorOptions()
    options.has_resident_key = True
    options.has_user_verification = True
    options.is_user_verified = True
    browser.driver.add_virtual_authenticator(options)
    return browser.driver.virtual_authenticator_id


def _paste(browser: Browser, name: str, text: str) -> None:
    browser.driver.find_element(By.NAME, name).click()
    browser.driver.execute_cdp_cmd("Input.insertText", {"text": text})


def _warned(browser: Browser) -> bool:
    return browser.driver.find_element(By.ID, "session-end").is_displayed()


def _idle(browser: Browser, seconds: int, *, looks: bool = True) -> None:
    """Let the last use of the session be that long ago. The page looks at once, or else by its own clock."""
    browser.driver.execute_script(
        "localStorage.setItem('ctcompliance.active', Date.now() - 1000 * arguments[0]);"
        "if (arguments[1]) document.dispatchEvent(new Event('visibilitychange'))",
        seconds,
        looks,
    )


def _keys(browser: Browser, *keys: str) -> None:
    for one in keys:
        browser.driver.switch_to.active_element.send_keys(one)


def _tab_to(browser: Browser, words: str) -> None:
    for _ in range(12):
        if browser.driver.switch_to.active_element.text == words:
            return
        _keys(browser, Keys.TAB)
    raise AssertionError(f"no way to “{words}” by the tabulator key")
