"""Orders are stored whole or not at all, planned, and their entry is in the history."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from accounts.models import AgencyKind, Role
from orders.errors import InvalidFact
from orders.models import (
    DeadlineState,
    HistoryEntry,
    Order,
)
from orders.services import service
from orders.services.orders import entry
from tests import make
from tests.make import NOW, deadline, pending

pytestmark = pytest.mark.django_db


def test_entry_stores_case_parties_concerns_plan_and_event() -> None:
    order = make.order(protected_person="Robin Elm", address_confidential=True, hearing_on=date(2026, 12, 8))

    assert order.case.respondent.name == "Ash Birch"
    assert order.protected_persons.get().address_confidential
    assert set(order.order_agencies.values_list("capacity", flat=True)) == {"court", "respondent_police"}
    assert deadline(order, "CT-SUR-01").state == DeadlineState.NOT_STARTED
    assert deadline(order, "CT-HRG-07").state == DeadlineState.MET
    event = order.history.get()
    assert event.kind == "entered"
    assert event.data["deadlines"]["CT-SUR-01"] == "opened"


def test_orders_of_one_docket_and_respondent_share_a_case() -> None:
    court, town = make.agency(AgencyKind.COURT), make.town()
    first = make.order(docket_number="D-1", court=court, respondent_town=town)
    second = make.order(docket_number="D-1", court=court, respondent_town=town)
    other = make.order(
        docket_number="D-1",
        court=court,
        respondent_town=town,
        respondent_name="Elm Oak",
        is_another_person=True,
    )

    assert first.case == second.case
    assert other.case != first.case


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"docket_number": " "}, "docket_number", "required"),
        ({"respondent_name": ""}, "respondent_name", "required"),
        ({"kind": "peace_bond"}, "kind", "unknown_order_kind"),
        ({"issued_at": None}, "issued_at", "required"),
        ({"expires_on": date(2026, 12, 1)}, "expires_on", "expires_before_issue"),
        ({"hearing_on": date(2026, 12, 1)}, "hearing_on", "hearing_before_issue"),
        ({"served_at": NOW - timedelta(days=3)}, "served_at", "served_before_issued"),
    ],
)
def test_bad_order_is_refused_whole(given: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(InvalidFact) as refused:
        make.order(**given)

    assert (refused.value.field, refused.value.code) == (field, code)
    assert not Order.objects.exists()
    assert not HistoryEntry.objects.exists()


def test_one_bad_order_of_many_refuses_all() -> None:
    with pytest.raises(InvalidFact):
        entry.enter_orders([make.new_order(), make.new_order(kind="peace_bond")], by=None, now=NOW)

    assert not Order.objects.exists()


def test_registry_number_is_entered_once() -> None:
    court = make.order(por_number="POR1").case.court

    with pytest.raises(InvalidFact, match="already entered"):
        make.order(por_number="POR1", court=court)


def test_what_is_past_when_entered_fires_its_check_at_once_and_no_reminder() -> None:
    order = make.served_order(ago=timedelta(days=20), issued_at=NOW - timedelta(days=30))

    for rule, follows in (("CT-HRG-07", set()), ("CT-LE-48", set()), ("CT-SUR-01", {"escalate-24h"})):
        assert pending(order, rule) == {"check"} | follows, rule
        assert deadline(order, rule).state == DeadlineState.OPEN, rule


def test_what_is_past_when_imported_is_overdue_at_once_and_left_to_the_hourly_check() -> None:
    new = make.new_order(issued_at=NOW - timedelta(days=30))
    (order,) = entry.enter_orders([new], by=None, now=NOW, source="import")

    assert deadline(order, "CT-HRG-07").state == DeadlineState.OVERDUE
    assert pending(order, "CT-HRG-07") == set()


def test_deadline_that_is_due_at_the_instant_of_entry_has_its_check() -> None:
    new = make.new_order(issued_at=NOW - timedelta(hours=48))
    for source in ("clerk", "import"):
        (order,) = entry.enter_orders([new], by=None, now=NOW, source=source)
        assert deadline(order, "CT-LE-48").due_at == NOW
        assert pending(order, "CT-LE-48") == {"check"}, source
        new = make.new_order(issued_at=NOW - timedelta(hours=48))


def test_unknown_time_of_issue_cannot_be_computed_and_names_what_is_missing() -> None:
    order = make.order(issued_at=None, issued_on=date(2026, 12, 2))

    found = deadline(order, "CT-LE-48")
    assert found.state == DeadlineState.CANNOT_COMPUTE
    assert "time of day" in found.missing[0]
    assert found.due_at is None


@pytest.mark.parametrize(
    "statement", ["UPDATE orders_historyentry SET reason = 'x'", "DELETE FROM orders_historyentry"]
)
def test_database_refuses_to_change_history(statement: str) -> None:
    make.order()

    with pytest.raises(IntegrityError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("expires_on", "2020-01-01"),
        ("served_at", "2020-01-01T00:00Z"),
        ("kind", "peace_bond"),
        ("vacated_at", "2026-12-04T00:00Z"),
    ],
)
def test_database_refuses_what_must_never_be(column: str, value: str) -> None:
    order = make.served_order()

    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(**{column: value})


def test_each_act_has_its_actor() -> None:
    clerk = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    order = make.order()

    service.record_service(order, served_at=NOW, service_method="in_hand", by=clerk, now=NOW)

    event = order.history.get(kind="served")
    assert (event.actor, event.occurred_at) == (clerk, NOW)


def test_planning_many_orders_takes_a_fixed_number_of_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    court, town = make.agency(AgencyKind.COURT), make.town()
    many = [
        make.new_order(court=court, respondent_town=town, hearing_on=date(2026, 12, 9)) for _ in range(60)
    ]

    with django_assert_max_num_queries(41):
        entry.enter_orders(many, by=None, now=NOW)
