"""What is entered late: those who must act on it have the whole time, and each later notice still comes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from accounts.models import AgencyKind
from notifications.services.firing.fire import Firer
from orders.errors import InvalidFact
from orders.models import Capacity, Checkpoint, CheckpointState, HearingPurpose, Order, OrderAgency
from orders.rules.model import CheckpointRule, Rule
from orders.rules.vocabulary import Purpose
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from orders.services.hearings import schedule_hearing
from orders.services.orders.case_events import RECORDABLE
from orders.services.orders.licensing import record_licensing_report
from orders.services.orders.vacatur import vacate_order
from orders.services.planning.rulebooks import bundled
from tests import make
from tests.notifications.test_late_entry import CONFIRM, KINDS, Court

pytestmark = pytest.mark.django_db

#: How many days after its last day, or before it, an order is entered: each window of a state is open in one.
LAST_DAYS = (-2, 5, 10, 17, 25, 40, 80)
#: Notices of events that are never entered late, and why.
NEVER_LATE = {
    ("ANN-REFERRED", "undecided"): "The time of a referral is that of its entry.",
}


def is_later(one: CheckpointRule) -> bool:
    """True if it comes with or after the time that it is about, and does not announce it first."""
    return one.purpose is not Purpose.CHECK and one.offset.amount >= 0 and not one.is_first


def rules_of(state: str, kind: str) -> Iterator[Rule]:
    yield from bundled().by_binding.get((state, kind), ())
    for one in bundled().announcements:
        if kind in (one.kinds or (kind,)) and state in (one.states or (state,)) and state not in one.not_in:
            yield one.rule


def hearings(court: Court) -> None:
    """Hearings whose day passed without an outcome."""
    for purpose in HearingPurpose.values:
        order = court.served(hearing=390)
        day = court.day(20)
        schedule_hearing(order, purpose=purpose, scheduled_on=day, confirm=CONFIRM, **court.by)


def named(court: Court) -> None:
    """A marshal and a school that were named with the order."""
    order = court.enter()
    school = make.agency(AgencyKind.SCHOOL, state=court.state)
    OrderAgency.objects.create(order=order, agency=school, capacity=Capacity.SCHOOL)
    court.event(order, "police_notified", 2)


def ending(court: Court) -> None:
    """Orders around their last day, with a revoked permit; the first with firearms in custody."""
    for days in LAST_DAYS:
        order = court.served(expires_on=court.day(-days))
        _report(court, order, 100)
        if days == LAST_DAYS[0]:
            held = list_firearm(order, source="receipt", make="Ruger", serial="1", **court.by)
            record_receipt(
                order,
                kind="police",
                received_at=court.ago(397),
                firearms=[held],
                agency=court.police,
                giver="respondent",
                **court.by,
            )


def _report(court: Court, order: Order, ago: int) -> None:
    if court.state == "us_ct":
        record_licensing_report(
            order, kind="permit_revoked", occurred_at=court.ago(ago), confirm=CONFIRM, **court.by
        )


def events(court: Court) -> None:
    """Each event that starts a rule, with a duty or without."""
    order = court.served()
    for kind in sorted({rule.starts for rule in rules_of(court.state, court.kind)} & RECORDABLE):
        try:
            court.event(order, kind)
        except InvalidFact:
            continue


def vacated(court: Court) -> None:
    """A court ended the order more than a year ago."""
    order = court.served()
    vacate_order(order, vacated_at=court.ago(380), reason="Dismissed.", **court.by)
    _report(court, order, 390)


WORLDS = (hearings, named, ending, vacated, events)


@pytest.mark.cut(3)
@pytest.mark.parametrize(("state", "kind"), KINDS, ids=[f"{state}-{kind}" for state, kind in KINDS])
def test_each_later_notice_still_comes(state: str, kind: str) -> None:
    court = Court(state, kind)
    for world in WORLDS:
        world(court)
    later = court.now + timedelta(days=5)
    while Firer("test").fire(now=later, budget=60).checkpoints:
        pass

    fired = set(
        Checkpoint.objects.filter(state=CheckpointState.FIRED).values_list("deadline__rule_id", "name")
    )
    due = {(rule.id, one.name) for rule in rules_of(state, kind) for one in rule.checkpoints if is_later(one)}
    assert due - fired == due & NEVER_LATE.keys()
