"""What an order has, read by the API: by whom, in which fields, in how many queries."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.access import MATRIX
from accounts.models import AgencyKind, AuditEntry, Role
from accounts.services import guessing
from orders.models import Deadline
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.stage import Stage, add_more, set_up

pytestmark = pytest.mark.django_db

#: What stands under an order, and the object of the matrix.
LISTS = {
    "service-attempts": "service_attempt",
    "agencies": "concern",
    "firearms": "firearm",
    "permits": "permit",
    "receipts": "receipt",
    "statements": "statement",
    "hearings": "hearing",
    "happenings": "happening",
    "requirements": "requirement",
    "sendings": "sending",
    "terms": "term",
    "events": "event",
    "deadlines": "deadline",
    "follow-ups": "follow_up",
    "releases": "release",
}

#: What stands under a follow-up, and the object of the matrix.
OF_A_FOLLOW_UP = {"attempts": "attempt", "hand-overs": "hand_over", "referrals": "referral"}

#: What has an address of its own.
ROWS: dict[str, Callable[[Stage], Any]] = {
    "cases": lambda s: s.order.case,
    "orders": lambda s: s.order,
    "firearms": lambda s: s.firearm,
    "receipts": lambda s: s.receipt,
    "hearings": lambda s: s.hearing,
    "terms": lambda s: s.term,
    "deadlines": lambda s: Deadline.objects.get(order=s.order, rule_id="CT-SUR-01"),
    "follow-ups": lambda s: s.follow_up,
    "hand-overs": lambda s: s.hand_over,
    "referrals": lambda s: s.referral,
    "releases": lambda s: s.release,
}


@pytest.fixture
def stage(db: None) -> Stage:
    return set_up()


@pytest.fixture
def clerk(caller: MakeCaller, stage: Stage) -> Caller:
    return caller(make.person(Role.CLERK, stage.court))


def queries(caller: Caller, path: str, **query: Any) -> int:
    """How many a GET takes."""
    with CaptureQueriesContext(connection) as captured:
        assert caller.get(path, **query).status_code == 200
    return len(captured)


def test_thirty_rows_take_as_many_queries_as_two(stage: Stage, clerk: Caller) -> None:
    order = f"/orders/{stage.order.public_id}"
    paths = [f"{order}/{name}" for name in LISTS]
    paths += [f"/{name}/{row(stage).public_id}" for name, row in ROWS.items()]
    paths += [f"/follow-ups/{stage.follow_up.public_id}/{name}" for name in OF_A_FOLLOW_UP]
    person = make.person(Role.LIAISON, stage.police)
    add_more(stage, 2, person)
    # Once a minute a call also notes that the token is in use.
    clerk.get(order)
    few = {path: queries(clerk, path) for path in paths}

    add_more(stage, 28, person)
    clerk.get(order)

    assert {path: queries(clerk, path) for path in paths} == few


@pytest.mark.parametrize("name", LISTS)
def test_a_list_shows_the_orders_rows_and_of_them_what_the_matrix_says(
    name: str, stage: Stage, caller: MakeCaller
) -> None:
    add_more(stage, 1, make.person(Role.LIAISON, stage.police))
    thing = MATRIX.things[LISTS[name]]

    for role, agency in ((Role.CLERK, stage.court), (Role.LIAISON, stage.police)):
        answer = caller(make.person(role, agency)).get(f"/orders/{stage.order.public_id}/{name}")

        if role not in thing.acts["view"]:
            assert answer.status_code == 403
            continue
        assert answer.status_code == 200, answer.content
        rows = answer.json()["results"]
        assert rows
        extra = {"reasons"} if name == "deadlines" else set()
        assert {field for row in rows for field in row} == thing.fields_for({role})
        assert thing.fields_for({role}) >= extra


@pytest.mark.parametrize("name", OF_A_FOLLOW_UP)
def test_a_list_of_a_follow_up_shows_its_rows_to_whoever_sees_the_order(
    name: str, stage: Stage, caller: MakeCaller
) -> None:
    add_more(stage, 2, make.person(Role.LIAISON, stage.police))
    path = f"/follow-ups/{stage.follow_up.public_id}/{name}"
    fields = MATRIX.things[OF_A_FOLLOW_UP[name]].fields

    for role, agency in (
        (Role.CLERK, stage.court),
        (Role.LIAISON, stage.police),
        (Role.LIAISON, stage.hand_over.to_agency),
        (Role.PROSECUTOR, stage.referral.agency),
    ):
        rows = caller(make.person(role, agency)).get(path).json()["results"]
        assert len(rows) == 2
        assert {one["follow_up"] for one in rows} == {str(stage.follow_up.public_id)}
        assert {field for row in rows for field in row} == fields.keys()


@pytest.mark.parametrize("name", OF_A_FOLLOW_UP)
def test_a_list_of_a_follow_up_of_others_is_answered_as_one_that_is_not_there(
    name: str, stage: Stage, caller: MakeCaller
) -> None:
    stranger = caller(make.person(Role.LIAISON, make.agency()))

    answers = [stranger.get(f"/follow-ups/{one}/{name}") for one in (stage.follow_up.public_id, uuid.uuid4())]

    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("name", [*LISTS, ""])
def test_an_order_of_another_agency_is_answered_as_one_that_is_not_there(
    name: str, stage: Stage, caller: MakeCaller
) -> None:
    stranger = caller(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))

    answers = [stranger.get(f"/orders/{one}/{name}") for one in (stage.order.public_id, uuid.uuid4())]

    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("name", ROWS)
def test_a_row_of_another_agency_is_answered_as_one_that_is_not_there(
    name: str, stage: Stage, caller: MakeCaller
) -> None:
    stranger = caller(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))

    answers = [stranger.get(f"/{name}/{one}") for one in (ROWS[name](stage).public_id, uuid.uuid4())]

    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("name", ROWS)
def test_a_row_has_its_version_and_is_on_record_as_seen(name: str, stage: Stage, clerk: Caller) -> None:
    path = f"/{name}/{ROWS[name](stage).public_id}"

    answer = clerk.get(path)
    again = clerk.get(path, headers={"If-None-Match": answer.headers["ETag"]})

    assert (answer.status_code, again.status_code) == (200, 304)
    assert [one.cases for one in AuditEntry.objects.all()] == [[stage.order.case.public_id]] * 2


def test_a_role_that_may_look_elsewhere_does_not_look_here(stage: Stage, caller: MakeCaller) -> None:
    """A clerk of another court who is a marshal here sees the order, and not what only desks see."""
    marshals = make.agency(AgencyKind.MARSHAL)
    stage.order.concerns.create(agency=marshals, capacity="marshal")
    person = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    person.memberships.create(agency=marshals, role=Role.MARSHAL)
    both = caller(person)

    path = f"/orders/{stage.order.public_id}"
    assert both.get(path).status_code == 200
    assert both.get(f"{path}/service-attempts").status_code == 200
    assert both.get(f"{path}/firearms").status_code == 403
    assert both.get(f"/firearms/{stage.firearm.public_id}").status_code == 404
    tried = both.post(
        f"/orders/{stage.order.public_id}/service-attempts?dry_run=true",
        {"attempted_at": stage.ago(hours=1), "method": "in_hand", "reason": "nobody there"},
    )
    assert tried.status_code == 403


def test_a_case_has_the_orders_that_the_caller_sees(stage: Stage, clerk: Caller, caller: MakeCaller) -> None:
    case = stage.order.case
    sibling = make.order(
        court=stage.court,
        docket_number=case.docket_number,
        respondent_town=stage.town,
        now=stage.now,
        issued_at=stage.now,
    )
    elsewhere = make.agency()
    sibling.concerns.create(agency=elsewhere, capacity="service_police")
    path = f"/cases/{case.public_id}"

    whole = clerk.get(path).json()
    part = caller(make.person(Role.LIAISON, elsewhere)).get(path).json()

    assert set(whole["orders"]) == {str(stage.order.public_id), str(sibling.public_id)}
    assert whole["respondent"]["name"] == "Ash Birch"
    assert part["orders"] == [str(sibling.public_id)]
    assert clerk.get("/cases", docket_number=case.docket_number).json()["results"] == [whole]


def test_the_reasons_are_said_in_the_language_asked(stage: Stage, clerk: Caller) -> None:
    path = f"/orders/{stage.order.public_id}/deadlines"

    said = {language: clerk.get(path, language=language).json()["results"] for language in ("en", "es")}

    assert "Source" in str(said["en"][0]["reasons"]) or said["en"][0]["reasons"]
    assert said["en"][0]["reasons"] != said["es"][0]["reasons"]
    assert clerk.get(path, language="tlh").status_code == 400


def test_history_is_numbered_the_newest_first(stage: Stage, clerk: Caller) -> None:
    path = f"/orders/{stage.order.public_id}/events"
    first = clerk.get(path, limit=stage.order.events.count() // 2 + 1).json()
    rest = clerk.client.get(first["next"], headers={"Authorization": f"Bearer {clerk.token}"}).json()

    numbers = [one["number"] for one in first["results"] + rest["results"]]

    assert numbers == [*range(stage.order.events.count(), 0, -1)]
    assert rest["results"][-1]["kind"] == "entered"


@pytest.mark.parametrize(
    "path", ["/cases?docket_number={}", "/orders?docket_number={}", "/orders?por_number={}"]
)
def test_who_asks_for_names_in_vain_is_guessing(path: str, clerk: Caller, stage: Stage) -> None:
    statuses = [clerk.get(path.format(f"HHD-FA26-{number}-S")).status_code for number in range(50)]

    assert statuses == [200] * guessing.MANY + [429] * (50 - guessing.MANY)
    assert not any("HHD" in str(entry.detail) for entry in AuditEntry.objects.all())


def test_a_docket_of_another_court_is_asked_for_in_vain_too(clerk: Caller) -> None:
    theirs = make.order()

    answer = clerk.get("/cases", docket_number=theirs.case.docket_number)

    assert answer.json() == {"results": [], "next": None}
    assert AuditEntry.objects.get().act == "refused"


def test_part_of_a_docket_finds_nothing(clerk: Caller, stage: Stage) -> None:
    part = stage.order.case.docket_number[:-1]

    assert clerk.get("/cases", docket_number=part).json()["results"] == []
    assert clerk.get("/cases").status_code == 400
