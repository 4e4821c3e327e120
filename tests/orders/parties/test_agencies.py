"""Agencies that a clerk names for an order, and takes off again."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.dates import COURT_TIME
from accounts.models import AgencyKind, Role
from orders.errors import InvalidFact
from orders.history_details import event_details
from orders.models import HistoryEntry, Order, OrderAgency
from orders.services.parties.agencies import add_agency, added_agencies, remove_agency
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "role", "capacity"),
    [
        (AgencyKind.MARSHAL, Role.MARSHAL, "marshal"),
        (AgencyKind.SCHOOL, Role.SCHOOL, "school"),
        (AgencyKind.LICENSING, Role.LICENSING, "licensing"),
    ],
)
def test_who_is_named_sees_the_order_until_taken_off(kind: AgencyKind, role: Role, capacity: str) -> None:
    order, agency = make.order(), make.agency(kind)
    somebody = make.person(role, agency)
    assert not Order.objects.visible_to(somebody).exists()

    add_agency(order, agency=agency, by=None, now=NOW)
    assert Order.objects.visible_to(somebody).get() == order
    assert [one.agency for one in added_agencies(order)] == [agency]

    remove_agency(order, agency=agency, capacity=capacity, reason="a slip", by=None, now=NOW)
    assert not Order.objects.visible_to(somebody).exists()
    told = [
        (one.kind, one.data["capacity"])
        for one in HistoryEntry.objects.filter(order=order, kind__startswith="agency")
    ]
    assert told == [("agency_added", capacity), ("agency_removed", capacity)]
    # A school reveals where a person is during the day, and the history is kept forever.
    words = "School of a protected person" if capacity == "school" else agency.name
    shown = [list(event_details(one, COURT_TIME)) for one in HistoryEntry.objects.order_by("-id")[:2]]
    assert [words in one for one in shown] == [True, True]
    assert (agency.name in str(list(HistoryEntry.objects.values()))) is (capacity != "school")


@pytest.mark.parametrize("kind", [AgencyKind.POLICE, AgencyKind.COURT, AgencyKind.ADVOCACY])
def test_others_follow_from_facts_and_are_refused(kind: AgencyKind) -> None:
    order = make.order()
    before = OrderAgency.objects.count()

    with pytest.raises(InvalidFact) as refused:
        add_agency(order, agency=make.agency(kind), by=None, now=NOW)

    assert (refused.value.field, refused.value.code) == ("agency", "wrong_kind")
    assert OrderAgency.objects.count() == before


def test_nothing_is_named_twice_or_taken_off_twice_or_without_a_reason() -> None:
    order, school = make.order(), make.agency(AgencyKind.SCHOOL)
    named: dict[str, Any] = {"agency": school, "capacity": "school", "by": None, "now": NOW}
    add_agency(order, agency=school, by=None, now=NOW)
    with pytest.raises(InvalidFact, match="already"):
        add_agency(order, agency=school, by=None, now=NOW)
    with pytest.raises(InvalidFact, match="reason"):
        remove_agency(order, reason=" ", **named)

    remove_agency(order, reason="a slip", **named)
    with pytest.raises(InvalidFact, match="was not added"):
        remove_agency(order, reason="again", **named)
