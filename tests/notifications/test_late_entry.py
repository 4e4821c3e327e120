"""What is entered long after it happened: each overdue duty has an owner and was alerted at once, and the
audits find nothing. For every kind of order of every state."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AgencyKind, Role, State
from notifications.models import Alert, AlertState
from notifications.services.firing.fire import Firer
from notifications.services.watch import counters
from notifications.services.watch.audits import audit
from orders.errors import InvalidFact
from orders.models import Capacity, Checkpoint, Deadline, DeadlineState, FollowUp, Order, OrderAgency
from orders.rules.vocabulary import Purpose
from orders.services.firearms.requests import record_custody_request
from orders.services.orders.case_events import RECORDABLE, record_case_event
from orders.services.orders.entry import enter_order
from orders.services.orders.legal_checks import kinds_of
from orders.services.planning.rulebooks import bundled
from tests import make

pytestmark = pytest.mark.django_db

KINDS = [(state, kind.value) for state in State.values for kind in kinds_of(state)]


def late(state: str, kind: str) -> Order:
    """An order of 400 days ago, served a day later, with every agency, entered now."""
    now = timezone.now()
    police = make.agency(state=state)
    court = make.agency(AgencyKind.COURT, state=state)
    make.person(Role.LIAISON, police)
    make.person(Role.CLERK, court)
    make.person(Role.ADMINISTRATOR)
    new = make.new_order(
        jurisdiction=state,
        kind=kind,
        court=court,
        respondent_town=make.town(police, state=state),
        issued_at=now - timedelta(days=400),
        served_at=now - timedelta(days=399),
        service_method="in_hand",
        hearing_on=(now - timedelta(days=390)).date() if kind != "foreign_order" else None,
        firearms_alleged_count=2,
        permit_indicated=True,
        financial_support=True,
    )
    order = enter_order(new, by=None, now=now, confirm="As the papers show.")
    for agency_kind, capacity in (
        (AgencyKind.MARSHAL, Capacity.MARSHAL),
        (AgencyKind.PROSECUTOR, Capacity.PROSECUTOR),
    ):
        agency = make.agency(agency_kind, state=state)
        make.person(Role(agency_kind.value), agency)
        OrderAgency.objects.create(order=order, agency=agency, capacity=capacity)
    return order


def everything_happened(order: Order) -> None:
    """Each event that starts a duty somewhere, a year ago, as far as the order takes it."""
    now = timezone.now()
    happened: dict[str, Any] = {"by": None, "now": now, "confirm": "As the papers show."}
    for kind in sorted(RECORDABLE):
        try:
            record_case_event(order, kind=kind, occurred_at=now - timedelta(days=380), **happened)
        except InvalidFact:
            continue
    record_custody_request(
        order,
        kind="return",
        requested_at=now - timedelta(days=30),
        by=None,
        now=now,
        confirm="As the papers show.",
    )


@pytest.mark.cut(3)
@pytest.mark.parametrize(("state", "kind"), KINDS, ids=[f"{state}-{kind}" for state, kind in KINDS])
def test_each_overdue_duty_has_an_owner_and_was_alerted(state: str, kind: str) -> None:
    order = late(state, kind)
    everything_happened(order)
    firer = Firer("test")
    while firer.fire(budget=60).checkpoints:
        firer.forget()

    overdue = Deadline.objects.filter(order=order, state=DeadlineState.OVERDUE)
    for one in overdue:
        follow_up = FollowUp.objects.get(deadline=one, closed_at=None)
        assert follow_up.owner_id is not None
        checks = Alert.objects.filter(
            checkpoint__deadline=one, checkpoint__revision=one.revision, checkpoint__purpose=Purpose.CHECK
        )
        assert checks.exclude(recipient=None).exists(), one.rule_id
    # The end of an order is no duty and has no check.
    past = Deadline.objects.filter(order=order, state=DeadlineState.OPEN, due_at__lt=timezone.now())
    assert [one.rule_id for one in past if bundled().by_id[one.rule_id].has_check] == []
    # As if the mail server took all of it.
    Alert.objects.filter(state=AlertState.READY).update(state=AlertState.ACCEPTED)
    counts = counters.take()
    assert counts[counters.OVERDUE] == counts[counters.OVERDUE_ALERTED] == overdue.count()
    assert (
        counts[counters.OVERDUE_UNOWNED]
        == counts[counters.UNOWNED]
        == counts[counters.WITHOUT_DEADLINES]
        == 0
    )
    assert audit() == []
    assert not Checkpoint.objects.filter(state=0, fires_at__lte=timezone.now()).exists()


def test_the_kinds_give_duties_that_are_overdue() -> None:
    order = late("us_ct", "restraining_order")
    Firer("test").fire()

    assert Deadline.objects.filter(order=order, rule_id="CT-SUR-01", state=DeadlineState.OVERDUE).exists()
