"""Whatever the registry changes, and whatever people did here before, an import ends and is repeatable."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from accounts.models import Agency, AgencyKind, Town
from orders.errors import InvalidFact
from orders.models import Order
from orders.services import corrections, hearings, service
from orders.services.firearms import inventory
from orders.services.orders import extension, vacatur, withdrawal
from orders.services.parties import respondents
from orders.services.registry.importing import importing
from tests.cases.test_standing_facts import SEQUENCES
from tests.make import NOW
from tests.make_export import firearm_row, order_row, receipt_row, statement_row, write_export

BY: dict[str, Any] = {"by": None, "now": NOW}
WHY: dict[str, Any] = {**BY, "reason": "Read the wrong line."}
HELD = date(2026, 10, 8)

#: What the registry may have in each column.
WORDS: dict[str, list[str]] = {
    "docket_number": ["HHD-FA26-0000001-S", "HHD-FA26-0000002-S", "HHD-FA26-0000009-S"],
    "order_kind": ["ex_parte_restraining_order", "restraining_order"],
    "issued_at": ["2026-10-01T12:00-04:00", "2026-10-03T15:00-04:00", "2026-09-01T12:00-04:00"],
    "hearing_on": ["", "2026-10-08", "2026-10-15", "2026-12-09"],
    "expires_on": ["", "2026-10-05", "2026-12-31", "2027-06-01"],
    "served_at": ["", "2026-10-02T12:00-04:00", "2026-10-04T12:00-04:00"],
    "respondent_name": ["Ash Birch", "ASH BIRCH", "Ash Elm"],
    "respondent_dob": ["", "1990-01-02", "2020-01-02"],
    "protected_person": ["", "Robin Elm", "Robin Fern"],
    "firearms_indicated": ["Y", "N"],
}
FIREARMS = [firearm_row(), firearm_row(make="COL"), firearm_row(serial="S 1"), firearm_row(serial="UNK")]
RECEIPTS = [
    receipt_row(),
    receipt_row(at="2026-10-03T15:00-04:00"),
    receipt_row(serials="S1;S2", at="2026-10-05T12:00-04:00"),
    receipt_row(serials="UNK", receipt_number="R2"),
    receipt_row(at="2026-09-15T12:00-04:00", receipt_number="R3"),
    statement_row(receipt_number="T1"),
    statement_row(receipt_number="T1", at="2026-10-05T12:00-04:00"),
]


def pending(order: Order) -> Any:
    return order.hearings.filter(outcome="").earliest("id")


def heard(order: Order) -> Any:
    return order.hearings.exclude(held_on=None).earliest("id")


#: What people do between two imports.
ACTS: dict[str, Callable[[Order], object]] = {
    "hold": lambda order: hearings.record_hearing(
        order.hearings.get(scheduled_on=HELD), outcome="granted", held_on=HELD, confirm="So it was.", **BY
    ),
    "continue": lambda order: hearings.continue_hearing(
        pending(order), scheduled_on=date(2026, 12, 9), confirm="So ordered.", **BY
    ),
    "schedule": lambda order: hearings.schedule_hearing(
        order, purpose="application", scheduled_on=HELD, confirm="So ordered.", **BY
    ),
    "withdraw the outcome": lambda order: hearings.HEARING_OUTCOME.withdraw(heard(order), **WHY),
    "withdraw the hearing": lambda order: corrections.withdraw(pending(order), **WHY),
    "vacate": lambda order: vacatur.vacate_order(
        order, vacated_at=datetime(2026, 10, 20, 16, tzinfo=UTC), **WHY
    ),
    "reinstate": lambda order: vacatur.reinstate_order(order, **WHY),
    "extend": lambda order: extension.extend_order(
        order, expires_on=date(2027, 3, 1), confirm="So ordered.", **BY
    ),
    "withdraw the order": lambda order: withdrawal.withdraw_order(order, **WHY),
    "restore": lambda order: withdrawal.restore_order(order, **WHY),
    "serve": lambda order: service.record_service(
        order, served_at=NOW - timedelta(days=9), service_method="in_hand", **BY
    ),
    "withdraw service": lambda order: service.withdraw_service(order, **WHY),
    "rename": lambda order: respondents.correct_respondent(order, name="Ash Elm", **WHY),
    "list": lambda order: inventory.list_firearm(
        order, serial="5-1", source="police", confirm="As it is.", **BY
    ),
    "withdraw a receipt": lambda order: corrections.withdraw(order.receipts.earliest("id"), **WHY),
    "withdraw a firearm": lambda order: corrections.withdraw(order.firearms.earliest("id"), **WHY),
}


@st.composite
def steps(draw: st.DrawFn) -> list[Any]:
    """Acts, and what the registry sends: the changed columns, firearms and receipts."""
    sent = st.tuples(
        st.fixed_dictionaries({}, optional={name: st.sampled_from(some) for name, some in WORDS.items()}),
        st.lists(st.sampled_from(FIREARMS), max_size=3),
        st.lists(st.sampled_from(RECEIPTS), max_size=4),
    )
    return draw(st.lists(st.sampled_from(sorted(ACTS)) | sent, min_size=4, max_size=9))


def send(rows: tuple[dict[str, str], list[dict[str, str]], list[dict[str, str]]]) -> tuple[int, int, int]:
    """Import the rows beside an order that never changes. Return what became of the orders."""
    changed, firearms, receipts = rows
    other = order_row(7, respondent_name="Kai Larch")
    with tempfile.TemporaryDirectory() as folder:
        export = write_export(Path(folder), [order_row(**changed), other], firearms, receipts)
        with importing(export, now=NOW) as run:
            list(run.batches())
        return run.imported, run.updated, run.unchanged


def act(name: str) -> None:
    """Do it, if it is possible now."""
    order = Order.recorded.select_related("case__court").filter(por_number="POR0000000001").first()
    try:
        with transaction.atomic():
            if order is not None:
                ACTS[name](order)
    except (InvalidFact, ObjectDoesNotExist):
        pass


@pytest.mark.django_db
@settings(
    # The example below is the sequence that once stopped an import; `make fuzz` tries many others.
    max_examples=max(1, SEQUENCES // 2),
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(some=steps())
@example(some=["hold", ({"hearing_on": "2026-10-15"}, [], []), ({}, [], [])])
def test_no_row_and_no_act_stops_an_import(some: list[Any]) -> None:
    with transaction.atomic():
        Town.objects.create(
            name="Hamden", police=Agency.objects.create(kind=AgencyKind.POLICE, name="Police")
        )
        Agency.objects.create(name="Court", kind=AgencyKind.COURT, docket_prefixes="HHD")
        send(({}, [], []))
        for step in some:
            if isinstance(step, str):
                act(step)
                continue
            send(step)
            assert Order.objects.filter(por_number="POR0000000007").exists()
            assert send(step)[:2] == (0, 0)
        transaction.set_rollback(True)
