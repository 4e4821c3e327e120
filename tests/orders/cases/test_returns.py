"""A request for return on the board and on the page of a case: its checklist, its hold and its decision."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.dates import court_date, format_day
from orders.models import CustodyRequest, Firearm, Order, ReturnCheck, ReturnDecision, ReturnHold
from orders.services.firearms.receipts import record_receipt
from orders.services.firearms.requests import record_custody_request
from orders.services.firearms.return_steps import record_return_check, record_return_hold
from orders.views.cases.board import Board
from tests.orders.cases.places import Place, browser, instant, make_place, page_of, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def requested(place: Place, kind: str = "return", **more: Any) -> tuple[Order, CustodyRequest]:
    """A case whose firearm police hold, and the request of an hour ago about it, such as for its return."""
    order, now = place.order(), timezone.now()
    record_receipt(
        order,
        kind="police",
        received_at=now - timedelta(hours=40),
        agency=place.police,
        firearms=list(Firearm.objects.filter(order=order)),
        by=None,
        now=now,
    )
    request = record_custody_request(
        order, kind=kind, requested_at=now - timedelta(hours=1), by=None, now=now, **more
    )
    return order, request


def test_a_request_for_return_is_shown_first_and_hides_the_green_state(place: Place) -> None:
    order, _ = requested(place)

    head, rest = read(place.liaison, page_of(order)).split('<nav class="case-acts"')

    assert "The return of firearms is asked for: check before you return any" in head
    assert "badge proven" not in head
    assert "badge met" not in head
    assert "Return to the respondent, requested" in rest
    assert "Not checked" in rest
    assert "0 of " in head


def test_a_check_begins_with_the_officer_and_is_shown_on_case_and_board(place: Place) -> None:
    order, request = requested(place)
    client = browser(place.liaison)
    address = f"{page_of(order, 'return-check')}?condition=eligible"
    form = client.get(address).content.decode()
    assert f'value="{place.liaison.name}"' in form
    assert f'<option value="{place.police.pk}" selected>' in form
    assert '<option value="eligible" selected>' in form

    sent = {
        "request": request.pk,
        "condition": "eligible",
        "is_confirmed": "no",
        **instant("checked_at", timezone.now()),
        "agency": place.police.pk,
        "checked_by": "Lt. Reed",
        "note": "Under another order",
    }
    assert client.post(address, sent)["Location"] == page_of(order)

    check = ReturnCheck.objects.get()
    page = read(place.liaison, page_of(order))
    assert "Not confirmed</span>" in page
    assert "Under another order" in page
    assert f"{page_of(order, 'correct-return-check')}?item={check.public_id}" in page
    assert "A check was not confirmed: do not return" in page.split('<nav class="case-acts"')[0]
    assert "A check was not confirmed: do not return" in read(place.liaison, "/")


def test_a_hold_and_a_refusal_are_shown_with_their_reason(place: Place) -> None:
    order, request = requested(place)
    now = timezone.now()
    officer = {"request": request.pk, "agency": place.police.pk, "officer": "Lt. Reed"}
    ends = {
        "ends_on_0": f"{now + timedelta(days=3):%Y-%m-%d}",
        "ends_on": f"{now + timedelta(days=3):%Y-%m-%d}",
    }
    client = browser(place.liaison)

    client.post(
        page_of(order, "return-hold"),
        {**officer, **instant("held_at", now), **ends, "why": "Record of another state is open"},
    )

    hold = ReturnHold.objects.get()
    assert "Held back through" in read(place.liaison, "/")
    page = read(place.liaison, page_of(order))
    assert "Record of another state is open" in page
    assert f"{page_of(order, 'correct-return-hold')}?item={hold.public_id}" in page

    sent = {**officer, **instant("decided_at", timezone.now()), "outcome": "safety", "why": "Threats"}
    client.post(page_of(order, "return-decision"), sent)

    decision = ReturnDecision.objects.get()
    page = read(place.liaison, page_of(order))
    assert "Refused on safety grounds" in page
    assert f"{page_of(order, 'withdraw-return-decision')}?item={decision.public_id}" in page
    assert "The return of firearms is asked for" not in page
    sections = Board(person=place.liaison, now=timezone.now()).sections
    assert "returns" not in {one.name for one in sections}


def test_the_board_reads_many_requests_with_the_same_queries(place: Place) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            rows = Board(person=place.liaison, now=timezone.now()).sections
            assert [row.request_words for one in rows for row in one.rows if row.request]
        return len(captured)

    requested(place)
    few = queries()
    requested(place)
    requested(place)

    assert queries() == few


def sold(place: Place) -> tuple[Order, CustodyRequest]:
    """A case whose firearm police hold, and the joint notice of its sale of an hour ago."""
    return requested(place, "sale", dealer_license="1-23-456-01-9A-12345")


def test_a_sale_stays_on_the_board_until_it_is_delivered_by_a_form_that_knows_the_buyer(place: Place) -> None:
    order, sale = sold(place)
    (row,) = [
        row
        for section in Board(person=place.liaison, now=timezone.now()).sections
        if section.name == "returns"
        for row in section.rows
    ]
    assert row.request_words == "Waits for delivery to the buyer"

    page = read(place.liaison, page_of(order))
    assert "Waits for delivery to the buyer" in page.split('<nav class="case-acts"')[0]
    assert "deliver by" in page
    assert "decide by" not in page
    address = f"{page_of(order, 'dispose')}?kind=transferred"
    assert f'href="{address}">Record the delivery to the buyer' in page

    client = browser(place.liaison)
    form = client.get(address).content.decode()
    assert f'value="{sale.dealer_license}"' in form
    assert 'value="Joint notice of the sale' in form
    (firearm,) = Firearm.objects.filter(order=order)
    sent = {
        "firearms": [firearm.pk],
        "kind": "transferred",
        **instant("disposed_at", timezone.now()),
        "agency": place.police.pk,
        "officer": "Lt. Reed",
        "authority": "Joint notice of the sale",
        "dealer_license": sale.dealer_license,
    }
    assert client.post(address, sent)["Location"] == page_of(order)
    assert "returns" not in {one.name for one in Board(person=place.liaison, now=timezone.now()).sections}
    assert address not in read(place.liaison, page_of(order))


def test_a_destruction_does_not_begin_with_a_buyer(place: Place) -> None:
    order, sale = sold(place)
    assert sale.dealer_license not in read(place.liaison, page_of(order, "dispose"))


def test_the_form_of_a_return_knows_what_is_on_record_and_from_when_it_may_be(place: Place) -> None:
    order, request = requested(place)
    now = timezone.now()
    record_return_check(
        request,
        condition="eligible",
        is_confirmed=True,
        checked_at=now,
        agency=place.police,
        checked_by="Lt. Reed",
        by=None,
        now=now,
    )
    ends_on = court_date(now) + timedelta(days=9)
    record_return_hold(
        request,
        held_at=now,
        ends_on=ends_on,
        agency=place.police,
        officer="Lt. Reed",
        why="Record of another state is open",
        by=None,
        now=now,
    )

    page = read(place.liaison, page_of(order, "return"))

    boxes = re.findall(r'name="confirmed" value="(\w+)"[^>]*?( checked|>)', page)
    assert {name for name, state in boxes if state == " checked"} == {"eligible", "requested"}
    assert len(boxes) > 2
    assert "The law allows the return from" in page
    assert f"Police hold them back through {format_day(ends_on)}." in page
