"""A headless Chromium, and a helper that uses pages by the words that a person reads."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Literal

import pytest
import requests
from pytest_django.live_server_helper import LiveServer
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait
from websocket import WebSocket, create_connection

from accounts.models import User
from accounts.services import people

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)

PASSWORD = "two herons over Essex"

#: Seconds before a page that does not come is a failure.
PATIENCE = 60


class Browser:
    """What a person does in front of it."""

    def __init__(self, driver: webdriver.Chrome, address: str) -> None:
        self.driver = driver
        self.address = address

    def open(self, path: str) -> None:
        """Opens a page of the site."""
        self.driver.get(f"{self.address}{path}")

    def sign_in(self, person: User) -> None:
        """Signs in on the sign-in page."""
        self.open("/sign-in/")
        self.sign_in_here(person)

    def sign_in_here(self, person: User) -> None:
        """Signs in on the page that is open, which leads on to where it was asked for."""
        people.set_password(user=person, password=PASSWORD)
        self.driver.find_element(By.NAME, "username").send_keys(person.email)
        self.driver.find_element(By.NAME, "password").send_keys(PASSWORD)
        self.press("Sign in")
        # In the language of the person: the notice's first button accepts it.
        self.press_this(self.all_of("main form.card button.primary")[0])

    def sign_out(self) -> None:
        """Signs out, by the button at the head of the page."""
        before = self.driver.find_element(By.TAG_NAME, "html")
        self.driver.find_element(By.CSS_SELECTOR, ".account button").click()
        self._wait().until(lambda _: self._is_gone(before))

    def wait_for(self, words: str) -> None:
        """Waits for a page that says so."""
        self._wait().until(lambda driver: words in driver.find_element(By.TAG_NAME, "main").text)

    def all_of(self, selector: str) -> list[WebElement]:
        """Waits until elements fit the selector, and returns them."""
        return self._wait().until(lambda driver: driver.find_elements(By.CSS_SELECTOR, selector))

    def wait_until_typing_goes_to(self, name: str) -> None:
        """Waits until the page that opened has put the cursor into that field."""
        self._wait().until(lambda driver: driver.switch_to.active_element.get_attribute("name") == name)

    def type(self, **fields: str) -> None:
        """Fills in fields by their names; a choice is chosen by its words."""
        for name, value in fields.items():
            field = self.driver.find_element(By.NAME, name)
            if field.tag_name == "select":
                Select(field).select_by_visible_text(value)
            elif field.get_attribute("type") == "date":
                # As the picker sets it: what the keyboard must send differs from language to language.
                self.driver.execute_script("arguments[0].value = arguments[1]", field, value)
            elif field.get_attribute("type") == "checkbox":
                field.click()
            else:
                field.send_keys(value)

    def press(self, words: str) -> None:
        """Presses the button or the link with these words and waits for the page it leads to."""
        try:
            element = self._wait().until(lambda _: self._only(words))
        except TimeoutException:
            shown = f"{self.driver.current_url} reads: {self.text[:1000]}"
            raise AssertionError(f"Not one button or link “{words}”. {shown}") from None
        self.press_this(element)

    def press_this(self, element: WebElement) -> None:
        """Presses it and waits for the page it leads to."""
        before = self.driver.find_element(By.TAG_NAME, "html")
        element.click()
        self._wait().until(lambda _: self._is_gone(before))

    def unfold(self, words: str) -> None:
        """Opens every part of the page that is folded under a line with these words; open ones stay open."""
        for summary in self.driver.find_elements(By.CSS_SELECTOR, "details:not([open]) > summary"):
            if words in summary.text:
                summary.click()

    @property
    def everything(self) -> str:
        """What a person reads after opening each folded part; menus stay closed."""
        self.driver.execute_script(
            "for (const one of document.querySelectorAll('main details:not(.menu)')) one.open = true"
        )
        return self.text

    @property
    def text(self) -> str:
        """What a person reads: folded parts are not in it."""
        return self.driver.find_element(By.TAG_NAME, "main").text

    def is_wider_than(self, width: int) -> bool:
        """True when the page must be pushed sideways in a window so wide."""
        metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        return int(self.driver.execute_script("return document.documentElement.scrollWidth")) > width

    def complaints(self) -> list[str]:
        """What the browser's console says went wrong."""
        log: list[dict[str, str]] = self.driver.execute("getLog", {"type": "browser"})["value"]
        return [entry["message"] for entry in log]

    def _pressable(self) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, "main button, main a, main input[type=submit]")

    def _only(self, words: str) -> WebElement | Literal[False]:
        """The one button or link with these words; False while there is another number of them."""
        # The admin site shows some in capitals.
        same = [one for one in self._pressable() if _words(one) == words.casefold()]
        found = [one for one in same if one.is_displayed()]
        if same and not found:
            # In a menu or another folded part: open it, as a person does.
            self.driver.execute_script(
                "for (let up = arguments[0].closest('details'); up; "
                "up = up.parentElement.closest('details')) up.open = true",
                same[0],
            )
            found = [one for one in same if one.is_displayed()]
        return found[0] if len(found) == 1 else False

    def _wait(self) -> WebDriverWait[webdriver.Chrome]:
        return WebDriverWait(self.driver, PATIENCE, ignored_exceptions=[StaleElementReferenceException])

    def _is_gone(self, element: WebElement) -> bool:
        ready = self.driver.execute_script("return document.readyState") == "complete"
        return bool(ready) and self.driver.find_element(By.TAG_NAME, "html") != element


def _words(element: WebElement) -> str:
    words = element.text or element.get_attribute("value") or element.get_attribute("textContent") or ""
    return words.strip().casefold()


@pytest.fixture
def browser(driver: webdriver.Chrome, live_server: LiveServer) -> Browser:
    """A browser on the running site."""
    return Browser(driver, live_server.url)


@pytest.fixture
def driver(chromium: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """A new window of a profile in which nothing is stored."""
    with closing(_control(chromium)) as control:
        profile = _order(control, "Target.createBrowserContext")["browserContextId"]
        opened = _order(control, "Target.createTarget", url="about:blank", browserContextId=profile)
        first = chromium.current_window_handle
        chromium.switch_to.window(opened["targetId"])
        # The console keeps what earlier pages wrote until it is read.
        chromium.execute("getLog", {"type": "browser"})
        yield chromium
        chromium.switch_to.window(first)
        _order(control, "Target.disposeBrowserContext", browserContextId=profile)


def _control(chromium: webdriver.Chrome) -> WebSocket:
    """A connection to the browser itself. The driver sends commands to a page, which makes no profiles."""
    address = chromium.capabilities["goog:chromeOptions"]["debuggerAddress"]
    found = requests.get(f"http://{address}/json/version", timeout=PATIENCE).json()
    return create_connection(found["webSocketDebuggerUrl"], timeout=PATIENCE, suppress_origin=True)


def _order(control: WebSocket, method: str, **given: Any) -> Any:
    """Send a command of the DevTools protocol and return its result."""
    control.send(json.dumps({"id": 1, "method": method, "params": given}))
    return json.loads(control.recv())["result"]


@pytest.fixture(scope="session")
def chromium(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One Chromium for all tests of a process, because starting one takes seconds.

    It ends before the database is removed: its open connections keep the live server's sessions.
    """
    if not (CHROMIUM and DRIVER):
        pytest.skip("Chromium and its driver are not installed: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "WARNING"})
    found = webdriver.Chrome(options=options, service=Service(executable_path=DRIVER))
    found.set_page_load_timeout(PATIENCE)
    yield found
    found.quit()


class _Weather(BaseHTTPRequestHandler):
    """Another site, to which Exit leads."""

    def do_GET(self) -> None:
        """Answer with a page."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<title>Weather</title><main>Rain</main>")

    def log_message(self, *_args: object) -> None:
        """Print nothing."""


@pytest.fixture
def weather() -> Iterator[str]:
    """The address of another site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Weather)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
