"""Modification of an order: what it changes, what the law leaves as it is, and its withdrawal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import AgencyKind, Role
from orders.errors import InvalidFact
from orders.models import DeadlineState, Order, OrderCondition
from orders.services.conditions.conditions import set_condition
from orders.services.court_days import court_day
from orders.services.orders.modification import modify_order, withdraw_modification
from tests import make
from tests.orders.cases.places import read

pytestmark = pytest.mark.django_db

BY: dict[str, Any] = {"by": None, "now": make.NOW}


@pytest.fixture
def order(db: None) -> Order:
    """An order for thirty weeks with a home check in five days, one that is over, and no contact."""
    order = make.served_order(
        kind="restraining_order",
        ago=timedelta(hours=2),
        expires_on=make.NOW.date() + timedelta(days=210),
        protected_person="Robin Elm",
        firearms_indicated=True,
    )
    for days in (5, 0):
        set_condition(order, condition="CT-HOM-01", due_at=make.NOW + timedelta(days=days), **BY)
    set_condition(order, condition="CT-TRM-CONTACT", **BY)
    return order


def held(order: Order) -> list[str]:
    """The conditions in force."""
    return sorted(OrderCondition.objects.in_force(order).values_list("condition", flat=True))


def test_a_modification_keeps_the_order_and_shows_old_and_new(order: Order) -> None:
    surrender = make.deadline(order, "CT-SUR-01").due_at
    day, at = court_day(order, make.NOW) + timedelta(days=30), make.NOW + timedelta(days=1)
    contact = order.conditions.get(condition="CT-TRM-CONTACT")

    modify_order(
        order,
        modified_at=at,
        expires_on=day,
        ended=[contact, *order.conditions.filter(condition="CT-HOM-01")],
        added=["CT-TRM-AWAY"],
        condition="CT-OTH-01",
        due_at=at + timedelta(days=2),
        details="Hand over the key.",
        protected_person="Wren Elm",
        address_confidential=True,
        by=None,
        now=at,
    )

    order.refresh_from_db()
    assert (order.expires_on, held(order)) == (day, ["CT-OTH-01", "CT-TRM-AWAY"])
    checks = order.deadlines.filter(rule_id="CT-HOM-01-TERM").order_by("due_at")
    # What was due before the court decided stays a duty that no one did.
    assert [one.state for one in checks] == [DeadlineState.OPEN, DeadlineState.WITHDRAWN]
    assert make.deadline(order, "CT-OTH-01-TERM").due_at == at + timedelta(days=2)
    assert make.deadline(order, "CT-SUR-01").due_at == surrender
    entry = order.history.get(kind="modified")
    changed = entry.data["corrected"]
    assert changed["The respondent does not contact the protected persons in any way"] == [
        "ordered",
        "not ordered",
    ]
    assert len(changed) == 5
    assert "Wren" not in str(list(order.history.values_list("data", "reason")))

    withdraw_modification(order, reason="Of another order.", by=None, now=at)

    order.refresh_from_db()
    assert order.expires_on == make.NOW.date() + timedelta(days=210)
    assert held(order) == ["CT-HOM-01", "CT-HOM-01", "CT-TRM-CONTACT"]
    assert [one.name for one in order.protected_persons.all()] == ["Robin Elm"]
    assert not order.modifications.exists()


def test_what_the_law_or_the_facts_do_not_allow_is_refused(order: Order) -> None:
    set_condition(order, condition="CT-TRM-RENT", **BY)
    rent = order.conditions.get(condition="CT-TRM-RENT")
    elsewhere = set_condition(make.order(), condition="CT-TRM-HOME", **BY)
    day = order.expires_on
    assert day is not None
    early, ahead = day - timedelta(days=1), make.NOW + timedelta(days=1)
    refusals: list[tuple[dict[str, Any], str]] = [
        ({}, "nothing_modified"),
        ({"ended": [rent]}, "not_modifiable"),
        ({"added": ["CT-TRM-SUPPORT"]}, "not_modifiable"),
        ({"ended": [elsewhere]}, "not_in_force"),
        ({"added": ["CT-TRM-NOTHING"]}, "unknown_condition"),
        ({"expires_on": day + timedelta(days=1)}, "not_earlier"),
        ({"expires_on": make.NOW.date() - timedelta(days=1)}, "before_the_decision"),
        ({"expires_on": early, "modified_at": ahead}, "in_the_future"),
    ]
    for given, code in refusals:
        with pytest.raises(InvalidFact) as refused:
            modify_order(order, **{"modified_at": make.NOW, **given}, **BY)
        assert refused.value.code == code
    with pytest.raises(InvalidFact, match="No modification"):
        withdraw_modification(order, reason="None.", **BY)


def test_officers_read_that_the_order_was_modified(order: Order) -> None:
    police = order.order_agencies.get(capacity="respondent_police").agency
    contact = order.conditions.get(condition="CT-TRM-CONTACT")
    modify_order(order, modified_at=make.NOW, ended=[contact], added=["CT-TRM-AWAY"], **BY)

    text = read(make.person(Role.LIAISON, police), f"/cases/{order.public_id}/")

    assert "read what it requires now" in text
    assert "one hundred yards away" in text
    assert "does not contact" not in text
    assert "Robin Elm" not in text
    clerk = make.person(Role.CLERK, order.case.court)
    assert "no longer required since" in read(clerk, f"/admin/orders/order/{order.public_id}/")
    stranger = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    assert Order.objects.visible_to(stranger).filter(pk=order.pk).count() == 0
