"""An advocate between two clients, with a telephone: orders, a safe contact, and a release that ends."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from accounts.models import Role, User
from notifications.services.contacts.preferences import set_language
from orders.models import ConfidentialityRelease
from orders.services.parties.releases import record_release, revoke_release, set_alias
from tests import make
from tests.api.fixtures import Fixtures, set_up
from tests.browser.conftest import PATIENCE, Browser
from tests.ledger import Ledger

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.django_db(transaction=True)]

#: A telephone, in CSS pixels.
WIDTH, HEIGHT = 375, 812

#: The words that the journey looks for, by language.
WORDS = {
    "en": {
        "title": "Your clients' orders",
        "guns": "Are the guns handed in?",
        "answer": "No, and the time is over",
        "steps": "What to do now",
        "window": "Best time to ask for a longer order",
    },
    "es": {
        "title": "Órdenes de sus clientes",
        "guns": "¿Ya entregó las armas?",
        "answer": "No, y el plazo ya pasó",
        "steps": "Qué hacer ahora",
        "window": "Mejor momento para pedir más tiempo",
    },
}


@dataclass
class Clients:
    """Two clients of one advocate: one whose guns are overdue, one whose order can be extended."""

    advocate: User
    stage: Fixtures
    urgent: ConfidentialityRelease
    calm: ConfidentialityRelease


@pytest.fixture
def clients() -> Clients:
    stage = set_up()
    now = timezone.now()
    order = make.order(
        kind="restraining_order",
        court=stage.court,
        now=now,
        issued_at=now - timedelta(days=300),
        served_at=now - timedelta(days=299),
        service_method="in_hand",
        firearms_indicated=False,
        expires_on=now.date() + timedelta(days=28),
    )
    calm = record_release(
        order,
        agency=stage.organization,
        signed_on=now.date() - timedelta(days=1),
        begins_at=now - timedelta(hours=1),
        ends_at=now + timedelta(days=60),
        by=None,
        now=now,
    )
    for release, alias in ((stage.release, "Blue Heron"), (calm, "Gray Goose")):
        set_alias(release, alias=alias)
    return Clients(make.person(Role.ADVOCATE, stage.organization), stage, stage.release, calm)


def on_a_telephone(browser: Browser) -> None:
    metrics = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 2, "mobile": True}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def path_of(release: ConfidentialityRelease) -> str:
    return f"/confidentiality-releases/{release.public_id}/"


def reads_the_answers_in_one_screen(browser: Browser, words: dict[str, str]) -> None:
    """All four answers fit on the screen at once, from the first question to the last sentence."""
    (answers,) = browser.all_of("main article.client dl.answers")
    assert words["guns"] in answers.text
    assert words["answer"] in answers.text
    assert len(answers.find_elements(By.TAG_NAME, "dt")) == 4
    assert answers.size["height"] <= HEIGHT
    assert browser.driver.execute_script("return document.documentElement.scrollWidth") <= WIDTH


@pytest.mark.parametrize("language", ["en", "es"])
def test_an_advocate_reads_between_two_clients(language: str, browser: Browser, clients: Clients) -> None:
    words = WORDS[language]
    set_language(clients.advocate, language)
    on_a_telephone(browser)
    began = time.monotonic()

    browser.sign_in(clients.advocate)
    browser.wait_for(words["title"])
    # The client whose guns are overdue is first, and the card has what to do next.
    first, second = browser.all_of("main article.client")
    assert "Blue Heron" in first.text
    assert words["answer"] in first.text
    assert words["steps"] in first.text
    assert "Gray Goose" in second.text
    assert words["window"] in second.text
    browser.press("Blue Heron")
    reads_the_answers_in_one_screen(browser, words)

    assert time.monotonic() - began < PATIENCE, "within a minute"
    assert browser.complaints() == []


def test_the_safe_contact_is_set_and_a_test_arrives_in_the_mailbox(
    browser: Browser, clients: Clients, ledger: Ledger
) -> None:
    on_a_telephone(browser)
    browser.sign_in(clients.advocate)
    browser.open(path_of(clients.urgent))
    browser.unfold("Add a safe contact")
    browser.type(channel="Email", address="quiet.heron@mail.example", phrase="The herons are back")
    browser.press("Save")
    browser.wait_for("quiet.heron@mail.example")
    assert "Check it now: it is not shown again." in browser.text

    browser.unfold("Send a test message")
    browser.press("Send it now")
    browser.wait_for("The test went out.")

    (line,) = [one for one in ledger.lines() if "quiet.heron@mail.example" in one["to"]]
    assert "The herons are back" in str(line["body"])
    for secret in ("Ash Birch", "Sky Linden", clients.stage.order.case.docket_number, "order"):
        assert secret not in str(line["body"])


def test_a_release_that_ends_while_the_page_is_open_shows_nothing_more(
    browser: Browser, clients: Clients, weather: str, settings: Settings
) -> None:
    settings.EXIT_URL = weather
    on_a_telephone(browser)
    browser.sign_in(clients.advocate)
    browser.open(path_of(clients.urgent))
    browser.wait_for("Blue Heron")
    revoke_release(clients.urgent, by=None, now=timezone.now())

    # What the open page still offers leads nowhere.
    browser.press("Keep this word")
    assert "Blue Heron" not in browser.driver.page_source
    browser.open("/")
    browser.wait_for("Gray Goose")
    assert "Blue Heron" not in browser.driver.page_source
    browser.open("/releases/")
    browser.wait_for("Gray Goose")

    browser.driver.find_element(By.CSS_SELECTOR, "button.exit").click()
    wait = WebDriverWait(browser.driver, PATIENCE)
    wait.until(lambda driver: driver.title == "Weather")
    browser.driver.back()
    # The page that comes back is replaced at once. Asking for its title at that moment holds it up.
    time.sleep(1)
    wait.until(lambda driver: driver.title == "Closed")
    assert "Gray Goose" not in browser.driver.page_source
