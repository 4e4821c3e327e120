"""An officer without a signal: what is typed stays on the telephone, encrypted, and is sent once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image
from pytest_django import Settings
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from accounts.models import Role
from orders.models import Attachment, Receipt
from orders.services.firearms.inventory import list_firearm
from tests import make
from tests.browser.conftest import PATIENCE, Browser

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.django_db(transaction=True)]

#: Everything that the device keeps, as text: what is encrypted stays unreadable in it.
_KEPT = """
const done = arguments[arguments.length - 1]
const opening = indexedDB.open('ctcompliance.kept', 1)
opening.onupgradeneeded = () => opening.result.createObjectStore('forms')
opening.onsuccess = () => {
  const all = opening.result.transaction('forms').objectStore('forms').getAll()
  all.onsuccess = () => {
    opening.result.close()
    const read = new TextDecoder('latin1')
    done(all.result.map((one) => JSON.stringify({ ...one, data: read.decode(one.data) })).join(' ') +
      JSON.stringify({ ...localStorage, ...sessionStorage }))
  }
}
"""


#: Let the next request reach the server, and lose what it answers.
_LOSE_AN_ANSWER = """
const real = window.fetch
window.fetch = async (...given) => { await real(...given); window.fetch = real; throw new TypeError('lost') }
"""


def until(browser: Browser, met: Callable[[], Any]) -> Any:
    return WebDriverWait(browser.driver, PATIENCE).until(lambda _: met())


def state(browser: Browser, wanted: str) -> None:
    """Wait for the page to show this state of the connection."""
    until(browser, lambda: browser.driver.find_elements(By.CSS_SELECTOR, f"[data-state={wanted}]"))


def cut(browser: Browser, *, offline: bool) -> None:
    """Cut the network, or bring it back."""
    network = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    browser.driver.execute_cdp_cmd("Network.enable", {})
    browser.driver.execute_cdp_cmd("Network.emulateNetworkConditions", network)


def kept(browser: Browser) -> str:
    return str(browser.driver.execute_async_script(_KEPT))


def test_a_receipt_survives_a_lost_connection_and_is_stored_once(browser: Browser) -> None:
    now = timezone.now()
    police = make.agency(name="Elm Police")
    order = make.served_order(
        now=now,
        ago=timedelta(hours=30),
        issued_at=now - timedelta(days=3),
        respondent_town=make.town(police),
        protected_person="Robin Elm",
    )
    for serial in ("S-1", "S-2"):
        list_firearm(order, source="application", make="Ruger", serial=serial, by=None, now=now)
    browser.sign_in(person := make.person(Role.LIAISON, police))
    page = f"/cases/{order.public_id}/receipt/"
    browser.open(page)
    state(browser, "live")

    cut(browser, offline=True)
    browser.driver.find_element(By.CSS_SELECTOR, "label.pick").click()
    browser.driver.find_element(By.NAME, "shelf").send_keys("Shelf B4")
    assert "After this: 1 of 2." in browser.text
    state(browser, "saved")
    browser.driver.find_element(By.CSS_SELECTOR, "button.big").click()
    state(browser, "waiting")
    until(browser, lambda: '"isQueued":true' in kept(browser))
    for words in ("Shelf B4", "Ruger", "Ash Birch", "Robin Elm"):
        assert words not in kept(browser)
    assert not Receipt.objects.exists()

    cut(browser, offline=False)
    browser.wait_for("1 of 2 accounted for")
    receipt = Receipt.objects.get(order=order)
    assert str(receipt.public_id) in browser.driver.current_url
    assert json.loads(kept(browser))["ctcompliance.active"]

    # The page is closed before it is sent; the same person opens it again.
    browser.open(page)
    state(browser, "live")
    browser.driver.find_element(By.CSS_SELECTOR, "label.pick").click()
    browser.type(shelf="Shelf B5")
    until(browser, lambda: '"isQueued":false' in kept(browser))
    browser.open("/")
    browser.open(page)
    state(browser, "back")
    assert browser.driver.find_element(By.NAME, "shelf").get_attribute("value") == "Shelf B5"

    # The server stores it, but the answer is lost: sent again, it is still one.
    browser.driver.execute_script(_LOSE_AN_ANSWER)
    browser.driver.find_element(By.CSS_SELECTOR, "button.big").click()
    state(browser, "waiting")
    assert Receipt.objects.count() == 2
    browser.driver.execute_script("window.dispatchEvent(new Event('online'))")
    browser.wait_for("All 2 accounted for.")
    assert Receipt.objects.count() == 2

    browser.open(page)
    state(browser, "live")
    browser.type(shelf="Shelf B6")
    until(browser, lambda: "isQueued" in kept(browser))

    # The session ends before it is sent: after sign-in the person checks it, and no timer sends it.
    browser.driver.delete_cookie("sessionid")
    browser.driver.find_element(By.CSS_SELECTOR, "button.big").click()
    browser.wait_for("Forgot your password?")
    browser.sign_in_here(person)
    until(browser, lambda: '"isQueued":false' in kept(browser))

    browser.sign_out()
    until(browser, lambda: "isQueued" not in kept(browser))


def test_a_refused_receipt_keeps_its_photograph(browser: Browser, settings: Settings, tmp_path: Path) -> None:
    settings.ATTACHMENTS_DIR = tmp_path / "stored"
    now = timezone.now()
    police = make.agency(name="Elm Police")
    order = make.served_order(now=now, issued_at=now - timedelta(days=3), respondent_town=make.town(police))
    list_firearm(order, source="application", make="Ruger", serial="HHD0051", by=None, now=now)
    photo = tmp_path / "photo.jpg"
    Image.new("RGB", (640, 480), "gray").save(photo, "JPEG")
    browser.sign_in(make.person(Role.LIAISON, police))
    browser.open(f"/cases/{order.public_id}/receipt/")
    state(browser, "live")

    browser.driver.find_element(By.NAME, "photos").send_keys(str(photo))
    browser.driver.find_element(By.CSS_SELECTOR, "details summary").click()
    browser.type(**{"item0-serial": "HHD0O51"})
    browser.driver.find_element(By.CSS_SELECTOR, "button.big").click()
    state(browser, "again")

    assert "Is it the same firearm?" in browser.text
    assert "Choose the photographs again" not in browser.text
    browser.driver.find_element(By.CSS_SELECTOR, "[name=item0-same][value=same]").click()
    browser.driver.find_element(By.CSS_SELECTOR, "button.big").click()
    browser.wait_for("1 photograph kept.")
    assert Attachment.objects.get().receipt == Receipt.objects.get()
    assert "isQueued" not in kept(browser)
