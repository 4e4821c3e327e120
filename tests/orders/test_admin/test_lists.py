"""The court's lists: search by docket, filters, and a constant number of queries."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Session
from notifications.models import Alert
from notifications.services.firing.fire import Firer
from orders.admin import desk as desks
from orders.models import CourtClosing, Order
from orders.services.firearms import inventory, receipts, statements
from tests.orders.test_admin.conftest import Enter, page_of

pytestmark = pytest.mark.django_db

LIST = "/admin/orders/order/"


@pytest.mark.parametrize(
    "address",
    [
        "/admin/orders/order/",
        "/admin/orders/order/?due=late",
        "/admin/orders/order/?surrender=overdue&hearing=passed&look=doubtful",
        "/admin/orders/deadline/",
        "/admin/orders/followup/",
        "/admin/notifications/alert/",
        "/admin/",
    ],
)
def test_fifty_orders_take_as_many_queries_as_five(
    address: str, desk: Client, enter: Enter, now: datetime
) -> None:
    overdue_orders(enter, now, 5)
    few = queries(desk, address)

    overdue_orders(enter, now, 45)

    # Fewer where no row of the first page waits for a hearing.
    assert queries(desk, address) <= few


def test_the_number_of_queries_of_the_page_does_not_grow_with_its_history(
    desk: Client, enter: Enter, now: datetime
) -> None:
    few, many = enter(served_at=now - timedelta(hours=30)), enter(served_at=now - timedelta(hours=30))
    listed(few, now, 2)
    listed(many, now, 20)

    assert queries(desk, page_of(few)) == queries(desk, page_of(many))


def test_the_most_urgent_order_comes_first(desk: Client, enter: Enter, now: datetime) -> None:
    running = enter(served_at=now - timedelta(hours=1))
    late, later = enter(served_at=now - timedelta(hours=30)), enter(served_at=now - timedelta(hours=28))

    page = text(desk, "/admin/orders/order/")

    places = [page.index(one.case.docket_number) for one in (late, later, running)]
    assert places == sorted(places)


@pytest.mark.parametrize("query", ["HHD-FA-1", "hhd-fa-1", " HHD-FA-17-S ", "POR55", "POR5512"])
def test_an_order_is_found_by_the_beginning_of_its_numbers(query: str, desk: Client, enter: Enter) -> None:
    enter(docket_number="HHD-FA-17-S", por_number="POR5512")
    enter(docket_number="HHD-FA-99-S", por_number="POR9912")

    desk.post(LIST, {"q": query})
    page = text(desk, LIST)

    assert "HHD-FA-17-S" in page
    assert "HHD-FA-99-S" not in page


def test_a_docket_that_is_searched_for_is_not_in_the_url(desk: Client, enter: Enter) -> None:
    enter(docket_number="HHD-FA-17-S", served_at=timezone.now() - timedelta(hours=1))
    enter(docket_number="HHD-FA-17-T")

    led = desk.post(f"{LIST}?served=yes&p=2", {"q": "HHD-FA-17"})
    page = desk.get(led.headers["Location"]).content.decode()

    assert led.headers["Location"] == f"{LIST}?served=yes"
    assert "Search results for “HHD-FA-17”: 1 row." in page
    addresses = re.findall(r'(?:href|action|src)="([^"]*)"', page)
    assert addresses
    assert not [one for one in addresses if "HHD" in one or "q=" in one]
    assert "HHD-FA-17" not in "".join(Session.objects.values_list("session_data", flat=True))


@pytest.mark.parametrize("sent", [{"q": "HHD-FA-17", "clear": "Clear"}, {"q": " "}])
def test_a_search_is_cleared(sent: dict[str, str], desk: Client, enter: Enter) -> None:
    enter(docket_number="HHD-FA-99-S")
    desk.post(LIST, {"q": "HHD-FA-17"})
    assert "HHD-FA-99-S" not in text(desk, LIST)

    desk.post(LIST, sent)

    assert "HHD-FA-99-S" in text(desk, LIST)


def test_a_search_term_in_the_url_is_removed_and_not_searched_for(desk: Client, enter: Enter) -> None:
    enter(docket_number="HHD-FA-99-S")

    led = desk.get(LIST, {"q": "HHD-FA-17", "served": "no"})

    assert (led.status_code, led.headers["Location"]) == (302, f"{LIST}?served=no")
    assert "HHD-FA-99-S" in text(desk, led.headers["Location"])


def test_a_list_without_search_ignores_a_term(desk: Client, enter: Enter, now: datetime) -> None:
    enter(served_at=now - timedelta(hours=25))
    Firer("test").fire(now=now)

    assert desk.post("/admin/orders/followup/", {"q": "HHD"}).status_code == 200
    assert "Surrender of firearms" in text(desk, "/admin/orders/followup/")


def test_a_search_takes_as_many_queries_for_many_orders_as_for_one(
    desk: Client, enter: Enter, now: datetime
) -> None:
    overdue_orders(enter, now, 5)
    prefix = Order.objects.earliest("id").case.docket_number[:3]
    desk.post(LIST, {"q": prefix})
    few = queries(desk, LIST)

    overdue_orders(enter, now, 45)

    assert queries(desk, LIST) == few


def test_an_order_is_found_by_a_part_of_the_name(desk: Client, enter: Enter) -> None:
    enter(docket_number="HHD-FA-17-S", respondent_name="Ash Birch")
    enter(docket_number="HHD-FA-99-S", respondent_name="Rowan Sedge")
    desk.post(LIST, {"q": "birch"})

    page = text(desk, LIST)

    assert "HHD-FA-17-S" in page
    assert "HHD-FA-99-S" not in page


def test_filters_narrow_the_list(desk: Client, enter: Enter, now: datetime) -> None:
    enter(docket_number="D-OVERDUE", served_at=now - timedelta(hours=30))
    enter(docket_number="D-SERVED", issued_at=now - timedelta(hours=2), served_at=now - timedelta(hours=1))
    enter(docket_number="D-NOT-SERVED", issued_at=now - timedelta(hours=2), kind="civil_protection_order")

    def found(**filters: str) -> set[str]:
        page = text(desk, "/admin/orders/order/", **filters)
        return {one for one in ("D-OVERDUE", "D-SERVED", "D-NOT-SERVED") if one in page}

    assert found(due="late") == found(surrender="overdue") == {"D-OVERDUE"}
    assert found(surrender="running") == found(surrender="day") == {"D-SERVED"}
    assert found(due="nothing") == set()
    assert found(shown="ended") == set()
    assert found(served="no") == {"D-NOT-SERVED"}
    assert found(served="yes") == {"D-OVERDUE", "D-SERVED"}
    assert found(kind="civil_protection_order") == {"D-NOT-SERVED"}


def test_no_list_counts_a_whole_table(
    desk: Client, enter: Enter, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "MOST", 3)
    overdue_orders(enter, now, 5)

    with CaptureQueriesContext(connection) as captured:
        page = text(desk, "/admin/orders/order/")

    counts = [one["sql"] for one in captured if "COUNT(" in one["sql"]]
    assert counts
    assert all("LIMIT 3" in sql or "LIMIT 1000" in sql for sql in counts)
    assert "3 orders" in page


def test_open_deadlines_come_first_and_others_on_request(desk: Client, enter: Enter, now: datetime) -> None:
    order = enter(served_at=now - timedelta(hours=1))

    assert "C.G.S. § 29-36k(b)" in text(desk, "/admin/orders/deadline/")
    statements.record_statement(order, kind="non_possession", sworn_at=now, by=None, now=now)
    assert "C.G.S. § 29-36k(b)" not in text(desk, "/admin/orders/deadline/", state="met")


def test_a_court_closing_is_added_once(desk: Client) -> None:
    day = {"closed_on": "2027-02-01", "name": "Snow"}

    assert desk.post("/admin/orders/courtclosing/add/", day).status_code == 302
    again = desk.post("/admin/orders/courtclosing/add/", day)

    assert CourtClosing.objects.get(closed_on="2027-02-01").name == "Snow"
    assert "is already listed: Snow." in again.content.decode()


def overdue_orders(enter: Enter, now: datetime, count: int) -> None:
    """So many more orders whose deadline passed, with follow-ups and alerts."""
    for _ in range(count):
        enter(served_at=now - timedelta(hours=25))
    Firer("test").fire(now=now)
    assert Alert.objects.count() >= count


def listed(order: Order, now: datetime, count: int) -> None:
    """So many firearms, each with a receipt, a statement and an attempt's worth of history."""
    for number in range(count):
        firearm = inventory.list_firearm(
            order, source="application", serial=f"{order.pk}-{number}", by=None, now=now
        )
        receipts.record_receipt(
            order,
            kind="dealer",
            received_at=now,
            firearms=[firearm],
            dealer_license="6-06-014-01-7M-12345",
            by=None,
            now=now,
        )
        at = now - timedelta(minutes=number)
        statements.record_statement(order, kind="non_possession", sworn_at=at, by=None, now=now)


def queries(client: Client, address: str) -> int:
    """How many queries the page takes."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def text(client: Client, address: str, **query: Any) -> str:
    """The page as text."""
    return client.get(address, query).content.decode()
