"""What lists sort by follows from the deadlines, after every kind of change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.dates import court_date
from accounts.models import User
from orders.models import Deadline, Hearing, Order, OrderUrgency
from orders.services.clients.extension_window import extension_rules
from orders.services.desk.conditions import LONGEST_WINDOW, CourtDesk
from orders.services.desk.judges import judges_of
from orders.services.firearms import inventory, receipts
from orders.services.hearings import schedule_hearing
from orders.services.orders import vacatur, withdrawal
from orders.services.planning.duties import duties_for_court
from orders.services.planning.replan import replan
from orders.services.planning.replan_stale import mark_uncovered, replan_stale
from orders.services.planning.rulebooks import bundled
from orders.services.planning.urgency import ending_rules, next_due, write_ended
from orders.services.service import record_service
from tests import make
from tests.orders.test_admin.conftest import Enter, clerk, court, desk, enter, now, page_of

__all__ = ["clerk", "court", "desk", "enter", "now"]

pytestmark = pytest.mark.django_db


def serve(order: Order) -> None:
    record_service(
        order, served_at=make.NOW - timedelta(hours=2), service_method="in_hand", by=None, now=make.NOW
    )


def surrender(order: Order) -> None:
    serve(order)
    firearm = inventory.list_firearm(order, source="application", serial="A-1", by=None, now=make.NOW)
    receipts.record_receipt(
        order,
        kind="police",
        received_at=make.NOW - timedelta(hours=1),
        firearms=[firearm],
        agency=order.case.respondent.town.police,
        by=None,
        now=make.NOW,
    )


def hear(order: Order) -> None:
    day = (make.NOW + timedelta(days=3)).date()
    schedule_hearing(order, purpose="application", scheduled_on=day, by=None, now=make.NOW)


def vacate(order: Order) -> None:
    vacatur.vacate_order(
        order, vacated_at=make.NOW - timedelta(hours=1), by=None, now=make.NOW, reason="Withdrawn."
    )


def withdraw(order: Order) -> None:
    withdrawal.withdraw_order(order, by=None, now=make.NOW, reason="Entered twice.")


@pytest.mark.parametrize("act", [lambda _: None, serve, surrender, hear, vacate, withdraw])
def test_the_stored_row_equals_what_the_deadlines_give(act: Callable[[Order], object]) -> None:
    order = make.order()
    act(order)

    order = Order.every.select_related("case", "urgency").get(pk=order.pk)
    rows = list(Deadline.objects.filter(order=order))

    running = [one for one in rows if one.is_running and one.rule_id in duties_for_court()]
    assert order.urgency.due_at == min((one.due_at for one in running if one.due_at), default=None)
    assert order.urgency.court_id == order.case.court_id
    assert order.urgency.issued_on == order.issued_on
    ends = [one.due_on for one in rows if one.rule_id in ending_rules() and one.state != "withdrawn"]
    vacated = make.NOW.date() if order.vacated_at else None
    assert order.urgency.ends_on == (vacated or order.expires_on or next(iter(ends), None))


def test_a_vacatur_ends_what_was_due() -> None:
    order = make.order()
    before = OrderUrgency.objects.get(order=order)
    vacate(order)
    after = OrderUrgency.objects.get(order=order)

    assert before.due_at is not None
    assert (after.due_at, after.ends_on) == (None, make.NOW.date())
    assert next_due([]) is None


def test_an_order_that_an_older_program_wrote_is_planned_again() -> None:
    order = make.order()
    before = OrderUrgency.objects.get(order=order).due_at
    OrderUrgency.objects.filter(order=order).delete()

    assert mark_uncovered() == 1
    replan_stale(now=make.NOW)

    assert OrderUrgency.objects.get(order=order).due_at == before


def test_after_the_last_day_only_what_outlasts_the_order_is_due(
    desk: Client, enter: Enter, now: datetime
) -> None:
    """The copy for police is moot then; firearms that are still out are not."""
    copy = enter(issued_at=now - timedelta(days=6), expires_on=court_date(now - timedelta(days=1)))
    armed = enter(
        issued_at=now - timedelta(days=6),
        served_at=now - timedelta(days=5),
        expires_on=court_date(now - timedelta(days=1)),
        firearms_alleged_count=1,
    )
    for order in (copy, armed):
        replan([order], now=now - timedelta(days=2))
    before = OrderUrgency.objects.get(order=copy)

    assert write_ended(now) == 2
    assert write_ended(now) == 0

    after = OrderUrgency.objects.get(order=copy)
    assert (before.is_ended, after.is_ended) == (False, True)
    assert before.due_at == make.deadline(copy, "CT-LE-48").due_at
    assert after.due_at is None or after.due_at > now
    assert OrderUrgency.objects.get(order=armed).due_at == make.deadline(armed, "CT-SUR-01").due_at
    page = desk.get(page_of(copy)).content.decode()
    assert "Ended with the order, not met; it was due" in page
    assert "your court&#x27;s own duty" not in page
    listed = desk.get("/admin/orders/deadline/").content.decode()
    assert "Send the order to police" not in listed
    assert armed.case.docket_number in listed


def test_the_judge_of_the_latest_hearing_is_kept(enter: Enter, clerk: User, now: datetime) -> None:
    order, other = enter(), enter()
    day = court_date(now)
    for days, judge in ((-9, "A. Rowan"), (3, "B. Sorrel"), (6, "")):
        on = day + timedelta(days=days)
        Hearing.objects.create(order=order, purpose="compliance", scheduled_on=on, judge=judge)
    Hearing.objects.create(order=other, purpose="contempt", scheduled_on=day, judge="C. Oak")
    replan([order, other], now=now)
    for judge, age in (("D. Old", 401), ("Elsewhere", 0)):
        elsewhere = make.order() if judge == "Elsewhere" else enter()
        OrderUrgency.objects.filter(order=elsewhere).update(judge=judge, heard_on=day - timedelta(days=age))

    kept = OrderUrgency.objects.get(order=order)
    offered = judges_of(CourtDesk(person=clerk, now=now))
    withdrawal.withdraw_order(other, by=None, now=now, reason="Entered twice.")

    assert (kept.judge, kept.heard_on) == ("B. Sorrel", day + timedelta(days=3))
    assert offered == ["B. Sorrel", "C. Oak"]
    assert judges_of(CourtDesk(person=clerk, now=now)) == ["B. Sorrel"]


def test_every_window_to_extend_opens_after_the_order_is_looked_at() -> None:
    """`ends_near` leaves out no order whose window is open."""
    opens = [
        value.opens
        for rule in (bundled().by_id[one] for one in extension_rules())
        for value in rule.values
        if value.opens and rule.starts == "expiry"
    ]
    days = {"calendar_days": 1, "months": 31}

    assert len(opens) >= 5
    assert max(-one.amount * days[one.unit.value] for one in opens) < LONGEST_WINDOW.days
