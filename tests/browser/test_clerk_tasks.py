"""A clerk's tasks on the screen, with the clicks, fields and pages that each one takes.

The table of docs/clerk-tasks.md holds the measured numbers, and this test fails if they are others. A page is
one that the browser loads; the page on which a task starts is not counted. A field is one that is filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

from accounts.models import Agency, AgencyKind, Membership, Role, Town
from accounts.services.agencies.reference import load_reference
from orders.models import Order
from tests import make
from tests.browser.conftest import Browser
from tests.orders.desk.test_imports import orders_file
from tests.orders.documents.test_attachments import PDF

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.django_db(transaction=True)]

COURT_TIME = ZoneInfo("America/New_York")
TABLE = Path(__file__).parents[2] / "docs" / "clerk-tasks.md"
_ROW = re.compile(r"^\| ([^|]+?) \| (\d+) \| (\d+) \| (\d+) \|", re.MULTILINE)


@dataclass
class Counted:
    """A browser that counts what a person does in it, by task."""

    browser: Browser
    taken: dict[str, list[int]] = field(default_factory=dict)
    task: str = ""

    @contextmanager
    def doing(self, task: str) -> Iterator[None]:
        """Count for this task."""
        self.task = task
        self.taken[task] = [0, 0, 0]
        yield

    def fill(self, **fields: str) -> None:
        """Fill in fields by name; a choice by its value."""
        for name, value in fields.items():
            element = self.browser.driver.find_element(By.NAME, name)
            if element.tag_name == "select":
                Select(element).select_by_value(value)
            elif element.get_attribute("type") == "date":
                self.browser.driver.execute_script("arguments[0].value = arguments[1]", element, value)
            else:
                element.send_keys(value)
            self.add(1)

    def tick(self, *words: str) -> None:
        """Tick the boxes with these words."""
        for label in self.browser.driver.find_elements(By.CSS_SELECTOR, "main label"):
            if any(one in label.text for one in words) and label.find_elements(By.TAG_NAME, "input"):
                label.find_element(By.TAG_NAME, "input").click()
                self.add(1)

    def press(self, selector: str) -> None:
        """Press the first link or button that fits; open the menu before if it is in there."""
        found = self.browser.driver.find_elements(By.CSS_SELECTOR, selector)
        assert found, f"{self.task}: no {selector} in {self.browser.text[:600]}"
        shown = next((one for one in found if one.is_displayed()), None)
        if shown is None:
            self._unfold(found[0])
            shown = found[0]
        self.browser.press_this(shown)
        self.add(0)
        self.add(2)

    def act(self, name: str, **fields: str) -> None:
        """Open the form of an act of the order's page, fill it in and send it."""
        self.press(f"main a[href*='/{name}/']")
        self.fill(**fields)
        self.send()

    def send(self) -> None:
        """Send the form; it must be saved."""
        self.press("main form:not([action*='sign']) input.default")
        errors = self.browser.driver.find_elements(By.CSS_SELECTOR, ".errornote")
        assert not errors, f"{self.task}: {errors[0].text}"

    def _unfold(self, element: WebElement) -> None:
        for details in reversed(element.find_elements(By.XPATH, "ancestor::details[not(@open)]")):
            self.browser.driver.execute_script("arguments[0].open = true", details)
            self.add(0)

    def add(self, kind: int) -> None:
        """Count a click (0), a field (1) or a page (2)."""
        self.taken[self.task][kind] += 1


def day(now: datetime, ahead: int) -> str:
    """The day so many days from today, as a date input takes it."""
    return f"{(now + timedelta(days=ahead)).date():%Y-%m-%d}"


def clock(at: datetime) -> str:
    """The time as a clerk types it."""
    return f"{at:%I:%M %p}".lower()


def test_the_tasks_of_a_clerk_take_what_the_table_shows(browser: Browser, tmp_path: Path) -> None:
    load_reference()
    court = Agency.objects.get(kind=AgencyKind.COURT, judicial_district__name="Hartford")
    clerk = make.person(Role.CLERK, make.agency(AgencyKind.COURT, "Superior Court of Elm"))
    Membership.objects.filter(user=clerk).update(agency=court)
    desk, now = Counted(browser), timezone.now().astimezone(COURT_TIME)

    with desk.doing("Sign in"):
        browser.sign_in(clerk)
        desk.taken[desk.task] = [2, 2, 2]
    order = _entered(desk, now)
    _served(desk, now)
    _proven(desk, now)
    _heard(desk, now)
    _ended(desk, now)
    _looked_up(desk, order)
    _files(desk, order, tmp_path)

    shown = {task: [*map(int, numbers)] for task, *numbers in _ROW.findall(TABLE.read_text())}
    assert {task: numbers for task, numbers in desk.taken.items() if shown.get(task) != numbers} == {}
    assert browser.complaints() == []


def _entered(desk: Counted, now: datetime) -> Order:
    with desk.doing("Enter an ex parte order with three firearms"):
        desk.press("main a[href$='/order/add/']")
        desk.fill(
            docket_number="HHD-FA-26-7700017-S",
            kind="ex_parte_restraining_order",
            issued_at_0=day(now, -3),
            issued_at_1="10:15 am",
            hearing_on=day(now, 0),
            respondent_name="Reese Ibarra",
            respondent_town=str(Town.objects.get(name="Hartford").pk),
            gun_1_make="Glock",
            gun_1_serial="AB101",
            gun_2_make="Ruger",
            gun_2_serial="AB102",
            gun_3_make="Colt",
            gun_3_serial="AB103",
        )
        desk.send()
    return Order.objects.get()


def _served(desk: Counted, now: datetime) -> None:
    with desk.doing("Failed attempt at service"):
        at = {"attempted_at_0": day(now, -3), "attempted_at_1": "6:00 pm"}
        desk.act("attempt", **at, method="in_hand", reason="No one opened.")
    with desk.doing("Service"):
        desk.act("serve", served_at_0=day(now, -2), served_at_1="6:00 pm", service_method="in_hand")
    with desk.doing("Correct a wrong time"):
        desk.press("main a[href*='/correct-service/']")
        desk.browser.driver.execute_script("document.getElementsByName('served_at_1')[0].value = ''")
        desk.fill(served_at_1="6:30 pm", reason="Misread.")
        desk.send()


def _proven(desk: Counted, now: datetime) -> None:
    with desk.doing("Sworn statement"):
        desk.act("statement", kind="non_possession", sworn_at_0=day(now, -1), sworn_at_1="9:00 am")
    with desk.doing("Receipt with two of three firearms"):
        desk.press("main a[href*='/receipt/']")
        desk.tick("AB101", "AB102")
        agency = Town.objects.select_related("police").get(name="Hartford").police
        desk.fill(received_at_0=day(now, -1), received_at_1="10:00 am", kind="police", agency=str(agency.pk))
        desk.send()
    with desk.doing("Remove a wrong firearm"):
        desk.press("main a[href*='/withdraw-firearm/'][aria-label*='AB103']")
        desk.fill(reason="Listed twice.")
        desk.send()


def _heard(desk: Counted, now: datetime) -> None:
    with desk.doing("Set a compliance hearing"):
        desk.act("hearing", purpose="compliance", scheduled_on=day(now, 0), scheduled_time="9:30 am")
    with desk.doing("Record a hearing held, not complied"):
        desk.press("main a[href*='/hold/']")
        _choose_hearing(desk, "Compliance")
        desk.fill(held_on=day(now, 0), outcome="non_compliant")
        desk.send()
    with desk.doing("Set the hearing on contempt"):
        desk.press("main a[href*='purpose=contempt']")
        desk.fill(scheduled_on=day(now, 9))
        desk.send()
    with desk.doing("Move a hearing"):
        desk.press("main a[href*='/continue/']")
        _choose_hearing(desk, "Contempt")
        desk.fill(scheduled_on=day(now, 10))
        desk.send()


def _choose_hearing(desk: Counted, words: str) -> None:
    choices = Select(desk.browser.driver.find_element(By.NAME, "hearing"))
    choices.select_by_visible_text(next(one.text for one in choices.options if words in one.text))
    desk.add(1)


def _ended(desk: Counted, now: datetime) -> None:
    ago = now - timedelta(minutes=5)
    with desk.doing("Granted after the hearing"):
        desk.act("decide", decision="granted", decided_at_0=day(ago, 0), decided_at_1=clock(ago))
        desk.press("main .about a[href*='/admin/orders/order/']")
    with desk.doing("Extend the order"):
        desk.act("extend", expires_on=day(now, 500))
    with desk.doing("Vacate the order"):
        desk.act("vacate", vacated_at_0=day(ago, 0), vacated_at_1=clock(ago), reason="By the court.")
    with desk.doing("Reinstate the order"):
        desk.act("reinstate", reason="The vacatur was set aside.")


def _looked_up(desk: Counted, order: Order) -> None:
    for task, text in (("Find by half a name", "Ibar"), ("Find by a serial number", "AB101")):
        desk.browser.open("/")
        with desk.doing(task):
            desk.fill(text=text)
            desk.press("header form[action*='search'] button")
            desk.press(f"main a[href*='{order.public_id}']")
    with desk.doing("Export the list"):
        desk.press("header a[href='/admin/orders/order/'], nav a[href='/admin/orders/order/']")
        exports = desk.browser.driver.find_elements(By.CSS_SELECTOR, "main a[href*='/export/csv/']")
        exports[0].click()
        desk.add(0)
    with desk.doing("Read the report"):
        desk.press("nav a[href='/reports/']")


def _files(desk: Counted, order: Order, tmp_path: Path) -> None:
    scan, rows = tmp_path / "scan.pdf", tmp_path / "orders.csv"
    scan.write_bytes(PDF)
    rows.write_text(orders_file(headers={"por_number": "Order No."}))
    with desk.doing("Import from the registry with a mapping"):
        desk.press("nav a[href='/import/']")
        desk.fill(orders=str(rows))
        desk.press("main form button.primary")
        desk.fill(orders_por_number="Order No.", name="Our system")
        desk.press("main form button.primary")
        desk.press("main form[action*='/preview/'] button")
        desk.press("main form[action*='/start/'] button")
    desk.browser.open(f"/admin/orders/order/{order.public_id}/")
    with desk.doing("Attach a scan"):
        desk.press(f"main a[href*='/documents/orders/{order.public_id}/'].button")
        desk.fill(uploads=str(scan))
        desk.press("main form[data-drop] button.primary")
    with desk.doing("Print the calendar of a day"):
        desk.press("main a[href='/documents/days/']")
        button = desk.browser.driver.find_element(By.CSS_SELECTOR, "main form button.primary")
        button.click()
        desk.add(0)
