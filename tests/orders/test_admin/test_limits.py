"""A clerk is warned of a date beyond a rule, continues with a reason, and sees the exception afterward."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Agency
from orders.models import Hearing, Order
from tests import make
from tests.orders.test_admin.conftest import Enter, page_of

pytestmark = pytest.mark.django_db

WHY = "Good cause was shown."


def sunday_after(day: date) -> date:
    return day + timedelta(days=(6 - day.weekday()) % 7 or 7)


def test_a_hearing_on_a_sunday(enter: Enter, desk: Client) -> None:
    order = enter()
    sunday = sunday_after(order.issued_on)
    address = f"{page_of(order)}hearing/"
    sheet = {"purpose": "compliance", "scheduled_on": sunday.isoformat()}

    asked = desk.post(address, sheet).content.decode()

    for said in ("The court is closed on", "Sunday", "The next open day is", "Reason to continue"):
        assert said in asked
    assert not Hearing.objects.exists()

    desk.post(address, {**sheet, "confirm": WHY})

    assert Hearing.objects.get().scheduled_on == sunday
    page = desk.get(page_of(order)).content.decode()
    assert "Set beyond the rule: A hearing is set for Sun," in page
    assert f"Reason: {WHY}" in page
    assert "Beyond the rule: Sun," in page


def test_an_empty_reason_asks_again(enter: Enter, desk: Client) -> None:
    order = enter()
    sunday = sunday_after(order.issued_on).isoformat()

    page = desk.post(
        f"{page_of(order)}hearing/", {"purpose": "compliance", "scheduled_on": sunday, "confirm": " "}
    ).content.decode()

    assert "Reason to continue" in page
    assert not Hearing.objects.exists()


def test_entry_with_two_unusual_dates_asks_once(desk: Client, court: Agency) -> None:
    sheet: dict[str, Any] = {
        "court": court.pk,
        "docket_number": "HHD-FA26-18-S",
        "kind": "ex_parte_restraining_order",
        "issued_at_0": "2025-12-04",
        "issued_at_1": "4:00 pm",
        "expires_on": "2026-12-04",
        "hearing_on": "2025-12-22",
        "respondent_name": "Ash Birch",
        "respondent_town": make.town().pk,
    }
    address = "/admin/orders/order/add/"

    asked = desk.post(address, sheet).content.decode()

    assert "not later than fourteen days" in asked
    assert "lasts until the hearing" in asked
    assert asked.count("Reason to continue") == 1
    assert not Order.objects.exists()

    desk.post(address, {**sheet, "confirm": WHY})

    order = Order.objects.get()
    assert order.history.get(kind="entered").reason == WHY
    assert desk.get(page_of(order)).content.decode().count("Set beyond the rule") == 2


def test_an_extension_and_a_correction(enter: Enter, desk: Client) -> None:
    order = enter(kind="restraining_order")
    late = (order.issued_on + timedelta(days=800)).isoformat()
    opened = desk.get(f"{page_of(order)}correct/").context["form"]
    sheet = {
        name: "" if value is None else value
        for name, value in (
            (name, opened.get_initial_for_field(one, name)) for name, one in opened.fields.items()
        )
        if not isinstance(value, bool) and name != "issued_at"
    }
    at = order.issued_as_given
    assert at is not None
    local = at.astimezone(opened.fields["issued_at"].zone)
    sheet |= {
        "issued_at_0": f"{local:%Y-%m-%d}",
        "issued_at_1": f"{local:%H:%M:%S %z}",
        "firearms_indicated": "on",
        "expires_on": late,
        "reason": "A slip.",
    }

    asked = desk.post(f"{page_of(order)}correct/", sheet).content.decode()
    assert "lasts at most one year" in asked

    desk.post(f"{page_of(order)}correct/", {**sheet, "confirm": WHY})
    order.refresh_from_db()
    assert str(order.expires_on) == late
    page = desk.get(page_of(order)).content.decode()
    assert f"Reason to continue: {WHY}" in page
