"""The rows agree with the plan after any sequence of acts, and planning again changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from notifications.services.firing.fire import Firer
from orders.models import Checkpoint, CheckpointState, Deadline, DeadlineState, FollowUp, Order
from orders.rules.plan import plan
from orders.services import service
from orders.services.firearms import inventory, receipts, statements
from orders.services.orders import case_events
from orders.services.planning.load_facts import load_facts
from orders.services.planning.replan import replan
from orders.services.planning.rulebooks import current_rulebook
from tests import make
from tests.make import NOW

Act = Callable[[Order, int], None]


def serve(order: Order, hours: int) -> None:
    if Order.objects.get(pk=order.pk).served_at is None:
        service.record_service(
            order, served_at=NOW - timedelta(hours=hours), service_method="in_hand", by=None, now=NOW
        )


def correct(order: Order, hours: int) -> None:
    if Order.objects.get(pk=order.pk).served_at is not None:
        service.correct_service(
            order, served_at=NOW - timedelta(hours=hours), reason="typing error", by=None, now=NOW
        )


def unserve(order: Order, _: int) -> None:
    if Order.objects.get(pk=order.pk).served_at is not None:
        service.withdraw_service(order, reason="another order's", by=None, now=NOW)


def list_one(order: Order, _: int) -> None:
    inventory.list_firearm(order, make="COL", source="police", by=None, now=NOW)


def transfer_all(order: Order, hours: int) -> None:
    if firearms := list(order.firearms.filter(receipt_items=None)):
        receipts.record_receipt(
            order,
            kind="dealer",
            received_at=NOW - timedelta(hours=hours),
            firearms=firearms,
            dealer_license="6-06-014-01-7M-12345",
            by=None,
            now=NOW,
        )


def take_back(order: Order, _: int) -> None:
    if receipt := order.receipts.first():
        receipts.withdraw_receipt(order, receipt=receipt, reason="wrong case", by=None, now=NOW)


def deny(order: Order, hours: int) -> None:
    statements.record_statement(
        order, kind="non_possession", sworn_at=NOW - timedelta(hours=hours), by=None, now=NOW
    )


def notify_police(order: Order, hours: int) -> None:
    case_events.record_case_event(
        order, kind="police_notified", occurred_at=NOW - timedelta(hours=hours), by=None, now=NOW
    )


def fire(_: Order, hours: int) -> None:
    Firer("test").fire(now=NOW + timedelta(hours=hours))


ACTS: list[Act] = [serve, correct, unserve, list_one, transfer_all, take_back, deny, notify_police, fire]


def agrees(order: Order) -> None:
    """Asserts that every row is as the plan has it, and that nothing hangs over."""
    order = Order.objects.select_related("case").get(pk=order.pk)
    planned = {
        (one.rule.id, one.occurrence): one for one in plan(load_facts([order])[order.pk], current_rulebook())
    }
    for row in Deadline.objects.filter(order=order):
        one = planned.pop((row.rule_id, row.occurrence), None)
        pending = Checkpoint.objects.filter(deadline=row, state=CheckpointState.PENDING)
        if one is None:
            assert row.state == DeadlineState.WITHDRAWN
        else:
            assert row.due_at == one.due_at
            assert (row.state == DeadlineState.MET) == (one.met is not None)
            names = {checkpoint.name: checkpoint.fires_at for checkpoint in one.checkpoints}
            for checkpoint in pending:
                assert (checkpoint.revision, checkpoint.fires_at) == (row.revision, names[checkpoint.name])
        if row.state not in (DeadlineState.OPEN, DeadlineState.OVERDUE):
            assert not pending.exists()
            assert not FollowUp.objects.filter(deadline=row, closed_at=None).exists()
        if row.state == DeadlineState.OPEN and row.rule_id == "CT-SUR-01" and one and one.checkpoints:
            assert pending.filter(name="check").exists(), "an armed deadline without its check is silence"
    assert not planned, "the plan has deadlines that no row has"


#: How many sequences are tried; `make fuzz` tries more.
SEQUENCES = int(os.environ.get("CTC_FUZZ_CASES", "15"))


class AnySequence(TestCase):
    """Rows and plan agree after any acts in any order."""

    @settings(
        max_examples=SEQUENCES, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
    )
    @given(
        acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 47)), max_size=9),
        armed=st.booleans(),
    )
    def test_rows_agree_with_the_plan(self, acts: list[tuple[Act, int]], *, armed: bool) -> None:
        order = make.order(firearms_indicated=armed)
        for act, hours in acts:
            act(order, hours)
            agrees(order)


@pytest.mark.django_db
def test_planning_again_writes_nothing() -> None:
    order = make.served_order()
    before = list(Deadline.objects.order_by("id").values()), list(Checkpoint.objects.order_by("id").values())

    with transaction.atomic():
        told = replan([order], now=NOW)

    assert not told.get(order.pk)
    assert before == (
        list(Deadline.objects.order_by("id").values()),
        list(Checkpoint.objects.order_by("id").values()),
    )


@pytest.mark.django_db
def test_a_changed_audience_reaches_pending_checkpoints_only() -> None:
    order = make.served_order()
    inventory.list_firearm(order, source="application", serial="S-1", by=None, now=NOW)
    checkpoints = Checkpoint.objects.filter(deadline__rule_id="CT-SUR-01")
    planned = dict(checkpoints.values_list("name", "audience"))
    Firer("test").fire(now=NOW + timedelta(hours=20))
    checkpoints.update(audience=["court"])

    with transaction.atomic():
        replan([order], now=NOW + timedelta(hours=20))

    found = dict(checkpoints.values_list("name", "audience"))
    assert found == planned | {"remind-6h": ["court"]}


@pytest.mark.django_db(transaction=True)
def test_planning_outside_a_transaction_is_refused() -> None:
    order = make.served_order()

    with pytest.raises(transaction.TransactionManagementError):
        replan([order], now=NOW)
