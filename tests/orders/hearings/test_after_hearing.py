"""The decision on an application: the order after hearing, or the end of the ex parte order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Agency, AgencyKind
from orders.errors import InvalidFact
from orders.models import Hearing, Order, OrderKind
from orders.services.conditions import conditions
from orders.services.court_days import court_day
from orders.services.firearms import inventory
from orders.services.firearms.accounting import account_of
from orders.services.hearings import schedule_hearing
from orders.services.orders.after_hearing import decide_application, withdraw_decision
from orders.services.parties.protected_persons import add_protected_person
from tests import make

pytestmark = pytest.mark.django_db

SITS = "The court sits that day."


@pytest.fixture
def now() -> datetime:
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def court(db: None) -> Agency:
    return make.agency(AgencyKind.COURT, "Superior Court of Elm")


@pytest.fixture
def hearing(court: Agency, now: datetime) -> Hearing:
    """The hearing of today on an ex parte order with two protected persons, a firearm and a permit."""
    by: dict[str, Any] = {"by": None, "now": now}
    order = make.order(
        court=court,
        issued_at=now - timedelta(days=6),
        served_at=now - timedelta(days=5),
        service_method="in_hand",
        protected_person="Sky Linden",
        address_confidential=True,
        firearms_indicated=True,
        expires_on=now.date() + timedelta(days=3),
        now=now,
    )
    add_protected_person(order, name="Robin Linden", is_applicant=False, reason="A child.", **by)
    inventory.list_firearm(order, serial="S-1", source="application", **by)
    inventory.record_permit(order, kind="Pistol permit", number="7", **by)
    conditions.set_condition(order, condition="CT-TRM-CONTACT", details="No letters.", **by)
    return schedule_hearing(
        order, purpose="application", scheduled_on=court_day(order, now), confirm=SITS, **by
    )


def test_granted_enters_the_order_after_hearing_and_ends_the_ex_parte_order(
    hearing: Hearing, now: datetime
) -> None:
    before = hearing.order
    decide_application(
        hearing,
        decision="granted",
        decided_at=now,
        expires_on=court_day(before, now) + timedelta(days=200),
        served_in_court=True,
        confirm=SITS,
        by=None,
        now=now,
    )

    after = Order.objects.exclude(pk=before.pk).get()
    before.refresh_from_db()
    assert (after.kind, after.case_id) == (OrderKind.RESTRAINING_ORDER, before.case_id)
    lasting = after.conditions.get()
    assert (lasting.condition, lasting.details) == ("CT-TRM-CONTACT", "No letters.")
    assert [(one.name, one.address_confidential) for one in after.protected_persons.order_by("pk")] == [
        ("Sky Linden", True),
        ("Robin Linden", False),
    ]
    assert after.firearms_indicated
    assert account_of(after).listed == 1
    assert after.permits.get().number == "7"
    assert after.served_at == now
    assert before.expires_on == court_day(before, now)
    assert before.vacated_at is None
    hearing.refresh_from_db()
    assert hearing.outcome == "granted"


def test_what_a_person_confirmed_twice_goes_over_to_the_order_after_hearing(
    hearing: Hearing, now: datetime
) -> None:
    before = hearing.order
    twice: dict[str, Any] = {"by": None, "now": now, "confirm": "The order has both."}
    inventory.record_permit(before, kind="Eligibility certificate", number="7", **twice)
    conditions.set_condition(before, condition="CT-TRM-CONTACT", details="No letters.", **twice)

    decide_application(
        hearing,
        decision="granted",
        decided_at=now,
        expires_on=court_day(before, now) + timedelta(days=200),
        confirm=SITS,
        by=None,
        now=now,
    )

    after = Order.objects.exclude(pk=before.pk).get()
    assert (after.permits.count(), after.conditions.count()) == (2, 2)


def test_what_was_granted_is_taken_back_whole(hearing: Hearing, now: datetime) -> None:
    last_day = hearing.order.expires_on
    decide_application(hearing, decision="granted", decided_at=now, confirm=SITS, by=None, now=now)

    withdraw_decision(hearing.order, reason="It was another case.", by=None, now=now)

    hearing.refresh_from_db()
    assert hearing.outcome == ""
    assert Order.objects.get() == hearing.order
    assert Order.objects.get().expires_on == last_day
    with pytest.raises(InvalidFact, match="No decision on the application"):
        withdraw_decision(hearing.order, reason="Again.", by=None, now=now)


def test_continued_moves_the_hearing_and_back(hearing: Hearing, now: datetime) -> None:
    day = hearing.scheduled_on + timedelta(days=7)
    decide_application(hearing, decision="continued", scheduled_on=day, confirm=SITS, by=None, now=now)
    assert Hearing.objects.get(outcome="").scheduled_on == day

    withdraw_decision(hearing.order, reason="It was held.", by=None, now=now)

    assert Hearing.objects.get().scheduled_on == hearing.scheduled_on


def test_only_a_hearing_on_an_application_is_decided(hearing: Hearing, now: datetime) -> None:
    other = schedule_hearing(
        hearing.order,
        purpose="compliance",
        scheduled_on=hearing.scheduled_on,
        confirm=SITS,
        by=None,
        now=now,
    )
    with pytest.raises(InvalidFact, match="Only a hearing on an application"):
        decide_application(other, decision="denied", decided_at=now, by=None, now=now)
