"""The list of orders: saved views, export, and what ended orders look like."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.models import AuditAction, AuditEntry, User
from orders.models import STATEMENT_ALONE, Deadline, DeadlineState, SavedView
from orders.services.desk.conditions import FILTERS, CourtDesk
from orders.services.desk.saved_views import MOST_VIEWS
from orders.services.desk.tables import plain_cell
from orders.services.firearms import inventory, receipts, statements
from orders.services.firearms.surrender import surrender_rules
from orders.services.orders import vacatur
from orders.views.court import export
from tests.orders.test_admin.conftest import Enter, clerk, court, desk, enter, now

__all__ = ["clerk", "court", "desk", "enter", "now"]

pytestmark = pytest.mark.django_db

LIST = "/admin/orders/order/"


def text(client: Client, address: str) -> str:
    """The page as text."""
    return client.get(address).content.decode()


def streamed(client: Client, address: str) -> bytes:
    """The file that the address gives."""
    response = client.get(address)
    assert response.status_code == 200
    return response.getvalue()


def test_an_export_has_what_is_filtered_and_the_log_has_each_case(
    desk: Client, enter: Enter, now: datetime
) -> None:
    late = enter(served_at=now - timedelta(hours=30), respondent_name="=HYPERLINK(A1)")
    enter(docket_number="HHD-FA-26-7000001-S")

    lines = streamed(desk, f"{LIST}export/csv/?surrender=overdue").decode().splitlines()

    assert len(lines) == 2
    assert late.case.docket_number in lines[1]
    assert lines[1].startswith("'=HYPERLINK")
    entry = AuditEntry.objects.filter(action=AuditAction.SEEN).latest("id")
    assert (entry.what, entry.cases) == ("admin:orders_order_export", [late.case.public_id])


def test_the_filters_by_proof_keep_what_the_deadlines_show(clerk: User, enter: Enter, now: datetime) -> None:
    orders = [enter(served_at=now - timedelta(hours=30)) for _ in range(4)]
    statements.record_statement(orders[0], kind="non_possession", sworn_at=now, by=None, now=now)
    for order in orders[1:3]:
        firearm = inventory.list_firearm(order, source="application", serial="T-1", by=None, now=now)
        police = order.case.respondent.town.police
        receipts.record_receipt(
            order, kind="police", received_at=now, firearms=[firearm], agency=police, by=None, now=now
        )
    desk = CourtDesk(person=clerk, now=now)
    expected: dict[str, set[int]] = {"sworn": set(), "proven": set(), "found": set()}
    for one in Deadline.objects.filter(rule_id__in=surrender_rules()):
        if one.proof in STATEMENT_ALONE and one.state != DeadlineState.WITHDRAWN:
            expected["sworn"].add(one.order_id)
        if one.state == DeadlineState.MET and one.proof in ("proven", "found"):
            expected[one.proof].add(one.order_id)

    found = {
        value: set(
            desk.orders().filter(FILTERS["surrender"][2][value].keeps(desk)).values_list("pk", flat=True)
        )
        for value in expected
    }

    assert found == expected
    assert (len(found["sworn"]), len(found["proven"])) == (1, 2)


def test_a_workbook_holds_no_formula(desk: Client, enter: Enter) -> None:
    enter(respondent_name="=A1 Birch")

    with zipfile.ZipFile(io.BytesIO(streamed(desk, f"{LIST}export/xlsx/"))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()

    assert "=A1 Birch" in sheet
    assert "<f>" not in sheet


def test_an_export_leaves_nothing_out_in_silence(
    desk: Client, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MOST_EXPORTED", 1)
    enter()
    enter()

    page = desk.get(f"{LIST}export/csv/?kind=", follow=True).content.decode()

    assert "Filter it, then export a part." in page


@pytest.mark.parametrize(
    ("cell", "safe"), [("=A1", "'=A1"), ("-2", "'-2"), ("@x", "'@x"), ("HHD-FA", "HHD-FA"), ("", "")]
)
def test_a_cell_that_a_spreadsheet_would_compute_is_text(cell: str, safe: str) -> None:
    assert plain_cell(cell) == safe


def test_a_view_is_saved_with_its_filters_only_and_deleted_again(desk: Client) -> None:
    answer = desk.post(f"{LIST}views/", {"name": " Late ones ", "query": "due=late&q=Birch&p=3&kind="})

    view = SavedView.objects.get()
    assert (view.name, view.query) == ("Late ones", "due=late")
    assert answer.headers["Location"] == f"{LIST}?due=late"
    assert f'href="{LIST}?due=late" aria-current="true">Late ones' in text(desk, f"{LIST}?due=late")
    desk.post(f"{LIST}views/{view.public_id}/delete/")
    assert not SavedView.objects.exists()


def test_a_person_keeps_twenty_views(desk: Client) -> None:
    for number in range(MOST_VIEWS + 1):
        answer = desk.post(f"{LIST}views/", {"name": f"View {number}", "query": ""}, follow=True)

    assert SavedView.objects.count() == MOST_VIEWS
    assert "Delete one first." in answer.content.decode()


def test_an_order_that_ended_looks_ended_and_leaves_the_list_after_a_month(
    desk: Client, enter: Enter, now: datetime
) -> None:
    order = enter(served_at=now - timedelta(hours=30))
    vacatur.vacate_order(order, vacated_at=now - timedelta(hours=1), by=None, now=now, reason="Withdrawn.")
    old = enter(issued_at=now - timedelta(days=90), expires_on=(now - timedelta(days=40)).date())

    page = text(desk, LIST)

    assert 'class="ended"' in page
    assert "Vacated" in page
    assert old.case.docket_number not in page
    assert old.case.docket_number in text(desk, f"{LIST}?shown=ended")
