"""An order that was entered in error is in no list, plan or count, until it is restored."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AgencyKind, Role
from orders.errors import InvalidFact
from orders.models import (
    Checkpoint,
    CheckpointState,
    Deadline,
    Firearm,
    FirearmStatus,
    FollowUp,
    Hearing,
    Order,
    OrderAgency,
    Receipt,
    Transfer,
)
from orders.services import hearings
from orders.services.firearms import inventory, receipts
from orders.services.orders import corrections, extension, withdrawal
from orders.services.reports.compliance import count_compliance
from tests import make
from tests.api.fixtures import set_up
from tests.make import NOW

pytestmark = pytest.mark.django_db

WHY: dict[str, Any] = {"by": None, "now": NOW, "reason": "Entered twice."}


def plan_of(order: Order) -> list[tuple[Any, ...]]:
    """Every deadline of the order's case that was not withdrawn, and its pending checkpoints."""
    deadlines = Deadline.objects.filter(order__case=order.case_id).exclude(state="withdrawn")
    checkpoints = Checkpoint.objects.filter(deadline__in=deadlines, state=CheckpointState.PENDING)
    return [
        *sorted(
            deadlines.values_list("order", "rule_id", "occurrence", "state", "due_at", "met_at", "proof")
        ),
        *sorted(checkpoints.values_list("deadline__rule_id", "name", "fires_at")),
    ]


def handed_in(order: Order, *firearms: Firearm, **given: Any) -> Receipt:
    """A receipt of police."""
    return receipts.record_receipt(
        order,
        kind="police",
        agency=make.agency(),
        received_at=NOW,
        firearms=list(firearms),
        by=None,
        now=NOW,
        **given,
    )


def listed(order: Order, serial: str) -> Firearm:
    """A firearm on the list of the order."""
    return inventory.list_firearm(order, serial=serial, source="police", by=None, now=NOW)


def test_a_withdrawn_order_plans_nothing_and_a_restored_one_what_it_did_before() -> None:
    order = make.served_order(hearing_on=(NOW + timedelta(days=5)).date())
    before = plan_of(order)
    assert before

    withdrawal.withdraw_order(order, **WHY)

    assert plan_of(order) == []
    assert not Order.objects.exists()
    assert Order.recorded.get().withdrawn_at == NOW
    withdrawal.restore_order(order, **WHY)
    assert plan_of(order) == before
    assert [one.kind for one in order.history.all()] == ["entered", "order_withdrawn", "order_restored"]


def test_follow_ups_and_transfers_end() -> None:
    fixtures = set_up()
    offered = OrderAgency.objects.filter(order=fixtures.order, capacity="assisting_police")
    assert offered.exists()

    withdrawal.withdraw_order(fixtures.order, by=None, now=fixtures.now, reason="Entered twice.")

    assert not FollowUp.objects.filter(closed_at=None).exists()
    assert Transfer.objects.get().withdrawn_at == fixtures.now
    assert not offered.exists()


def test_its_firearms_and_receipts_do_not_count_for_the_other_orders_of_the_case() -> None:
    order = make.served_order()
    mistake = make.served_order(docket_number=order.case.docket_number, court=order.case.court)
    assert mistake.case_id == order.case_id
    mine = listed(order, "S-1")
    theirs = listed(mistake, "S-2")
    handed_in(mistake, mine, theirs)
    met = plan_of(order)
    assert Firearm.objects.get(pk=mine.pk).status == FirearmStatus.SURRENDERED

    withdrawal.withdraw_order(mistake, **WHY)

    assert Firearm.objects.get(pk=mine.pk).status == FirearmStatus.ALLEGED
    assert make.deadline(order, "CT-SUR-01").state == "open"
    withdrawal.restore_order(mistake, **WHY)
    assert plan_of(order) == met
    assert Firearm.objects.get(pk=mine.pk).status == FirearmStatus.SURRENDERED


def test_no_other_act_is_taken_until_it_is_restored() -> None:
    order = make.served_order()
    with pytest.raises(InvalidFact, match="not withdrawn"):
        withdrawal.restore_order(order, **WHY)
    withdrawal.withdraw_order(order, **WHY)

    for act in (
        lambda: withdrawal.withdraw_order(order, **WHY),
        lambda: corrections.correct_order(order, firearms_indicated=False, **WHY),
        lambda: extension.extend_order(order, expires_on=NOW.date(), by=None, now=NOW),
        lambda: listed(order, "S-1"),
        lambda: hearings.schedule_hearing(
            order, purpose="contempt", scheduled_on=NOW.date(), by=None, now=NOW
        ),
    ):
        with pytest.raises(InvalidFact, match=r"entered in error\. Restore it first"):
            act()

    assert not Firearm.objects.exists()
    assert not Hearing.objects.exists()


def test_its_registry_number_is_not_taken_again() -> None:
    order = make.order(por_number="POR-1")
    withdrawal.withdraw_order(order, **WHY)

    with pytest.raises(InvalidFact, match="POR-1 is the number of an order that was withdrawn"):
        make.order(por_number="POR-1", court=order.case.court)


def test_the_report_does_not_count_it() -> None:
    order = make.served_order(ago=timedelta(hours=30))
    listed(order, "S-1")
    counted = count_compliance(NOW)
    assert (sum(counted.orders.values()), counted.firearms_outstanding) == (1, 1)

    withdrawal.withdraw_order(order, **WHY)

    counted = count_compliance(NOW)
    assert (sum(counted.orders.values()), counted.firearms_outstanding) == (0, 0)


def test_the_report_leaves_out_receipts_of_an_order_entered_in_error() -> None:
    order = make.served_order(ago=timedelta(hours=30))
    mistake = make.served_order(docket_number=order.case.docket_number, court=order.case.court)
    handed_in(mistake, listed(order, "S-1"))
    assert count_compliance(NOW).firearms_outstanding == 0

    withdrawal.withdraw_order(mistake, **WHY)

    assert count_compliance(NOW).firearms_outstanding == 1


@pytest.mark.parametrize("role", [Role.CLERK, Role.LIAISON, Role.ADVOCATE])
def test_no_one_sees_its_rows(role: Role) -> None:
    fixtures = set_up(now=timezone.now())
    place = {Role.CLERK: fixtures.court, Role.LIAISON: fixtures.police, Role.ADVOCATE: fixtures.organization}
    person = make.person(role, place[role])
    models = (Order, Deadline, FollowUp, Firearm, Receipt, Hearing, Transfer)
    mine = {"order": fixtures.order}
    assert Order.objects.visible_to(person).filter(pk=fixtures.order.pk).exists()

    withdrawal.withdraw_order(fixtures.order, by=None, now=fixtures.now, reason="Entered twice.")

    for model in models:
        rows: Any = model._default_manager.visible_to(person)
        which = {"pk": fixtures.order.pk} if model is Order else mine
        assert not rows.filter(**which).exists(), model
    knows = Order.recorded.known_to(person).filter(pk=fixtures.order.pk).exists()
    assert knows == (role is Role.CLERK)
    stranger = make.person(role, make.agency(AgencyKind(place[role].kind)))
    assert not Order.recorded.known_to(stranger).exists()


def test_a_withdrawn_order_does_not_count_for_the_orders_of_the_person_in_another_case() -> None:
    born = (NOW - timedelta(days=12_000)).date()
    order = make.served_order(respondent_dob=born)
    mistake = make.served_order(court=order.case.court, respondent_dob=born)
    assert mistake.case_id != order.case_id
    mine = listed(order, "S-1")
    handed_in(mistake, listed(mistake, "S-1"))
    met = make.deadline(order, "CT-SUR-01").state
    assert (met, Firearm.objects.get(pk=mine.pk).status) == ("met", FirearmStatus.SURRENDERED)

    withdrawal.withdraw_order(mistake, **WHY)

    assert make.deadline(order, "CT-SUR-01").state == "open"
    assert Firearm.objects.get(pk=mine.pk).status == FirearmStatus.ALLEGED
    withdrawal.restore_order(mistake, **WHY)
    assert make.deadline(order, "CT-SUR-01").state == "met"
    assert Firearm.objects.get(pk=mine.pk).status == FirearmStatus.SURRENDERED
