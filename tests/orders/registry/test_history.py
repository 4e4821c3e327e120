"""An imported order has the history of the same order entered by hand."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Agency, Town
from orders.models import HistoryEntry, Order
from orders.services.firearms import inventory, receipts, statements
from orders.services.orders.entry import enter_order
from orders.services.service import record_service
from tests import make
from tests.make import NOW
from tests.make_export import firearm_row, order_row, receipt_row, statement_row
from tests.orders.registry.test_wrong_inputs import _places, take

pytestmark = pytest.mark.django_db

__all__ = ["_places"]

BY: dict[str, Any] = {"by": None, "now": NOW}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def by_hand(docket: str) -> Order:
    order = enter_order(
        make.new_order(
            docket_number=docket,
            court=Agency.objects.get(name="Court at Hartford"),
            respondent_town=Town.objects.get(name="Hamden"),
            issued_at=at("2026-10-01T12:00-04:00"),
            hearing_on=date(2026, 10, 8),
            protected_person="Robin Elm",
        ),
        **BY,
    )
    record_service(order, served_at=at("2026-10-02T12:00-04:00"), service_method="in_hand", **BY)
    firearm = inventory.list_firearm(order, serial="S1", source="application", **BY)
    receipts.record_receipt(
        order,
        kind="police",
        agency=Agency.objects.get(ori="CT0006200"),
        received_at=at("2026-10-02T18:00-04:00"),
        firearms=[firearm],
        receipt_number="R1",
        **BY,
    )
    statements.record_statement(
        order, kind="non_possession", sworn_at=at("2026-10-02T19:00-04:00"), receipt_number="T1", **BY
    )
    return order


def kinds(order: Order) -> list[str]:
    return list(order.history.order_by("id").values_list("kind", flat=True))


def test_the_kinds_of_a_rich_order(tmp_path: Path) -> None:
    found = take(
        tmp_path,
        [order_row()],
        [firearm_row()],
        [
            receipt_row(recipient_kind="police", recipient_id="CT0006200", at="2026-10-02T18:00-04:00"),
            statement_row(at="2026-10-02T19:00-04:00"),
        ],
    )
    assert found["rejects"] == []
    imported = Order.objects.get()

    assert sorted(kinds(imported)) == sorted(kinds(by_hand("HHD-FA26-7777777-S")))
    assert kinds(imported)[:2] == ["entered", "served"]


def test_the_history_of_a_sibling_whose_duty_a_new_order_meets(tmp_path: Path) -> None:
    """A receipt under the second order of a case names the firearm of the first one."""
    take(tmp_path, [order_row()], [firearm_row()])
    first = Order.objects.get()
    assert "replanned" not in kinds(first)
    second = order_row(
        2, docket_number=first.case.docket_number, order_kind="restraining_order", hearing_on=""
    )

    take(tmp_path, [order_row(), second], [firearm_row()], [receipt_row(2)])

    assert Order.objects.filter(case=first.case_id).count() == 2
    entry = HistoryEntry.objects.get(order=first, kind="replanned")
    assert entry.data["deadlines"]["CT-SUR-01"] == "met"
