"""What follows from other orders against one person: returns, conflicts, other courts, custody."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Agency, AgencyKind, Role, User
from orders.errors import DoubtfulFact, InvalidFact
from orders.models import Order
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from orders.services.firearms.returns import asked_before_return, record_return
from orders.services.orders.vacatur import vacate_order
from orders.services.parties import persons
from orders.services.related_orders import custody_notices, related_orders
from tests import make

pytestmark = pytest.mark.django_db

BORN = date(1980, 4, 19)


@pytest.fixture
def court() -> Agency:
    return make.agency(AgencyKind.COURT, "Superior Court of Elm")


@pytest.fixture
def police() -> Agency:
    return make.agency()


def now() -> Any:
    return timezone.now()


def enter(court: Agency, born: date | None = BORN, *, days: int = 2, **given: Any) -> Order:
    issued = now() - timedelta(days=days)
    return make.order(
        now=now(),
        court=court,
        respondent_dob=born,
        issued_at=issued,
        served_at=issued + timedelta(hours=1),
        service_method="in_hand",
        **given,
    )


def ended_with_firearms(court: Agency, police: Agency, born: date | None = BORN) -> Order:
    """An order that was vacated while police held a firearm."""
    by: dict[str, Any] = {"by": None, "now": now()}
    order = enter(court, born, days=30)
    gun = list_firearm(order, serial="S-1", source="police", **by)
    record_receipt(
        order, kind="police", agency=police, received_at=now() - timedelta(days=29), firearms=[gun], **by
    )
    vacate_order(order, vacated_at=now() - timedelta(days=10), reason="the court's decision", **by)
    make.may_return(order, at=now() - timedelta(days=9), now=now())
    return Order.objects.get(pk=order.pk)


def give_back(order: Order, police: Agency, **given: Any) -> object:
    return record_return(
        order,
        firearms=list(order.firearms.all()),
        returned_at=now() - timedelta(minutes=5),
        agency=police,
        officer="Officer Reed",
        by=None,
        now=now(),
        confirmed=asked_before_return(order),
        **given,
    )


def test_a_return_is_refused_while_an_order_of_another_court_is_in_force(
    court: Agency, police: Agency
) -> None:
    order = ended_with_firearms(court, police)
    other = enter(
        make.agency(AgencyKind.COURT, "Superior Court of Oak"),
        expires_on=date(2035, 3, 4),
        protected_person="Robin Elm",
    )

    with pytest.raises(InvalidFact) as refusal:
        give_back(order, police)

    assert refusal.value.code == "other_order_in_force"
    assert f"Superior Court of Oak, {other.case.docket_number}, last day" in refusal.value.message
    assert "Mar 4, 2035" in refusal.value.message
    assert "Robin" not in refusal.value.message
    vacate_order(other, vacated_at=now() - timedelta(hours=1), reason="ended", by=None, now=now())
    assert give_back(order, police)


def test_an_order_against_someone_of_the_same_name_asks_for_a_reason(court: Agency, police: Agency) -> None:
    order = ended_with_firearms(court, police, born=None)
    other = enter(court)

    with pytest.raises(DoubtfulFact) as refusal:
        give_back(order, police)
    assert refusal.value.code == "same_name_in_force"

    persons.keep_apart(order, other=other.case.respondent, reason="A cousin", by=None, now=now())
    assert give_back(order, police)


def test_the_reason_lets_the_return_through(court: Agency, police: Agency) -> None:
    order = ended_with_firearms(court, police, born=None)
    enter(court)

    assert give_back(order, police, confirm="The license shows another date of birth.")


def test_another_date_of_birth_raises_no_question(court: Agency, police: Agency) -> None:
    order = ended_with_firearms(court, police)
    enter(court, date(1999, 1, 1))

    assert give_back(order, police)


def test_orders_of_the_same_people_with_different_terms_conflict(court: Agency) -> None:
    clerk = make.person(Role.CLERK, court)
    first = enter(court, expires_on=date(2035, 3, 4), protected_person="Robin Elm")
    enter(court, expires_on=date(2035, 9, 9), protected_person="ROBIN ELM")
    enter(court, expires_on=date(2035, 3, 4), protected_person="Sky Linden")

    found = related_orders(first, user=clerk, now=now())

    assert [one.conflicts for one in found] == [(), ("last day",)]


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_another_court_sees_that_an_order_exists_and_nothing_else(court: Agency) -> None:
    clerk = make.person(Role.CLERK, court)
    order = enter(court)
    other = enter(
        make.agency(AgencyKind.COURT, "Superior Court of Oak"),
        expires_on=date(2035, 3, 4),
        protected_person="Robin Elm",
        respondent_address="9 Quiet Lane",
    )

    page = signed_in(clerk).get(f"/admin/orders/order/{order.public_id}/").content.decode()

    assert other.case.docket_number in page
    assert "Mar 4, 2035" in page
    assert str(other.public_id) not in page
    assert "Robin" not in page
    assert "Quiet Lane" not in page
    assert signed_in(clerk).get(f"/admin/orders/order/{other.public_id}/").status_code == 404


def test_an_ended_order_of_another_court_is_not_shown(court: Agency) -> None:
    order = enter(court)
    other = enter(make.agency(AgencyKind.COURT), days=40)
    vacate_order(other, vacated_at=now() - timedelta(days=1), reason="ended", by=None, now=now())

    assert related_orders(order, user=make.person(Role.CLERK, court), now=now()) == []


def test_police_who_hold_firearms_see_a_new_order(court: Agency, police: Agency) -> None:
    old = ended_with_firearms(court, police)
    assert custody_notices([police.pk], now=now()) == []

    new = enter(make.agency(AgencyKind.COURT, "Superior Court of Oak"), protected_person="Robin Elm")

    (notice,) = custody_notices([police.pk], now=now())
    assert (notice.held_under.pk, notice.new.pk) == (old.pk, new.pk)
    assert custody_notices([make.agency().pk], now=now()) == []
    page = signed_in(make.person(Role.LIAISON, police)).get("/follow-ups/").content.decode()
    assert "New orders against people whose firearms you hold" in page
    assert new.case.docket_number in page
    assert "Robin" not in page
