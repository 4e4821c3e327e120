"""The rows of an order: which roles read which fields, in how many queries."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.access import MATRIX
from accounts.models import AgencyKind, AuditAction, AuditEntry, Role
from accounts.services.access import enumeration_guard
from orders.models import Deadline
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.fixtures import Fixtures, add_more
from tests.callers import store_no_use_of_tokens

pytestmark = pytest.mark.django_db

#: Lists below an order, and their resource in the matrix.
LISTS = {
    "service-attempts": "service_attempt",
    "coming-services": "coming_service",
    "cautions": "caution",
    "agencies": "order_agency",
    "firearms": "firearm",
    "permits": "permit",
    "receipts": "receipt",
    "statements": "statement",
    "hearings": "hearing",
    "case-events": "case_event",
    "licensing-reports": "licensing_report",
    "required-notices": "required_notice",
    "notices-sent": "notice_sent",
    "conditions": "condition",
    "history": "history_entry",
    "deadlines": "deadline",
    "follow-ups": "follow_up",
    "confidentiality-releases": "confidentiality_release",
    "protected-persons": "protected_person",
}

#: Lists below a follow-up, and their resource in the matrix.
OF_A_FOLLOW_UP = {"attempts": "attempt", "transfers": "transfer", "referrals": "referral"}

#: Rows with a URL of their own.
ROWS: dict[str, Callable[[Fixtures], Any]] = {
    "cases": lambda f: f.order.case,
    "orders": lambda f: f.order,
    "firearms": lambda f: f.firearm,
    "receipts": lambda f: f.receipt,
    "hearings": lambda f: f.hearing,
    "conditions": lambda f: f.condition,
    "deadlines": lambda f: Deadline.objects.get(order=f.order, rule_id="CT-SUR-01"),
    "follow-ups": lambda f: f.follow_up,
    "transfers": lambda f: f.transfer,
    "referrals": lambda f: f.referral,
    "confidentiality-releases": lambda f: f.release,
    "protected-persons": lambda f: f.order.protected_persons.first(),
    "review-items": lambda f: f.near_match,
}


@pytest.fixture
def clerk(caller: MakeCaller, fixtures: Fixtures) -> Caller:
    return caller(make.person(Role.CLERK, fixtures.court))


def queries(caller: Caller, path: str, **query: Any) -> int:
    """The number of queries of a GET."""
    with CaptureQueriesContext(connection) as captured:
        assert caller.get(path, **query).status_code == 200
    return len(captured)


def test_query_count_is_the_same_for_ten_rows(fixtures: Fixtures, clerk: Caller) -> None:
    order = f"/orders/{fixtures.order.public_id}"
    paths = [f"{order}/{name}" for name in LISTS]
    paths += [f"/{name}/{row(fixtures).public_id}" for name, row in ROWS.items()]
    paths += [f"/follow-ups/{fixtures.follow_up.public_id}/{name}" for name in OF_A_FOLLOW_UP]
    person = make.person(Role.LIAISON, fixtures.police)
    add_more(fixtures, 2, person)
    store_no_use_of_tokens()
    few = {path: queries(clerk, path) for path in paths}

    add_more(fixtures, 8, person)

    assert {path: queries(clerk, path) for path in paths} == few


@pytest.mark.cut(3)
@pytest.mark.parametrize("name", LISTS)
def test_list_shows_the_fields_that_the_matrix_allows(
    name: str, fixtures: Fixtures, caller: MakeCaller
) -> None:
    add_more(fixtures, 1, make.person(Role.LIAISON, fixtures.police))
    thing = MATRIX.resources[LISTS[name]]

    for role, agency in ((Role.CLERK, fixtures.court), (Role.LIAISON, fixtures.police)):
        answer = caller(make.person(role, agency)).get(f"/orders/{fixtures.order.public_id}/{name}")

        if role not in thing.actions["view"]:
            assert answer.status_code == 403
            continue
        assert answer.status_code == 200, answer.content
        rows = answer.json()["results"]
        assert rows
        extra = {"reasons"} if name == "deadlines" else set()
        assert {field for row in rows for field in row} == thing.fields_for({role})
        assert thing.fields_for({role}) >= extra


@pytest.mark.parametrize("name", OF_A_FOLLOW_UP)
def test_list_of_a_follow_up_is_visible_with_the_order(
    name: str, fixtures: Fixtures, caller: MakeCaller
) -> None:
    add_more(fixtures, 2, make.person(Role.LIAISON, fixtures.police))
    path = f"/follow-ups/{fixtures.follow_up.public_id}/{name}"
    thing = MATRIX.resources[OF_A_FOLLOW_UP[name]]

    for role, agency in (
        (Role.CLERK, fixtures.court),
        (Role.LIAISON, fixtures.police),
        (Role.LIAISON, fixtures.transfer.to_agency),
        (Role.PROSECUTOR, fixtures.referral.agency),
    ):
        rows = caller(make.person(role, agency)).get(path).json()["results"]
        assert len(rows) == 2
        assert {one["follow_up"] for one in rows} == {str(fixtures.follow_up.public_id)}
        assert {field for row in rows for field in row} == thing.fields_for({role})


@pytest.mark.parametrize("name", OF_A_FOLLOW_UP)
def test_list_of_another_agencys_follow_up_is_not_found(
    name: str, fixtures: Fixtures, caller: MakeCaller
) -> None:
    stranger = caller(make.person(Role.LIAISON, make.agency()))

    answers = [
        stranger.get(f"/follow-ups/{one}/{name}") for one in (fixtures.follow_up.public_id, uuid.uuid4())
    ]

    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("name", [*LISTS, ""])
def test_order_of_another_agency_is_not_found(name: str, fixtures: Fixtures, caller: MakeCaller) -> None:
    stranger = caller(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))

    answers = [stranger.get(f"/orders/{one}/{name}") for one in (fixtures.order.public_id, uuid.uuid4())]

    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("name", ROWS)
def test_row_of_another_agency_is_not_found(name: str, fixtures: Fixtures, caller: MakeCaller) -> None:
    stranger = caller(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))

    answers = [stranger.get(f"/{name}/{one}") for one in (ROWS[name](fixtures).public_id, uuid.uuid4())]

    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content


@pytest.mark.cut(3)
@pytest.mark.parametrize("name", ROWS)
def test_row_has_an_etag_and_is_in_the_access_log(name: str, fixtures: Fixtures, clerk: Caller) -> None:
    path = f"/{name}/{ROWS[name](fixtures).public_id}"

    answer = clerk.get(path)
    again = clerk.get(path, headers={"If-None-Match": answer.headers["ETag"]})

    assert (answer.status_code, again.status_code) == (200, 304)
    assert [one.cases for one in AuditEntry.objects.all()] == [[fixtures.order.case.public_id]] * 2


def test_role_in_another_court_does_not_see_this_order(fixtures: Fixtures, caller: MakeCaller) -> None:
    """A clerk of another court who is a marshal here sees only what marshals see."""
    marshals = make.agency(AgencyKind.MARSHAL)
    fixtures.order.order_agencies.create(agency=marshals, capacity="marshal")
    person = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    person.memberships.create(agency=marshals, role=Role.MARSHAL)
    both = caller(person)

    path = f"/orders/{fixtures.order.public_id}"
    assert both.get(path).status_code == 200
    assert both.get(f"{path}/service-attempts").status_code == 200
    assert both.get(f"{path}/firearms").status_code == 403
    assert both.get(f"/firearms/{fixtures.firearm.public_id}").status_code == 404
    tried = both.post(
        f"/orders/{fixtures.order.public_id}/service-attempts?dry_run=true",
        {"attempted_at": fixtures.ago(hours=40), "method": "in_hand", "reason": "no answer"},
    )
    assert tried.status_code == 403


def test_case_shows_the_orders_that_the_caller_sees(
    fixtures: Fixtures, clerk: Caller, caller: MakeCaller
) -> None:
    case = fixtures.order.case
    sibling = make.order(
        court=fixtures.court,
        docket_number=case.docket_number,
        respondent_town=fixtures.town,
        now=fixtures.now,
        issued_at=fixtures.now,
    )
    elsewhere = make.agency()
    sibling.order_agencies.create(agency=elsewhere, capacity="service_police")
    path = f"/cases/{case.public_id}"

    whole = clerk.get(path).json()
    part = caller(make.person(Role.LIAISON, elsewhere)).get(path).json()

    assert set(whole["orders"]) == {str(fixtures.order.public_id), str(sibling.public_id)}
    assert whole["respondent"]["name"] == "Ash Birch"
    assert part["orders"] == [str(sibling.public_id)]
    assert clerk.get("/cases", docket_number=case.docket_number).json()["results"] == [whole]


def test_reasons_are_in_the_requested_language(fixtures: Fixtures, clerk: Caller) -> None:
    path = f"/orders/{fixtures.order.public_id}/deadlines"

    said = {language: clerk.get(path, language=language).json()["results"] for language in ("en", "es")}

    assert "Source" in str(said["en"][0]["reasons"]) or said["en"][0]["reasons"]
    assert said["en"][0]["reasons"] != said["es"][0]["reasons"]
    assert clerk.get(path, language="tlh").status_code == 400


def test_history_is_numbered_newest_first(fixtures: Fixtures, clerk: Caller) -> None:
    path = f"/orders/{fixtures.order.public_id}/history"
    first = clerk.get(path, limit=fixtures.order.history.count() // 2 + 1).json()
    rest = clerk.client.get(first["next"], headers={"Authorization": f"Bearer {clerk.token}"}).json()

    numbers = [one["number"] for one in first["results"] + rest["results"]]

    assert numbers == [*range(fixtures.order.history.count(), 0, -1)]
    assert rest["results"][-1]["kind"] == "entered"


@pytest.mark.parametrize(
    "path", ["/cases?docket_number={}", "/orders?docket_number={}", "/orders?por_number={}"]
)
def test_searching_for_unknown_numbers_is_not_guessing(path: str, clerk: Caller, fixtures: Fixtures) -> None:
    tries = enumeration_guard.LIMIT + 5
    statuses = [clerk.get(path.format(f"HHD-FA26-{number}-S")).status_code for number in range(tries)]

    assert statuses == [200] * tries
    assert not AuditEntry.objects.filter(action=AuditAction.REFUSED).exists()
    assert clerk.get(f"/orders/{fixtures.order.public_id}").status_code == 200


def test_docket_of_another_court_gets_the_answer_of_an_unknown_one(clerk: Caller) -> None:
    theirs = make.order()

    answers = [clerk.get("/cases", docket_number=one) for one in (theirs.case.docket_number, "UNKNOWN")]

    assert [one.json() for one in answers] == [{"results": [], "next": None}] * 2
    assert not AuditEntry.objects.exists()


def test_partial_docket_number_finds_nothing(clerk: Caller, fixtures: Fixtures) -> None:
    part = fixtures.order.case.docket_number[:-1]

    assert clerk.get("/cases", docket_number=part).json()["results"] == []
    assert clerk.get("/cases").status_code == 400
