"""What an act would move is shown before it is saved, and the way back after."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Agency, Role
from orders.models import Deadline, HistoryEntry, NoticeSent, Receipt
from orders.services.firearms import inventory
from orders.services.orders import case_events
from orders.services.orders.corrections import correct_order
from tests import make
from tests.orders.test_admin.conftest import Enter, page_of, signed_in, typed
from tests.orders.test_admin.forms import as_shown

pytestmark = pytest.mark.django_db

PANEL = {"HX-Request": "true"}


@pytest.fixture
def sheet(enter: Enter, now: datetime) -> dict[str, Any]:
    """A served order with one firearm, and what a clerk types for its receipt."""
    order = enter(served_at=now - timedelta(hours=3))
    gun = inventory.list_firearm(order, serial="S-1", source="police", by=None, now=now)
    receipt = {
        "firearms": [gun.pk],
        "kind": "police",
        "agency": make.agency().pk,
        **typed(now - timedelta(hours=1), "received_at"),
    }
    return {"order": order, "receipt": receipt}


@pytest.mark.parametrize("headers", [{}, PANEL])
def test_a_preview_names_the_deadlines_and_stores_nothing(
    headers: dict[str, str], desk: Client, sheet: dict[str, Any]
) -> None:
    address = f"{page_of(sheet['order'])}receipt/"
    entries = HistoryEntry.objects.count()

    page = desk.post(address, sheet["receipt"] | {"preview": "1"}, headers=headers).content.decode()

    assert "Firearms and ammunition are surrendered" in page
    assert "Proven, due" in page
    assert "1 of 1 accounted for" in page
    assert not Receipt.objects.exists()
    assert HistoryEntry.objects.count() == entries
    assert Deadline.objects.get(order=sheet["order"], rule_id="CT-SUR-01").state == "open"


def test_a_preview_gives_the_reason_of_a_refusal(desk: Client, sheet: dict[str, Any], now: datetime) -> None:
    later = typed(now + timedelta(days=2), "received_at")

    page = desk.post(f"{page_of(sheet['order'])}receipt/", sheet["receipt"] | later | {"preview": "1"})

    assert "is in the future" in page.content.decode()


def test_the_panel_is_a_part_of_a_page_and_leads_back_to_the_order(
    desk: Client, sheet: dict[str, Any]
) -> None:
    address = f"{page_of(sheet['order'])}receipt/"
    shown = desk.get(address, headers=PANEL)

    assert "<html" not in shown.content.decode()
    assert f'data-hx-post="{address}"' in shown.content.decode()
    assert shown.headers["X-Panel"]

    saved = desk.post(address, sheet["receipt"], headers=PANEL)

    assert saved.headers["HX-Redirect"] == page_of(sheet["order"])
    assert Receipt.objects.count() == 1


def test_a_saved_act_offers_the_way_back(desk: Client, sheet: dict[str, Any]) -> None:
    page = desk.post(f"{page_of(sheet['order'])}receipt/", sheet["receipt"], follow=True).content.decode()

    back = f"{page_of(sheet['order'])}withdraw-receipt/?item={Receipt.objects.get().public_id}"
    assert f'<a href="{back}">Undo</a>' in page


def test_the_message_names_the_deadlines_that_changed(
    desk: Client, sheet: dict[str, Any], now: datetime
) -> None:
    page = page_of(sheet["order"])

    receipt = desk.post(f"{page}receipt/", sheet["receipt"], follow=True).content.decode()
    officer = {"kind": "service_recorded", **typed(now - timedelta(minutes=5), "occurred_at")}
    event = desk.post(f"{page}case-event/?kind=service_recorded", officer, follow=True)
    permit = desk.post(f"{page}permit/", {"kind": "pistol permit", "number": "77"}, follow=True)
    home = {"condition": "CT-HOM-01", **typed(now + timedelta(days=1), "due_at")}
    condition = desk.post(f"{page}condition/", home, follow=True)

    assert "Changed deadlines: Surrender of firearms (met)" in receipt
    assert "Changed deadline: Officer enters service (met)." in event.content.decode()
    assert "No deadline changed." in permit.content.decode()
    assert re.search(r"Home check by police \(due [^)]*[ap]\.m\.\)\.", condition.content.decode())


def test_what_was_recorded_last_is_first_in_the_history(
    desk: Client, sheet: dict[str, Any], now: datetime
) -> None:
    inventory.list_firearm(sheet["order"], serial="S-2", source="police", by=None, now=now)
    at = now - timedelta(days=1)
    case_events.record_case_event(sheet["order"], kind="police_notified", occurred_at=at, by=None, now=now)

    history = desk.get(page_of(sheet["order"])).content.decode().partition('id="history"')[2]

    assert history.index("Happened ") < history.index("Firearm listed")


def test_a_form_names_what_others_recorded_since_it_was_opened(
    desk: Client, sheet: dict[str, Any], court: Agency, now: datetime
) -> None:
    other = make.person(Role.CLERK, court)
    address = f"{page_of(sheet['order'])}receipt/"
    opened = desk.get(address).context["opened"]
    inventory.record_permit(sheet["order"], kind="Pistol permit", number="7", by=other, now=now)

    page = desk.post(address, {"opened": opened, "kind": "police"}).content.decode()

    assert f"<li>{other.name}: Permit listed" in page


def test_a_correction_is_saved_after_the_change_of_another_was_seen(
    desk: Client, enter: Enter, now: datetime
) -> None:
    order = enter(expires_on=(now + timedelta(days=5)).date())
    address = f"{page_of(order)}correct/"
    mine = as_shown(desk.get(address).context["form"]) | {"por_number": "POR-9", "reason": "Left out."}
    correct_order(order, financial_support=True, reason="Misread.", by=None, now=now)

    first = desk.post(address, mine)
    assert "Someone changed this since you opened the form." in first.content.decode()
    again = as_shown(first.context["form"])

    assert again["por_number"] == "POR-9"
    assert desk.post(address, again).status_code == 302
    order.refresh_from_db()
    assert order.por_number == "POR-9"


def test_the_checklist_records_a_notice_with_one_press(desk: Client, enter: Enter, now: datetime) -> None:
    order = enter()

    desk.post(f"{page_of(order)}sent/", {"entry": "CT-REG-01", "just_now": "1"})

    assert NoticeSent.objects.get(order=order).sent_at is not None


def test_a_judge_reads_the_page_without_acts(enter: Enter, court: Agency) -> None:
    order = enter()
    page = signed_in(make.person(Role.JUDGE, court)).get(page_of(order)).content.decode()

    assert "More acts" not in page
    assert "Mark as sent" not in page
