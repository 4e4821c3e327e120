"""What the page of an order shows about its firearms and its unusual dates."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.dates import court_date
from accounts.models import Agency
from orders.services import service
from orders.services.firearms import inventory, receipts
from orders.services.orders.corrections import correct_order
from tests import make
from tests.orders.test_admin.conftest import Enter, page_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("application", "The application alleges firearms, but the list is empty."),
        ("answer", "The respondent admits firearms, but the list is empty."),
        ("sibling", "2 firearms that another application of the case alleges are not on the list."),
        ("", "The application does not mention firearms."),
    ],
)
def test_the_page_names_who_alleges_firearms(who: str, words: str, enter: Enter, desk: Client) -> None:
    facts = {"docket_number": "HHD-FA26-6012345-S", "respondent_town": make.town()}
    if who == "sibling":
        enter(**facts, firearms_alleged_count=2)
    order = enter(**facts, firearms_indicated=who == "application")
    if who == "answer":
        at = timezone.now()
        service.record_service(
            order, served_at=at, service_method="in_hand", firearms_answer="yes", by=None, now=at
        )

    page = desk.get(page_of(order)).content.decode()

    assert words in page
    assert ("The application does not mention firearms." in page) == (not who)


def test_an_unlikely_last_day_is_called_unusual(enter: Enter, desk: Client, now: Any) -> None:
    far = court_date(now) + timedelta(days=365 * 12)
    order = enter(kind="family_violence_protective_order")
    correct_order(order, expires_on=far, reason="A slip.", confirm="It is so.", by=None, now=now)

    page = desk.get(page_of(order)).content.decode()

    assert "Unusual: The last day is" in page
    assert "Unusual last day: " in page
    assert "beyond the rule" not in page.lower()


def test_a_permit_on_a_receipt_is_taken_back_with_the_receipt(
    enter: Enter, desk: Client, court: Agency, now: Any
) -> None:
    order = enter(served_at=now - timedelta(hours=3))
    by: dict[str, Any] = {"by": None, "now": now}
    permits = [inventory.record_permit(order, kind=f"Permit {number}", **by) for number in (1, 2)]
    given = {"received_at": now - timedelta(hours=1), "agency": make.agency()}
    receipts.record_receipt(order, kind="police", permits=permits[:1], **given, **by)
    inventory.hand_in_permit(permits[1], handed_in_on=court_date(now), agency=make.agency(), **by)

    page = desk.get(page_of(order)).content.decode()

    assert "Not handed in: Permit 2" in page
    assert "Not handed in: Permit 1" not in page


def test_each_cell_names_its_column_for_a_narrow_window(enter: Enter, desk: Client, now: Any) -> None:
    order = enter(served_at=now - timedelta(hours=3))
    by: dict[str, Any] = {"by": None, "now": now}
    inventory.list_firearm(order, serial="S-1", source="police", **by)

    page = desk.get(page_of(order)).content.decode()

    for table in re.findall(r"<table.*?</table>", page.partition("content-main")[2], flags=re.DOTALL):
        heads = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', table)
        cells = re.findall(r"<td([^>]*)>", table)
        assert cells == [f' data-label="{heads[number % len(heads)]}"' for number in range(len(cells))]
