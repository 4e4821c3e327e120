"""An officer's way from the alert in the mailbox to the receipt in hand, on a telephone and a wide screen.

docs/officer-tasks.md holds the counted taps and typed characters; this test fails if they are others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django import Settings
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from accounts.models import Agency, Role, User
from accounts.services import people
from notifications.services.delivery import sending
from notifications.services.firing.fire import Firer
from orders.models import Attachment, Attempt, HistoryEntry, Order, Receipt
from orders.services.firearms.inventory import list_firearm
from tests import make, pdf
from tests.browser.conftest import PASSWORD, Browser
from tests.browser.test_lost_connection import cut, kept, state, until
from tests.browser.test_signing_in import plug_in
from tests.ledger import Ledger

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TABLE = Path(__file__).parents[2] / "docs" / "officer-tasks.md"
_ROW = re.compile(r"^\| ([^|]+?) \| (\d+) \| (\d+) \|", re.MULTILINE)
#: The most taps from the mail to the PDF for two firearms.
MOST_TAPS = 12
SECRETS = ("Robin Elm", "robin")


@dataclass
class Officer:
    """An officer with a browser, who counts taps and typed characters by task."""

    browser: Browser
    counted: dict[str, list[int]] = field(default_factory=dict)
    task: str = ""

    @contextmanager
    def doing(self, task: str) -> Iterator[None]:
        """Count for this task."""
        self.task = task
        self.counted[task] = [0, 0]
        yield

    def tap(self, words: str) -> None:
        """Tap the one button or link with these words, which leads to a page."""
        self.add()
        self.browser.press(words)

    def tap_here(self, element: WebElement) -> None:
        """Tap something that stays on the page."""
        self.add()
        element.click()

    def find(self, selector: str) -> WebElement:
        """Return the first element that fits."""
        return self.browser.driver.find_element(By.CSS_SELECTOR, selector)

    def photograph(self, file: Path) -> None:
        """Take a photograph: the field is tapped; the taps in the camera are its own."""
        self.add()
        self.find("input[name=photos]").send_keys(str(file))

    def sign(self, party: str) -> None:
        """Sign in the field of this side; one stroke counts as one tap."""
        self.add()
        pad = self.find(f".pad[data-method={party}_method] canvas")
        pen = ActionChains(self.browser.driver).move_to_element(pad).click_and_hold()
        pen.move_by_offset(40, 15).move_by_offset(20, -25).release().perform()

    def add(self, taps: int = 1, typed: int = 0) -> None:
        """Count."""
        self.counted[self.task][0] += taps
        self.counted[self.task][1] += typed

    @property
    def taps(self) -> int:
        """All taps so far."""
        return sum(taps for taps, _ in self.counted.values())


@dataclass
class Night:
    """An overdue case of two firearms, the officer who is on duty, and the mail that was sent."""

    officer: Officer
    police: Agency
    person: User
    order: Order
    link: str
    photo: Path


@pytest.fixture
def night(browser: Browser, ledger: Ledger, settings: Settings, tmp_path: Path) -> Night:
    """Fire the alert and send it by SMTP, as the worker does."""
    settings.SECOND_FACTOR_REQUIRED = True
    settings.ATTACHMENTS_DIR = tmp_path / "stored"
    settings.BASE_URL = browser.address
    now = timezone.now()
    police = make.agency(name="Elm Police")
    person = people.set_password(user=make.person(Role.LIAISON, police), password=PASSWORD)
    order = make.served_order(
        now=now,
        ago=timedelta(hours=30),
        issued_at=now - timedelta(days=3),
        respondent_town=make.town(police),
        respondent_address="7 Elm Lane",
        protected_person="Robin Elm",
    )
    for serial in ("S-1", "S-2"):
        list_firearm(order, source="application", make="Ruger", serial=serial, by=None, now=now)
    _own_a_passkey(browser, person)
    Firer("test").fire(now=now)
    sending.drain(worker="w")
    (mail,) = [one for one in ledger.lines() if one["to"] == [person.email]]
    found = re.search(r"http\S+", str(mail["body"]))
    assert found
    for secret in ("Ash Birch", "Elm Lane", *SECRETS):
        assert secret not in f"{mail['headers']} {mail['body'].replace(found[0], '')}"
    photo = tmp_path / "Robin Elm.jpg"
    Image.new("RGB", (640, 480), "gray").save(photo, "JPEG")
    return Night(Officer(browser), police, person, order, found[0], photo)


def _own_a_passkey(browser: Browser, person: User) -> None:
    plug_in(browser)
    browser.open("/sign-in/")
    browser.type(username=person.email, password=PASSWORD)
    browser.press("Sign in")
    browser.press("I have read this and accept it")
    browser.press("Set up a passkey")
    browser.driver.find_element(By.NAME, "passwordless").click()
    browser.press("Set up")
    browser.driver.delete_all_cookies()


def _as_wide_as(browser: Browser, width: int) -> None:
    size = {"width": width, "height": 812, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def _arrive(night: Night) -> None:
    """From the mail to the form of the receipt."""
    officer, browser = night.officer, night.officer.browser
    with officer.doing("Open the mail's link"):
        officer.add()
        browser.driver.get(night.link)
    with officer.doing("Sign in with a passkey"):
        officer.tap("Sign in with a passkey")
        officer.tap("I have read this and accept it")
    with officer.doing("Acknowledge; the case opens"):
        officer.tap("Acknowledge and open")
    assert browser.driver.find_element(By.TAG_NAME, "h1").text == "Ash Birch"
    with officer.doing("Record the attempt that recovered them"):
        officer.tap("Record an attempt at recovery")
        officer.tap("Recovered now: write the receipt")
    assert "Now write the receipt" in browser.text


def _fill_in(night: Night) -> None:
    """The receipt of two listed firearms, with a photograph and both signatures."""
    officer = night.officer
    with officer.doing("Tick both firearms"):
        officer.tap_here(officer.find("[data-all]"))
    assert "After this: 2 of 2." in officer.browser.text
    with officer.doing("Photograph them"):
        officer.photograph(night.photo)
    with officer.doing("Both sign on the screen"):
        officer.sign("giver")
        officer.sign("taker")


def _in_hand(night: Night) -> None:
    """The PDF is on the telephone; it names nothing that the respondent must not read."""
    officer, browser = night.officer, night.officer.browser
    browser.wait_for("All 2 accounted for.")
    with officer.doing("Open the PDF"):
        officer.tap_here(officer.find("a.button.primary[href*='/receipt']"))
    until(browser, lambda: "/documents/" in browser.driver.current_url)
    cookies = {one["name"]: one["value"] for one in browser.driver.get_cookies()}
    file = requests.get(browser.driver.current_url, cookies=cookies, timeout=30)
    found = pdf.Pdf(file.content)
    assert "S-1" in found.text
    assert "S-2" in found.text
    for secret in SECRETS:
        assert secret not in f"{file.headers} {found.everything}"


def _stored_once(night: Night) -> None:
    receipt = Receipt.objects.get(order=night.order)
    assert {one.method for one in receipt.signatures.all()} == {"screen"}
    assert receipt.signatures.count() == 2
    assert Attachment.objects.filter(order=night.order).count() == 1
    assert Attempt.objects.get(order=night.order).result == "recovered"
    entries = HistoryEntry.objects.filter(order=night.order, kind="acknowledged")
    assert {one.actor for one in entries} == {night.person}


def _make(night: Night) -> None:
    with night.officer.doing("Make the receipt"):
        night.officer.tap("Make the receipt")


def _cut_in_the_middle(night: Night) -> None:
    """The signal is gone before the receipt is made, and comes back by itself."""
    officer, browser = night.officer, night.officer.browser
    cut(browser, offline=True)
    with officer.doing("Make the receipt"):
        officer.tap_here(officer.find("form#take button.big"))
    state(browser, "waiting")
    for secret in ("Ruger", "Ash Birch", *SECRETS):
        assert secret not in kept(browser)
    assert not Receipt.objects.exists()
    cut(browser, offline=False)
    browser.wait_for("All 2 accounted for.")


def _session_ends_in_the_middle(night: Night) -> None:
    """The session is over when the receipt is made: sign-in leads back, and nothing was lost."""
    officer, browser = night.officer, night.officer.browser
    browser.driver.delete_cookie("sessionid")
    with officer.doing("Make the receipt"):
        officer.tap_here(officer.find("form#take button.big"))
    browser.wait_for("Forgot your password?")
    with officer.doing("Sign in again, check, send"):
        officer.tap("Sign in with a passkey")
        officer.tap("I have read this and accept it")
        state(browser, "back")
        assert officer.find("input[name=photos]").get_property("files")
        officer.tap("Make the receipt")


@pytest.mark.parametrize(
    ("width", "finish"),
    [
        pytest.param(375, _make, id="telephone"),
        pytest.param(1280, _make, id="wide", marks=pytest.mark.long),
        pytest.param(375, _cut_in_the_middle, id="cut", marks=pytest.mark.long),
        pytest.param(375, _session_ends_in_the_middle, id="ended", marks=pytest.mark.long),
    ],
)
def test_from_the_mail_to_the_receipt_in_hand(
    night: Night, width: int, finish: Callable[[Night], None]
) -> None:
    _as_wide_as(night.officer.browser, width)
    _arrive(night)
    _fill_in(night)
    finish(night)
    _in_hand(night)

    _stored_once(night)
    again = night.officer.counted.pop("Sign in again, check, send", [0, 0])
    assert again == ([3, 0] if finish is _session_ends_in_the_middle else [0, 0])
    assert night.officer.taps <= MOST_TAPS
    shown = {task: [int(taps), int(typed)] for task, taps, typed in _ROW.findall(TABLE.read_text())}
    assert night.officer.counted == shown


@pytest.mark.long
def test_two_officers_at_once_store_one_receipt(night: Night, settings: Settings) -> None:
    """A colleague sends the same two firearms while the officer still fills in the form."""
    browser = night.officer.browser
    _as_wide_as(browser, 375)
    _arrive(night)
    _fill_in(night)
    # The colleague's client has no passkey.
    settings.SECOND_FACTOR_REQUIRED = False
    colleague = Client()
    colleague.force_login(make.person(Role.LIAISON, night.police))
    page = f"/cases/{night.order.public_id}/receipt/"
    form = colleague.get(page).context["form"]
    at = timezone.now().replace(second=0, microsecond=0)
    sent = {
        "items": "1",
        "item0-what": "Pistol",
        "firearms": [str(one.pk) for one in form.listed],
        "received_at_0": f"{at:%Y-%m-%d}",
        "received_at_1": f"{at:%H:%M} +0000",
        "officer": "Lee Ash",
        "agency": str(night.police.pk),
        "giver": "respondent",
    }
    assert colleague.post(page, sent).status_code == 302

    browser.press("Make the receipt")

    assert "Nothing is saved yet" in browser.text
    assert Receipt.objects.filter(order=night.order).count() == 1
    entries = HistoryEntry.objects.filter(order=night.order, kind="acknowledged")
    assert {one.actor for one in entries} == {night.person}
    browser.driver.find_element(By.PARTIAL_LINK_TEXT, "Back to Ash Birch").click()
    browser.wait_for("2 of 2 accounted for")
