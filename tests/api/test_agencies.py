"""Agencies that a clerk names for an order by the API, and who learns which."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Agency, AgencyKind, Role
from notifications.models import Alert, Via
from notifications.services.answers import acknowledge
from orders.models import Checkpoint, Concern, Event, Order
from orders.services.involved import involve_agency
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.stage import Stage, place_of, set_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(db: None) -> Stage:
    return set_up()


@pytest.fixture
def clerk(caller: MakeCaller, stage: Stage) -> Caller:
    return caller(make.person(Role.CLERK, stage.court))


@pytest.fixture
def school(db: None) -> Agency:
    return make.agency(AgencyKind.SCHOOL)


@pytest.fixture
def path(stage: Stage) -> str:
    return f"/orders/{stage.order.public_id}/agencies"


def drop(agency: Agency, **other: Any) -> dict[str, Any]:
    """What takes the school off again."""
    return {"agency": agency.name, "capacity": "school", "reason": "a slip", **other}


def told(school: Agency, stage: Stage) -> Alert:
    """The school is named for the order, and somebody there is told of it."""
    involve_agency(stage.order, agency=school, by=None, now=stage.now)
    return Alert.objects.create(
        order=stage.order,
        checkpoint=Checkpoint.objects.filter(deadline__order=stage.order).earliest("pk"),
        agency=school,
        capacity="school",
        recipient=make.person(Role.SCHOOL, school),
        via=Via.PERSON,
        idem_key="one",
    )


def refusal(answer: Any) -> tuple[int, str, str]:
    """Status, field and code of what was refused."""
    (error,) = answer.json()["errors"]
    return answer.status_code, error["field"], error["code"]


def test_an_agency_is_named_sees_the_order_and_is_taken_off(
    stage: Stage, clerk: Caller, path: str, caller: MakeCaller
) -> None:
    marshals = make.agency(AgencyKind.MARSHAL)
    marshal, order = caller(make.person(Role.MARSHAL, marshals)), f"/orders/{stage.order.public_id}"
    shown = {"agency": marshals.name, "capacity": "marshal"}
    assert marshal.get(order).status_code == 404

    named = clerk.post(path, {"agency": marshals.name})

    assert (named.status_code, named.json()) == (201, shown)
    assert clerk.get(path).json() == {"results": [shown], "next": None}
    assert marshal.get(path).json()["results"] == [shown]
    assert shown in clerk.get(order).json()["agencies"]

    dropped = clerk.post(f"{order}/agency-withdrawals", {**shown, "reason": "a slip"})

    assert dropped.status_code == 201, dropped.content
    assert shown not in dropped.json()["agencies"]
    assert clerk.get(path).json()["results"] == []
    assert marshal.get(order).status_code == 404
    assert Event.objects.get(kind="agency_dropped").reason == "a slip"


def test_only_those_named_are_listed(clerk: Caller, path: str, school: Agency) -> None:
    """Police follow from towns and the court from the case; the order itself shows them."""
    clerk.post(path, {"agency": school.name})

    assert clerk.get(path).json()["results"] == [{"agency": school.name, "capacity": "school"}]


@pytest.mark.parametrize("role", list(Role))
def test_who_learns_of_a_school(
    role: Role, stage: Stage, path: str, caller: MakeCaller, school: Agency
) -> None:
    """The court, and nobody else: neither from the list nor from what is around it."""
    for agency in (school, make.agency(AgencyKind.LICENSING)):
        involve_agency(stage.order, agency=agency, by=None, now=stage.now)
    somebody = caller(make.person(role, place_of(role, stage)))

    listed = somebody.get(path)

    if role not in (Role.CLERK, Role.JUDGE, Role.LIAISON, Role.SUPERVISOR, Role.MARSHAL, Role.PROSECUTOR):
        assert listed.status_code == 403
        return
    is_court = role in (Role.CLERK, Role.JUDGE)
    assert (school.name in listed.content.decode()) == is_court
    assert "licensing" in listed.content.decode()
    assert school.name not in somebody.get(path.removesuffix("/agencies")).content.decode()
    if role == Role.MARSHAL:
        return
    # One of each for the court; for others only the unit's.
    events = somebody.get(path.replace("agencies", "events")).json()["results"]
    assert [one["kind"] for one in events].count("agency_involved") == (2 if is_court else 1)
    assert [one["number"] for one in events] == [*range(len(events), 0, -1)]
    asked = somebody.get("/deadlines", agency=school.name)
    assert refusal(asked) == (409, "agency", "does_not_exist")


def test_what_a_school_answers_is_the_courts_to_read(
    stage: Stage, clerk: Caller, path: str, caller: MakeCaller, school: Agency
) -> None:
    police, alert = caller(make.person(Role.LIAISON, stage.police)), told(school, stage)
    assert alert.recipient is not None
    history = path.replace("agencies", "events")
    before = police.get(history).json()["results"]
    assert before

    acknowledge(alert, by=alert.recipient, now=stage.now)

    assert police.get(history).json()["results"] == before
    assert clerk.get(history).json()["results"][0]["kind"] == "acknowledged"


def test_a_clerk_elsewhere_who_sees_the_order_as_police_learns_of_no_school(
    stage: Stage, clerk: Caller, path: str, caller: MakeCaller, school: Agency
) -> None:
    to_school = f"/alerts/{told(school, stage).public_id}"
    person = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    person.memberships.create(agency=stage.police, role=Role.LIAISON)

    both = caller(person)

    assert both.get(path).json()["results"] == []
    assert [one.get(to_school).status_code for one in (both, clerk)] == [404, 200]
    assert both.post(path, {"agency": school.name}).json()["code"] == "not_permitted"


@pytest.mark.parametrize(
    ("name", "slip", "refused"),
    [
        ("agencies", {"agency": None}, (400, "agency", "null")),
        ("agencies", {"agency": 7}, (400, "agency", "invalid")),
        ("agencies", {"agency": ""}, (409, "agency", "does_not_exist")),
        ("agencies", {"agency": "School of Nowhere"}, (409, "agency", "does_not_exist")),
        ("agency-withdrawals", {"capacity": "court"}, (400, "capacity", "invalid_choice")),
        ("agency-withdrawals", {"capacity": "marshal"}, (409, "agency", "not_named")),
        ("agency-withdrawals", {"agency": "School of Nowhere"}, (409, "agency", "does_not_exist")),
        ("agency-withdrawals", {"reason": "  "}, (400, "reason", "blank")),
        ("agency-withdrawals", {"reason": "x" * 501}, (400, "reason", "max_length")),
    ],
)
def test_a_slip_is_named_at_its_field(
    name: str, slip: dict[str, Any], refused: tuple[int, str, str], stage: Stage, clerk: Caller
) -> None:
    school = make.agency(AgencyKind.SCHOOL)
    involve_agency(stage.order, agency=school, by=None, now=stage.now)
    before = Event.objects.count(), Concern.objects.count()
    body = {"agency": school.name} if name == "agencies" else drop(school)

    assert refusal(clerk.post(f"/orders/{stage.order.public_id}/{name}", body | slip)) == refused
    assert (Event.objects.count(), Concern.objects.count()) == before


@pytest.mark.parametrize("missing", ["agency", "capacity", "reason"])
def test_nothing_is_taken_off_without(missing: str, clerk: Caller, path: str, school: Agency) -> None:
    clerk.post(path, {"agency": school.name})
    body = drop(school)
    del body[missing]

    answer = clerk.post(path.replace("agencies", "agency-withdrawals"), body)

    assert refusal(answer) == (400, missing, "required")
    assert Concern.objects.filter(agency=school).exists()


def test_nothing_is_named_or_taken_off_twice(clerk: Caller, path: str, school: Agency) -> None:
    withdrawals = path.replace("agencies", "agency-withdrawals")

    named = [clerk.post(path, {"agency": school.name}) for _ in range(2)]
    dropped = [clerk.post(withdrawals, drop(school)) for _ in range(2)]

    assert [one.status_code for one in (named[0], dropped[0])] == [201, 201]
    assert refusal(named[1]) == (409, "agency", "already_named")
    assert refusal(dropped[1]) == (409, "agency", "not_named")


def test_what_the_order_became_meanwhile_is_not_acted_upon(clerk: Caller, path: str, stage: Stage) -> None:
    tag = clerk.get(path.removesuffix("/agencies")).headers["ETag"]
    first, second = (make.agency(AgencyKind.MARSHAL).name for _ in range(2))

    answers = [clerk.post(path, {"agency": one}, If_Match=tag) for one in (first, second)]

    assert [one.status_code for one in answers] == [201, 412]
    assert Order.objects.get(pk=stage.order.pk).concerns.filter(capacity="marshal").count() == 1
