"""A clerk makes real mistakes on purpose: each is refused in words, or put right on the screen.

The number before each mistake counts them. `test_forms.py` has the double click, Back and press again, and
the session that ends in the middle.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from selenium.webdriver.common.by import By

from accounts.dates import format_day
from accounts.models import Agency, AgencyKind, Role, Town, User
from orders.models import ConfidentialityRelease, Deadline, Firearm, Hearing, Order, Receipt, Statement
from orders.services.firearms import inventory
from orders.services.orders.corrections import correct_docket
from orders.services.planning.rulebooks import current_rulebook
from orders.services.service import record_service
from tests import make
from tests.browser.conftest import Browser

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.django_db(transaction=True)]

COURT_TIME = ZoneInfo("America/New_York")
PHONE = 375
WHY = "Typed wrong."


@dataclass
class Desk:
    """A clerk in front of a browser, with a court, its town and its orders."""

    browser: Browser
    court: Agency
    town: Town
    clerk: User
    today: datetime = field(default_factory=lambda: timezone.now().astimezone(COURT_TIME))
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(6000001))

    def order(self, **given: object) -> Order:
        """An order of three days ago that is on record already."""
        number = next(self._numbers)
        facts: dict[str, Any] = {
            "docket_number": f"HHD-FA26-{number}-S",
            "respondent_name": f"Ash Birch {number}",
            **given,
        }
        return make.order(
            now=timezone.now(),
            court=self.court,
            respondent_town=self.town,
            issued_at=self.today - timedelta(days=3),
            **facts,
        )

    def open(self, order: Order) -> None:
        """Open the page of the order."""
        self.browser.open(f"/admin/orders/order/{order.public_id}/")

    def day(self, ago: int) -> str:
        """A day, as the date picker sets it; with a negative number a day ahead."""
        return f"{self.today - timedelta(days=ago):%Y-%m-%d}"

    def act(self, title: str, **typed: str) -> None:
        """Press a button of the order, fill in its form and send it."""
        self.browser.press(title)
        self.send(title, **typed)

    def send(self, title: str, **typed: str) -> None:
        """Fill in the form that is open and send it. What is typed replaces what is there."""
        for name in typed:
            element = self.browser.driver.find_element(By.NAME, name)
            if element.is_displayed() and element.get_attribute("type") in ("text", "number"):
                element.clear()
        self.browser.type(**typed)
        self.browser.press(title)

    def beside(self, words: str, link: str, title: str, **typed: str) -> None:
        """Press a link in the row or line with these words, fill in its form and send it."""
        assert self.browser.everything
        rows = self.browser.driver.find_elements(By.CSS_SELECTOR, "#content-main section tr, dl.facts > div")
        links = [
            one
            for row in rows
            if words in row.text
            for one in row.find_elements(By.CSS_SELECTOR, ".item-acts a")
            if one.text == link
        ]
        assert len(links) == 1, f"{len(links)} of “{link}” beside “{words}”"
        self.browser.driver.get(str(links[0].get_attribute("href")))
        self.browser.wait_for(title)
        self.send(title, **typed)

    def tick(self, words: str) -> None:
        """Tick the box, or choose the button, with these words."""
        labels = self.browser.driver.find_elements(By.CSS_SELECTOR, "main label")
        (label,) = [one for one in labels if words in one.text and one.find_elements(By.TAG_NAME, "input")]
        label.find_element(By.TAG_NAME, "input").click()

    def reads(self, *sentences: str) -> None:
        """Check that the page shows all of these."""
        shown = self.browser.everything
        assert [one for one in sentences if one not in shown] == []

    def kept(self, name: str) -> str:
        """What a field of the form holds."""
        return str(self.browser.driver.find_element(By.NAME, name).get_attribute("value"))


@pytest.fixture
def desk(browser: Browser) -> Iterator[Desk]:
    """The desk of a clerk, signed in. Afterwards the console is empty and the last page fits a phone."""
    court = make.agency(AgencyKind.COURT, "Superior Court of Elm")
    found = Desk(browser, court, make.town(), make.person(Role.CLERK, court))
    browser.sign_in(found.clerk)
    yield found
    assert browser.complaints() == []
    assert not browser.is_wider_than(PHONE)


def surrender(order: Order) -> Deadline:
    """The duty to surrender firearms."""
    return Deadline.objects.get(order=order, rule_id="CT-SUR-01")


def test_who_and_which_docket(desk: Desk) -> None:
    first = desk.order(respondent_name="Ash Birch")
    desk.browser.open("/admin/orders/order/add/")
    typed = {
        "kind": "Ex parte restraining order",
        "issued_at_0": desk.day(2),
        "issued_at_1": "10:15 am",
        "expires_on": desk.day(-3),
    }
    # 1. A name with nothing visible.
    desk.send(
        "Enter the order",
        docket_number=first.case.docket_number,
        respondent_name="\u200b\u200b",
        respondent_town=desk.town.name,
        **typed,
    )
    desk.reads("Fill in “")
    assert desk.kept("docket_number") == first.case.docket_number
    # 2. Invisible signs in a name. 3. The docket of the spouse.
    desk.send("Enter the order", respondent_name="Robin\u200b  Birch")
    desk.reads("Is this the same person?", "Choose one of these people, or “Another person”.")
    desk.send("Enter the order", docket_number="HHD-FA26-6900001-S")
    order = Order.objects.filter(case__court=desk.court).exclude(pk=first.pk).get()
    assert order.case.respondent.name == "Robin Birch"
    # 4. The wrong town. 5. The wrong kind. 6. Under the wrong docket.
    elsewhere = make.town()
    desk.act("Correct the town", town=elsewhere.name, reason=WHY)
    desk.reads(f"{desk.town} → {elsewhere}")
    desk.act("Correct the order", kind="Civil protection order", reason=WHY)
    desk.reads("Kind: ex parte restraining order → civil protection order")
    desk.act("Correct the docket number", docket_number=first.case.docket_number, reason=WHY)
    desk.reads("Another case of this court has the docket number")
    assert desk.kept("reason") == WHY
    desk.send("Correct the docket number", docket_number="HHD-FA26-6900002-S")
    desk.reads("Docket number: HHD-FA26-6900001-S → HHD-FA26-6900002-S")
    # 7. The order of another case: moved, with its respondent.
    desk.act("Move to another case", docket_number=first.case.docket_number, reason=WHY)
    assert "HHD-FA26-6900002-S" in desk.browser.text
    # 8. The whole order twice.
    desk.open(first)
    desk.act("Withdraw the whole order", reason="Entered twice.")
    desk.reads("Entered in error: the order was withdrawn")
    desk.act("Restore the order", reason="It was the other one.")
    desk.reads("Order restored")


def test_service_and_its_times(desk: Desk) -> None:
    order, other = desk.order(), desk.order()
    desk.open(order)
    typed = {"service_method": "In hand", "service_officer": "Marshal Reed"}
    # 9. Before the order was issued.
    desk.act("Record service", served_at_0=desk.day(5), served_at_1="9:30 am", **typed)
    desk.reads("is before the order was issued")
    assert desk.kept("service_officer") == "Marshal Reed"
    # 10. In the future.
    desk.send("Record service", served_at_0=desk.day(-1), served_at_1="9:30 am")
    desk.reads("is in the future. Enter the time at which it happened.")
    # 11. A time that is no time.
    desk.send("Record service", served_at_0=desk.day(2), served_at_1="25:70")
    assert desk.kept("served_at_1") == "25:70"
    # 12. A.m. for p.m.
    desk.send("Record service", served_at_1="9:30 am")
    wrong = surrender(order).due_at
    desk.act("Correct service", served_at_1="9:30 pm", reason="It was in the evening.")
    desk.reads("9:30 a.m. →")
    assert wrong is not None
    assert surrender(order).due_at == wrong + timedelta(hours=12)
    # 13. Service of the wrong order.
    desk.open(other)
    desk.act("Record service", served_at_0=desk.day(2), served_at_1="9:30 pm", **typed)
    desk.act("Withdraw service", reason="It was another order.")
    desk.reads("Not served. The time to surrender firearms has not started.")
    # 14. A failed attempt that never was.
    desk.act(
        "Record a failed attempt",
        attempted_at_0=desk.day(1),
        attempted_at_1="noon",
        method="In hand",
        officer="Marshal Reed",
        reason="No answer at the door.",
    )
    desk.beside("No answer at the door.", "Withdraw", "Withdraw the failed attempt", reason=WHY)
    desk.reads("Failed attempt at service withdrawn")
    assert Order.objects.get(pk=other.pk).served_at is None


def test_firearms_and_proof(desk: Desk) -> None:
    served = {"served_at": desk.today - timedelta(hours=30), "service_method": "in_hand"}
    order, other = desk.order(**served), desk.order(**served)
    inventory.list_firearm(other, serial="Q7", source="police", by=None, now=timezone.now())
    desk.open(order)
    # 15. A firearm twice.
    desk.act("List a firearm", make="Glock", serial="ABC0123", source="Police")
    desk.act("List a firearm", make="Glock", serial="abc-O123", source="Police")
    desk.reads("may be ABC0123, which is on the list.")
    desk.browser.press("Cancel")
    # 16. A wrong serial number.
    desk.beside("ABC0123", "Correct", "Correct the firearm", serial="ABC0124", reason=WHY)
    desk.reads("Serial number: ABC0123 → ABC0124")
    # 17. A firearm that the respondent never had.
    desk.act("List a firearm", make="Ruger", serial="R-5", source="Police")
    desk.beside("serial R-5", "Withdraw", "Withdraw the firearm", reason=WHY)
    desk.reads("Firearm withdrawn")
    # 18. A receipt on the wrong order.
    desk.open(other)
    desk.browser.press("Record a receipt")
    desk.tick("Q7")
    desk.send(
        "Record a receipt",
        received_at_0=desk.day(1),
        received_at_1="11 am",
        kind="Federally licensed dealer",
        dealer_license="6-06-014-01-7M-12345",
        receipt_number="R-100",
    )
    assert surrender(other).state == "met"
    desk.beside("R-100", "Withdraw", "Withdraw the receipt", reason="It was another order.")
    desk.reads("Receipt withdrawn")
    assert surrender(other).state == "overdue"
    assert not Receipt.objects.filter(order=other).exists()
    # 19. A statement for the wrong order.
    desk.act(
        "Record a statement",
        kind="Holds no firearms",
        sworn_at_0=desk.day(1),
        sworn_at_1="noon",
        receipt_number="S-1",
    )
    desk.beside("S-1", "Withdraw", "Withdraw the statement", reason="It was another order.")
    desk.reads("Statement withdrawn")
    assert not Statement.objects.filter(order=other).exists()
    # 20. A permit of someone else.
    desk.act("List a permit", kind="Pistol permit", number="77")
    desk.beside("Pistol permit", "Withdraw", "Withdraw the permit", reason=WHY)
    desk.reads("Permit withdrawn")
    listed = Firearm.objects.filter(order__in=[order, other])
    assert set(listed.values_list("serial", flat=True)) == {"Q7", "ABC0124"}


def test_hearings_and_the_end(desk: Desk) -> None:
    expires_on = (desk.today + timedelta(days=60)).date()
    order = desk.order(kind="restraining_order", expires_on=expires_on)
    advocacy = make.agency(AgencyKind.ADVOCACY)
    calendar = current_rulebook().jurisdictions["us_ct"].calendar
    day = calendar.next_open_day(desk.today.date())
    later = calendar.next_open_day(day + timedelta(days=1))
    desk.open(order)
    # 21. A hearing moved, and moved back. 22. A hearing that the court did not set.
    desk.act("Schedule a hearing", purpose="Compliance", scheduled_on=f"{day}")
    desk.act("Continue a hearing", scheduled_on=f"{later}")
    desk.act("Continue a hearing", scheduled_on=f"{day}")
    desk.reads("Nothing is saved yet.")
    desk.browser.press("Cancel")
    desk.beside(format_day(day), "Undo continuance", "Withdraw the continuance", reason=WHY)
    hearing = Hearing.objects.get(order=order)
    assert (hearing.scheduled_on, hearing.outcome) == (day, "")
    desk.beside("Compliance", "Withdraw", "Withdraw the hearing", reason=WHY)
    desk.reads("Hearing withdrawn", "No hearing is scheduled.")
    # 23. The wrong order vacated.
    desk.act("Vacate the order", vacated_at_0=desk.day(1), vacated_at_1="noon", reason="Dismissed.")
    desk.reads("The order was vacated")
    desk.act("Reinstate the order", reason="It was another order.")
    desk.reads("Order reinstated: the vacatur was lifted")
    assert Order.objects.get(pk=order.pk).vacated_at is None
    # 24. The wrong order extended.
    desk.act("Extend the order", expires_on=desk.day(-90))
    desk.act("Withdraw the extension", reason="It was another order.")
    desk.reads("Extension withdrawn")
    # 25. A release for the wrong order.
    desk.act(
        "Record a release",
        agency=advocacy.name,
        signed_on=desk.day(1),
        begins_at_0=desk.day(1),
        begins_at_1="noon",
        ends_at_0=desk.day(-30),
        ends_at_1="noon",
    )
    desk.beside(advocacy.name, "Withdraw", "Withdraw the release", reason="It was another order.")
    desk.reads("Confidentiality release withdrawn")
    assert not ConfidentialityRelease.objects.filter(order=order).exists()


def test_two_clerks_at_once(desk: Desk) -> None:
    order = desk.order()
    number, after = order.case.docket_number, "HHD-FA26-6900009-S"
    # 26. A colleague corrects the order while its form is open here.
    desk.open(order)
    desk.browser.press("Correct the docket number")
    correct_docket(order, docket_number=after, by=None, now=timezone.now(), reason="Read again.")
    desk.send("Correct the docket number", docket_number="HHD-FA26-6900010-S", reason=WHY)
    desk.reads("Someone changed this since you opened the form.")
    assert (desk.kept("docket_number"), desk.kept("reason")) == ("HHD-FA26-6900010-S", WHY)
    assert number != Order.objects.get(pk=order.pk).case.docket_number == after
    # 27. A colleague records the service that is typed here.
    desk.open(order)
    desk.browser.press("Record service")
    served = timezone.now() - timedelta(hours=2)
    record_service(order, served_at=served, service_method="in_hand", by=None, now=timezone.now())
    typed = {"served_at_0": desk.day(1), "served_at_1": "noon", "service_method": "In hand"}
    desk.send("Record service", **typed)
    desk.reads("Nothing is saved yet.")
    assert desk.kept("served_at_1") == "noon"
    assert order.history.filter(kind="served").count() == 1
