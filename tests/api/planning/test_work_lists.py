"""The work lists: filters, pages and query counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Agency, AgencyKind, AuditEntry, Role
from orders.models import Deadline, FollowUp, Order
from orders.services.firearms.statements import record_statement
from orders.services.follow_ups.referrals import refer
from orders.services.follow_ups.transfers import offer_transfer, withdraw_transfer
from tests import make
from tests.api.conftest import Caller, MakeCaller

pytestmark = pytest.mark.django_db

NOW = timezone.now


@pytest.fixture
def court() -> Agency:
    return make.agency(AgencyKind.COURT)


@pytest.fixture
def clerk(caller: MakeCaller, court: Agency) -> Caller:
    return caller(make.person(Role.CLERK, court))


def enter(court: Agency, *, hours: float, **given: Any) -> Order:
    """An order served `hours` ago, with a follow-up for its police if surrender is overdue."""
    now = NOW()
    facts = {"court": court, "issued_at": now - timedelta(days=9), **given}
    order = make.served_order(ago=timedelta(hours=hours), now=now, **facts)
    FollowUp.objects.create(
        order=order,
        deadline=order.deadlines.get(rule_id="CT-SUR-01"),
        owner=order.case.respondent.town.police,
        next_action_at=now + timedelta(hours=24 - hours),
    )
    return order


def surrenders(caller: Caller, **query: Any) -> list[str]:
    """The orders of the surrender deadlines on the work list, in order."""
    answer = caller.get("/deadlines", **query)
    assert answer.status_code == 200, answer.content
    return [one["order"] for one in answer.json()["results"] if one["rule"] == "CT-SUR-01"]


def ids(*orders: Order) -> list[str]:
    return [str(one.public_id) for one in orders]


def test_longest_overdue_comes_first_and_filters_narrow(clerk: Caller, court: Agency) -> None:
    running, overdue = enter(court, hours=2), enter(court, hours=60)
    now = NOW()

    assert surrenders(clerk) == ids(overdue, running)
    assert surrenders(clerk, state="overdue") == ids(overdue)
    assert surrenders(clerk, state="open") == ids(running)
    assert surrenders(clerk, due_before=now.isoformat()) == ids(overdue)
    assert surrenders(clerk, due_after=now.isoformat()) == ids(running)
    assert surrenders(clerk, court=court.name) == ids(overdue, running)
    assert surrenders(clerk, agency=running.case.respondent.town.police.name) == ids(running)
    assert surrenders(clerk, court=make.agency(AgencyKind.COURT).name) == []


def test_overdue_by_the_clock_is_found_as_overdue(clerk: Caller, court: Agency) -> None:
    """The stored state is still open."""
    order = enter(court, hours=2)
    Deadline.objects.filter(order=order, rule_id="CT-SUR-01").update(due_at=NOW() - timedelta(seconds=1))

    found = clerk.get("/deadlines", state="overdue").json()["results"]

    assert {one["state"] for one in found} == {"overdue"}
    assert surrenders(clerk, state="overdue") == ids(order)
    assert surrenders(clerk, state="open") == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"state": "met"}, 400),
        ({"due_after": "yesterday"}, 400),
        ({"due_after": "2026-11-22T10:00:00"}, 400),
        ({"court": "Court of Nowhere"}, 409),
        ({"order_by": "id"}, 400),
    ],
)
def test_unknown_query_is_refused(query: dict[str, str], status: int, clerk: Caller) -> None:
    answer = clerk.get("/deadlines", **query)

    assert answer.status_code == status
    assert answer.json()["errors"][0]["field"] == next(iter(query))


def test_work_lists_hold_nothing_of_another_agency(clerk: Caller, caller: MakeCaller, court: Agency) -> None:
    order = enter(court, hours=60)
    stranger = caller(make.person(Role.LIAISON, make.agency()))

    for path in ("/deadlines", "/follow-ups", "/orders"):
        assert clerk.get(path).json()["results"]
        assert stranger.get(path).json() == {"results": [], "next": None}
        assert (
            stranger.get(path, **({"court": court.name} if path != "/follow-ups" else {})).status_code == 200
        )
    assert not AuditEntry.objects.filter(cases__contains=[order.case.public_id]).exclude(
        actor__memberships__agency=court
    )


def test_role_without_a_work_list_gets_no_rows_by_another_role(caller: MakeCaller, court: Agency) -> None:
    """A marshal here who is a clerk elsewhere sees the order but not its deadlines."""
    marshals = make.agency(AgencyKind.MARSHAL)
    order = enter(court, hours=60)
    order.order_agencies.create(agency=marshals, capacity="marshal")
    person = make.person(Role.MARSHAL, marshals)
    assert caller(person).get("/deadlines").status_code == 403
    person.memberships.create(agency=make.agency(AgencyKind.COURT), role=Role.CLERK)

    assert [one["id"] for one in caller(person).get("/orders").json()["results"]] == ids(order)
    assert caller(person).get("/deadlines").json()["results"] == []
    assert caller(person).get("/follow-ups").json()["results"] == []


def test_follow_ups_are_filtered_by_owner_time_and_state(clerk: Caller, court: Agency) -> None:
    late, later = enter(court, hours=60), enter(court, hours=2)
    closed = FollowUp.objects.get(order=later)
    FollowUp.objects.create(
        order=late,
        deadline=Deadline.objects.filter(order=late).exclude(rule_id="CT-SUR-01")[0],
        owner=court,
        next_action_at=NOW(),
        closed_at=NOW(),
        outcome="met",
    )

    def found(**query: Any) -> list[str]:
        return [one["order"] for one in clerk.get("/follow-ups", **query).json()["results"]]

    assert found() == ids(late, later)
    assert found(owner=closed.owner.name) == ids(later)
    assert found(next_action_before=NOW().isoformat()) == ids(late)
    assert found(open="false") == ids(late)


def test_follow_ups_are_filtered_by_offer_and_referral(
    clerk: Caller, caller: MakeCaller, court: Agency
) -> None:
    offered, referred = enter(court, hours=60), enter(court, hours=61)
    other, office = make.agency(), make.agency(AgencyKind.PROSECUTOR)
    by = {one.pk: make.person(Role.LIAISON, one.follow_ups.get().owner) for one in (offered, referred)}
    given: dict[str, Any] = {"reason": "lives there", "now": NOW()}
    transfer = offer_transfer(offered.follow_ups.get(), to_agency=other, by=by[offered.pk], **given)
    refer(referred.follow_ups.get(), agency=office, by=by[referred.pk], **given)

    def found(caller: Caller, **query: Any) -> list[str]:
        return [one["order"] for one in caller.get("/follow-ups", **query).json()["results"]]

    asked = caller(make.person(Role.LIAISON, other))
    assert found(clerk, offered_to=other.name) == found(asked) == ids(offered)
    assert found(clerk, referred_to=office.name) == ids(referred)
    assert found(caller(make.person(Role.PROSECUTOR, office))) == ids(referred)
    withdraw_transfer(transfer, by=by[offered.pk], now=NOW())
    assert found(clerk, offered_to=other.name) == found(asked) == []


def test_orders_are_filtered(clerk: Caller, court: Agency) -> None:
    now = NOW()
    old = enter(court, hours=60, issued_at=now - timedelta(days=40), expires_on=now.date())
    new = make.order(court=court, now=now, issued_at=now - timedelta(days=1), kind="civil_protection_order")

    def found(**query: Any) -> list[str]:
        return [one["id"] for one in clerk.get("/orders", **query).json()["results"]]

    assert found() == ids(new, old)
    assert found(served="true") == ids(old)
    assert found(served="false") == ids(new)
    assert found(kind="civil_protection_order") == ids(new)
    assert found(issued_after=(now - timedelta(days=5)).date().isoformat()) == ids(new)
    assert found(issued_before=(now - timedelta(days=5)).date().isoformat()) == ids(old)
    assert found(expires_before=(now + timedelta(days=1)).date().isoformat()) == ids(old)
    assert found(court=court.name) == ids(new, old)
    assert found(docket_number=old.case.docket_number) == ids(old)


@pytest.mark.parametrize("path", ["/orders", "/deadlines", "/follow-ups"])
def test_query_count_is_the_same_for_thirty_rows(path: str, clerk: Caller, court: Agency) -> None:
    def queries() -> int:
        clerk.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert len(clerk.get(path, limit=200).json()["results"]) >= 2
        return len(captured)

    for number in range(2):
        enter(court, hours=30 + number)
    few = queries()
    for number in range(28):
        enter(court, hours=30 + number, protected_person="Sky Linden")

    assert queries() == few


@pytest.mark.parametrize("path", ["/orders", "/deadlines", "/follow-ups"])
def test_pages_have_no_gap_and_no_duplicate(path: str, clerk: Caller, court: Agency) -> None:
    for number in range(5):
        enter(court, hours=30 + number % 2)
    whole = [one["id"] for one in clerk.get(path, limit=200).json()["results"]]

    paged, address = [], f"http://testserver/api/v1{path}?limit=2"
    while address:
        page = clerk.client.get(address, headers={"Authorization": f"Bearer {clerk.token}"}).json()
        paged += [one["id"] for one in page["results"]]
        address = page["next"]

    assert paged == whole


@pytest.mark.parametrize(("indicated", "state"), [(False, "sworn"), (True, "open")])
def test_a_duty_that_a_statement_alone_meets_is_sworn(
    clerk: Caller, court: Agency, *, indicated: bool, state: str
) -> None:
    order = enter(court, hours=2, firearms_indicated=indicated)
    record_statement(order, kind="non_possession", sworn_at=NOW() - timedelta(hours=1), by=None, now=NOW())

    rows = clerk.get(f"/orders/{order.public_id}/deadlines").json()["results"]

    (found,) = [one for one in rows if one["rule"] == "CT-SUR-01"]
    assert (found["state"], found["proof"]) == (state, "sworn_not_verified")
