"""What is entered long after it happened: each overdue duty has an owner and was alerted at once, and the
audits find nothing. For every rule with a check, in every kind of order of every state that it binds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.dates import court_date
from accounts.models import AgencyKind, Role, State
from notifications.models import Alert, AlertState
from notifications.services.firing.fire import Firer
from notifications.services.watch import counters
from notifications.services.watch.audits import audit
from orders.errors import InvalidFact
from orders.models import (
    Capacity,
    Checkpoint,
    CustodyRequest,
    Deadline,
    DeadlineState,
    Firearm,
    FollowUp,
    Hearing,
    Order,
    OrderAgency,
)
from orders.rules.model import Offset, Rule
from orders.rules.vocabulary import Purpose, Unit
from orders.services.conditions.conditions import available_conditions, set_condition
from orders.services.corrections import correct
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from orders.services.firearms.requests import record_custody_request
from orders.services.firearms.return_steps import decide_return, record_return_hold
from orders.services.hearings import continue_hearing, schedule_hearing
from orders.services.orders.case_events import RECORDABLE, record_case_event
from orders.services.orders.entry import enter_order
from orders.services.orders.legal_checks import kinds_of
from orders.services.planning.court_rules import decide
from orders.services.planning.rulebooks import bundled
from orders.services.service import record_failed_attempt
from tests import make

pytestmark = pytest.mark.django_db

KINDS = [(state, kind.value) for state in State.values for kind in kinds_of(state)]
CONFIRM = "As the papers show."
#: Rules that are never overdue when they are entered, and why.
NEVER_LATE = {
    "DE-HRG": "The order itself meets it: the court issued it after it had heard the petition.",
    "FL-TMP-HRG": "The order itself meets it: the court issued it after it had heard the request.",
}
#: Orders of a time that other rules count from: of an earlier law, or whose records are due for sealing.
OLDER = {"us_ct": date(2016, 9, 1), "us_il": date(2021, 9, 1)}


def checked_rules(state: str, kind: str) -> list[Rule]:
    """The rules with a check that bind the kind."""
    return [one for one in bundled().by_binding.get((state, kind), ()) if one.has_check]


class Court:
    """A court with every agency, and what it enters `now`: orders of 400 days ago and what followed."""

    def __init__(self, state: str, kind: str) -> None:
        self.state, self.kind, self.now = state, kind, timezone.now()
        self.by: dict[str, Any] = {"by": None, "now": self.now}
        self.police = make.agency(state=state)
        self.court = make.agency(AgencyKind.COURT, state=state)
        self.town = make.town(self.police, state=state)
        make.person(Role.LIAISON, self.police)
        make.person(Role.CLERK, self.court)
        make.person(Role.ADMINISTRATOR)
        self.others = {
            Capacity.MARSHAL: make.agency(AgencyKind.MARSHAL, state=state),
            Capacity.PROSECUTOR: make.agency(AgencyKind.PROSECUTOR, state=state),
        }
        for agency in self.others.values():
            make.person(Role(agency.kind), agency)
        for rule in checked_rules(state, kind):
            if rule.values[-1].due.unit is Unit.AS_ORDERED:
                due = Offset(amount=2, unit=Unit.CALENDAR_DAYS)
                decide(self.court, rule_id=rule.id, due=due, reason="Decided.", **self.by)

    def ago(self, days: int) -> datetime:
        return self.now - timedelta(days=days)

    def day(self, days: int) -> date:
        return self.ago(days).date()

    def enter(self, *, hearing: int = 390, **given: Any) -> Order:
        """An order with a hearing so many days ago."""
        facts = {
            "issued_at": self.ago(400),
            "hearing_on": self.day(hearing) if self.kind != "foreign_order" else None,
            "firearms_alleged_count": 2,
            "permit_indicated": True,
            "financial_support": True,
            "respondent_name": f"Ash {make.agency().name}",
        }
        new = make.new_order(
            jurisdiction=self.state,
            kind=self.kind,
            court=self.court,
            respondent_town=self.town,
            **facts | given,
        )
        order = enter_order(new, confirm=CONFIRM, **self.by)
        for capacity, agency in self.others.items():
            OrderAgency.objects.create(order=order, agency=agency, capacity=capacity)
        return order

    def served(self, **given: Any) -> Order:
        return self.enter(served_at=self.ago(399), service_method="in_hand", **given)

    def event(self, order: Order, kind: str, ago: int = 380) -> None:
        record_case_event(order, kind=kind, occurred_at=self.ago(ago), confirm=CONFIRM, **self.by)

    def request(self, order: Order, kind: str = "return", ago: int = 60, **given: Any) -> CustodyRequest:
        return record_custody_request(
            order, kind=kind, requested_at=self.ago(ago), confirm=CONFIRM, **given, **self.by
        )


def unserved(court: Court) -> None:
    """Not served after an attempt; the hearing was moved further than the law allows."""
    order = court.enter()
    record_failed_attempt(
        order, attempted_at=court.ago(395), method="in_hand", reason="No one there.", **court.by
    )
    for hearing in Hearing.objects.filter(order=order):
        court.event(order, "ex_parte_extension_requested", 395)
        on = hearing.scheduled_on + timedelta(days=30)
        continue_hearing(hearing, scheduled_on=on, confirm=CONFIRM, **court.by)


def nothing_indicated(court: Court) -> None:
    """Nothing indicates firearms, and the hearing is late."""
    court.enter(hearing=300, firearms_indicated=False, firearms_alleged_count=None, permit_indicated=False)


def started(court: Court) -> None:
    """Each event that starts a duty, and each condition with a day, without what meets them."""
    order = court.enter(hearing=300)
    rules = checked_rules(court.state, court.kind)
    starts = {
        name
        for rule in rules
        for name in (rule.starts, rule.else_starts, rule.due_starts, rule.not_before, *rule.only_after)
    }
    for kind in sorted(starts & RECORDABLE):
        court.event(order, kind)
    for name, rule in available_conditions(order).items():
        is_timed = rule.values[-1].due.unit is Unit.ELAPSED_HOURS
        due: Any = {"due_at": court.ago(300)} if is_timed else {"due_on": court.day(300)}
        set_condition(order, condition=name, details="By that day.", **due, **court.by)
    if any(rule.id == "CT-CMP-01" for rule in rules):
        schedule_hearing(
            order, purpose="compliance", scheduled_on=court.day(300), confirm=CONFIRM, **court.by
        )


def without_proof(court: Court) -> None:
    """Served, and nothing surrendered; then the return of firearms was requested."""
    court.request(court.served())


def _held(court: Court, order: Order) -> list[Firearm]:
    """Two firearms that police took."""
    number = f"{court.now.timestamp()}-{order.pk}"
    held = [
        list_firearm(order, source="receipt", make="Ruger", serial=f"{number}-{each}", **court.by)
        for each in range(2)
    ]
    record_receipt(
        order,
        kind="police",
        received_at=court.ago(397),
        firearms=held,
        agency=court.police,
        giver="respondent",
        **court.by,
    )
    return held


def in_custody(court: Court) -> None:
    """Police took firearms; their return and a sale were requested, held back, refused, and ordered."""
    order = court.served()
    held = _held(court, order)
    if not any(rule.id == "CT-RET-HOLD" for rule in checked_rules(court.state, court.kind)):
        return
    officer: dict[str, Any] = {"agency": court.police, "officer": "Lee Ash", "why": "Records are incomplete."}
    request = court.request(order, firearms=held[:1])
    hold = record_return_hold(
        request, held_at=court.ago(50), ends_on=court_date(court.now), **officer, **court.by
    )
    # A hold that was entered with a later end than it had.
    correct(hold, {"ends_on": court.day(40)}, reason="As in the letter.", **court.by)
    refused = court.request(order, ago=55, firearms=held[1:])
    decide_return(refused, outcome="safety", decided_at=court.ago(45), **officer, **court.by)
    court.event(order, "release_ordered", 30)


def sold(court: Court) -> None:
    """A joint notice of a sale of what police hold."""
    if any(rule.id == "CT-RPO-05" for rule in checked_rules(court.state, court.kind)):
        order = court.served()
        _held(court, order)
        court.request(order, kind="sale", dealer_license="6-06-014-01-7M-12345")


def everything(court: Court) -> None:
    """Each event that the order takes, whether it starts a duty or meets one."""
    order = court.served()
    for kind in sorted(RECORDABLE):
        try:
            court.event(order, kind)
        except InvalidFact:
            continue
    court.request(order, ago=30)


def of_older_law(court: Court) -> None:
    if issued := OLDER.get(court.state):
        at = datetime.combine(issued, court.now.timetz())
        court.enter(
            issued_at=at,
            hearing_on=None,
            served_at=at + timedelta(days=1),
            service_method="in_hand",
        )


WORLDS: tuple[Callable[[Court], None], ...] = (
    unserved,
    nothing_indicated,
    started,
    without_proof,
    in_custody,
    sold,
    everything,
    of_older_law,
)


@pytest.mark.cut(3)
@pytest.mark.parametrize(("state", "kind"), KINDS, ids=[f"{state}-{kind}" for state, kind in KINDS])
def test_each_overdue_duty_has_an_owner_and_was_alerted(state: str, kind: str) -> None:
    court = Court(state, kind)
    for world in WORLDS:
        world(court)
    firer = Firer("test")
    while firer.fire(budget=60).checkpoints:
        firer.forget()

    overdue = list(Deadline.objects.filter(state=DeadlineState.OVERDUE))
    owned = FollowUp.objects.filter(deadline__in=overdue, closed_at=None).exclude(owner=None)
    assert sorted(owned.values_list("deadline_id", flat=True)) == sorted(one.pk for one in overdue)
    checks = Alert.objects.filter(checkpoint__purpose=Purpose.CHECK).exclude(recipient=None)
    alerted = set(checks.values_list("checkpoint__deadline_id", "checkpoint__revision"))
    assert [one.rule_id for one in overdue if (one.pk, one.revision) not in alerted] == []
    # The end of an order is no duty and has no check.
    past = Deadline.objects.filter(state=DeadlineState.OPEN, due_at__lt=timezone.now())
    assert [one.rule_id for one in past if bundled().by_id[one.rule_id].has_check] == []
    rules = {one.id for one in checked_rules(state, kind)}
    assert rules - {one.rule_id for one in overdue} == rules & NEVER_LATE.keys()
    # As if the mail server took all of it.
    Alert.objects.filter(state=AlertState.READY).update(state=AlertState.ACCEPTED)
    counts = counters.take()
    assert counts[counters.OVERDUE] == counts[counters.OVERDUE_ALERTED] == len(overdue)
    assert (
        counts[counters.OVERDUE_UNOWNED]
        == counts[counters.UNOWNED]
        == counts[counters.WITHOUT_DEADLINES]
        == 0
    )
    assert audit() == []
    assert not Checkpoint.objects.filter(state=0, fires_at__lte=timezone.now()).exists()


def test_the_kinds_of_all_states_have_every_rule_with_a_check() -> None:
    reached = {rule.id for state, kind in KINDS for rule in checked_rules(state, kind)}

    assert reached == {rule.id for rule in bundled().rules if rule.has_check}
    assert reached >= NEVER_LATE.keys()
