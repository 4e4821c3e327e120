"""A court's decision about a rule changes only its own orders, and is stored with its actor and reason."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Agency, AgencyKind, Role
from orders.errors import InvalidFact
from orders.models import Checkpoint, CheckpointState, CourtRule, Deadline, DeadlineState, Order
from orders.rules.model import Offset
from orders.rules.vocabulary import Unit
from orders.services import hearings
from orders.services.conditions import conditions
from orders.services.planning import court_rules, replan_stale
from orders.services.planning.rulebooks import record_closing
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

FIVE_DAYS = Offset(amount=5, unit=Unit.COURT_DAYS)


@pytest.fixture
def court() -> Agency:
    return make.agency(AgencyKind.COURT)


def states(order: Order, rule: str) -> list[str]:
    return list(Deadline.objects.filter(order=order, rule_id=rule).values_list("state", flat=True))


def apply_all() -> int:
    total = 0
    while done := replan_stale.replan_stale(now=NOW):
        total += done
    return total


def test_rule_switched_off_is_withdrawn_in_that_court_only(court: Agency) -> None:
    clerk = make.person(Role.CLERK, court)
    here, elsewhere = make.order(court=court), make.order()

    court_rules.decide(
        court, rule_id="CT-LE-48", is_on=False, reason="the registry enters it", by=clerk, now=NOW
    )
    assert apply_all() == 1

    assert states(here, "CT-LE-48") == [DeadlineState.WITHDRAWN]
    assert states(elsewhere, "CT-LE-48") == [DeadlineState.OPEN]
    assert here.history.get(kind="replanned").data["deadlines"] == {"CT-LE-48": "withdrawn"}
    row = CourtRule.objects.get()
    assert (row.decided_by, row.decided_at, row.reason) == (clerk, NOW, "the registry enters it")


def test_rule_switched_on_again_is_armed_again(court: Agency) -> None:
    order = make.order(court=court)
    for is_on in (False, True):
        court_rules.decide(court, rule_id="CT-LE-48", is_on=is_on, reason="tried", by=None, now=NOW)
        apply_all()

    assert states(order, "CT-LE-48") == [DeadlineState.OPEN]
    assert CourtRule.objects.count() == 2, "both decisions are kept"


def test_new_order_follows_the_current_decision(court: Agency) -> None:
    court_rules.decide(
        court, rule_id="CT-LE-48", is_on=False, reason="the registry enters it", by=None, now=NOW
    )

    assert states(make.order(court=court), "CT-LE-48") == []


def test_time_that_the_law_leaves_to_the_court_is_the_courts(court: Agency) -> None:
    order = make.served_order(court=court)
    assert states(order, "CT-CMP-01-ALL") == []

    court_rules.decide(court, rule_id="CT-CMP-01-ALL", due=FIVE_DAYS, reason="policy", by=None, now=NOW)
    apply_all()

    # Friday 4 December and five court days: Friday 11 December.
    assert Deadline.objects.get(order=order, rule_id="CT-CMP-01-ALL").due_on == date(2026, 12, 11)
    hearings.schedule_hearing(order, purpose="compliance", scheduled_on=date(2026, 12, 10), by=None, now=NOW)
    assert states(order, "CT-CMP-01-ALL") == [DeadlineState.MET]


def test_reminders_are_the_courts(court: Agency) -> None:
    order = make.served_order(court=court)
    hearings.schedule_hearing(order, purpose="compliance", scheduled_on=date(2026, 12, 18), by=None, now=NOW)

    court_rules.decide(
        court,
        rule_id="CT-CMP-01",
        reminders=[Offset(amount=-3, unit=Unit.CALENDAR_DAYS)],
        reason="one is enough",
        by=None,
        now=NOW,
    )
    apply_all()

    pending = Checkpoint.objects.filter(deadline__rule_id="CT-CMP-01", state=CheckpointState.PENDING)
    assert {(one.name, one.fires_at.date()) for one in pending} == {
        ("remind-3d", date(2026, 12, 15)),
        ("check", date(2026, 12, 19)),
    }


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"rule_id": "CT-NONE"}, "rule_id"),
        ({"rule_id": "CT-SUR-01", "due": FIVE_DAYS}, "due"),
        ({"rule_id": "CT-CMP-01-ALL", "due": Offset(amount=0, unit=Unit.INDEFINITE)}, "due"),
        ({"rule_id": "CT-CMP-01", "reminders": [FIVE_DAYS]}, "reminders"),
        ({"rule_id": "CT-CMP-01", "reason": " "}, "reason"),
    ],
)
def test_decision_that_is_not_the_courts_is_refused(court: Agency, given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidFact) as refused:
        court_rules.decide(court, **({"reason": "because", "by": None, "now": NOW} | given))

    assert refused.value.field == field
    assert not CourtRule.objects.exists()


def test_police_decide_nothing() -> None:
    with pytest.raises(InvalidFact, match="not a court"):
        court_rules.decide(make.agency(), rule_id="CT-LE-48", is_on=False, reason="x", by=None, now=NOW)


def test_closed_day_entered_later_moves_what_counts_court_days(court: Agency) -> None:
    court_rules.decide(court, rule_id="CT-CMP-01-ALL", due=FIVE_DAYS, reason="policy", by=None, now=NOW)
    order = make.served_order(court=court)

    record_closing(jurisdiction="us_ct", closed_on=date(2026, 12, 9), name="Snow")
    apply_all()

    assert Deadline.objects.get(order=order, rule_id="CT-CMP-01-ALL").due_on == date(2026, 12, 14)


def test_decision_taken_while_a_clerk_works_is_not_lost(court: Agency) -> None:
    """A service writes only what it touched: the mark to replan stays."""
    order = make.order(court=court)
    stale = Order.objects.get(pk=order.pk)
    court_rules.decide(court, rule_id="CT-LE-48", is_on=False, reason="policy", by=None, now=NOW)

    conditions.set_condition(stale, condition="CT-HOM-01", due_on=date(2026, 12, 11), by=None, now=NOW)

    assert states(order, "CT-LE-48") == [DeadlineState.WITHDRAWN]


def test_term_is_due_on_its_day_and_met_when_it_is_kept() -> None:
    order = make.served_order()
    first = conditions.set_condition(
        order, condition="CT-HOM-01", due_on=date(2026, 12, 11), by=None, now=NOW
    )
    conditions.set_condition(order, condition="CT-HOM-01", due_on=date(2026, 12, 18), by=None, now=NOW)
    assert states(order, "CT-HOM-01-TERM") == [DeadlineState.OPEN, DeadlineState.OPEN]

    later = NOW + timedelta(days=8)
    conditions.mark_satisfied(first, satisfied_on=date(2026, 12, 11), by=None, now=later)

    assert states(order, "CT-HOM-01-TERM") == [DeadlineState.MET, DeadlineState.OPEN]
    with pytest.raises(InvalidFact, match="already"):
        conditions.mark_satisfied(first, satisfied_on=date(2026, 12, 11), by=None, now=later)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"condition": "CT-NONE", "due_on": date(2026, 12, 11)}, "condition"),
        ({"condition": "CT-HOM-01"}, "due_on"),
        ({"condition": "CT-HOM-01", "due_on": date(2026, 12, 1)}, "due_on"),
        ({"condition": "CT-SUR-07", "due_on": date(2026, 12, 11)}, "due_at"),
        ({"condition": "CT-SUR-07", "due_at": NOW.replace(tzinfo=None)}, "due_at"),
    ],
)
def test_bad_term_is_refused(given: dict[str, Any], field: str) -> None:
    order = make.served_order()

    with pytest.raises(InvalidFact) as refused:
        conditions.set_condition(order, by=None, now=NOW, **given)

    assert refused.value.field == field
    assert not order.conditions.exists()


def test_immediate_turnover_is_due_at_its_instant() -> None:
    order = make.served_order()

    conditions.set_condition(order, condition="CT-SUR-07", due_at=NOW + timedelta(hours=2), by=None, now=NOW)

    assert Deadline.objects.get(rule_id="CT-SUR-07-TERM").due_at == NOW + timedelta(hours=2)


def test_database_refuses_half_a_time_and_a_missing_reason(court: Agency) -> None:
    for given in ({"due_amount": 5}, {"reason": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CourtRule.objects.create(**({"court": court, "rule_id": "CT-LE-48", "reason": "x"} | given))
