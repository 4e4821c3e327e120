"""Agencies that a clerk adds to an order, and who sees them."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Agency, AgencyKind, Role
from notifications.models import Alert, Via
from notifications.services.acknowledgments import acknowledge
from orders.models import Checkpoint, HistoryEntry, Order, OrderAgency
from orders.services.parties.agencies import add_agency
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.fixtures import Fixtures, place_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(caller: MakeCaller, fixtures: Fixtures) -> Caller:
    return caller(make.person(Role.CLERK, fixtures.court))


@pytest.fixture
def school(db: None) -> Agency:
    return make.agency(AgencyKind.SCHOOL)


@pytest.fixture
def path(fixtures: Fixtures) -> str:
    return f"/orders/{fixtures.order.public_id}/agencies"


def drop(agency: Agency, **other: Any) -> dict[str, Any]:
    """The body that removes the school."""
    return {"agency": agency.name, "capacity": "school", "reason": "a slip", **other}


def alert_school(school: Agency, fixtures: Fixtures) -> Alert:
    """Add the school to the order, and alert somebody there."""
    add_agency(fixtures.order, agency=school, by=None, now=fixtures.now)
    return Alert.objects.create(
        order=fixtures.order,
        checkpoint=Checkpoint.objects.filter(deadline__order=fixtures.order).earliest("pk"),
        agency=school,
        capacity="school",
        recipient=make.person(Role.SCHOOL, school),
        via=Via.PERSON,
        idem_key="one",
    )


def refusal(answer: Any) -> tuple[int, str, str]:
    """Status, field and code of a refusal."""
    (error,) = answer.json()["errors"]
    return answer.status_code, error["field"], error["code"]


def test_agency_is_added_sees_the_order_and_is_removed(
    fixtures: Fixtures, clerk: Caller, path: str, caller: MakeCaller
) -> None:
    marshals = make.agency(AgencyKind.MARSHAL)
    marshal, order = caller(make.person(Role.MARSHAL, marshals)), f"/orders/{fixtures.order.public_id}"
    shown = {"agency": marshals.name, "capacity": "marshal"}
    assert marshal.get(order).status_code == 404

    named = clerk.post(path, {"agency": marshals.name})

    assert (named.status_code, named.json()) == (201, shown)
    assert clerk.get(path).json() == {"results": [shown], "next": None}
    assert marshal.get(path).json()["results"] == [shown]
    assert shown in clerk.get(order).json()["agencies"]

    dropped = clerk.post(f"{order}/agency-removals", {**shown, "reason": "a slip"})

    assert dropped.status_code == 201, dropped.content
    assert shown not in dropped.json()["agencies"]
    assert clerk.get(path).json()["results"] == []
    assert marshal.get(order).status_code == 404
    assert HistoryEntry.objects.get(kind="agency_removed").reason == "a slip"


def test_only_added_agencies_are_listed(clerk: Caller, path: str, school: Agency) -> None:
    """Police follow from towns and the court from the case; the order itself shows them."""
    clerk.post(path, {"agency": school.name})

    assert clerk.get(path).json()["results"] == [{"agency": school.name, "capacity": "school"}]


@pytest.mark.parametrize("role", list(Role))
def test_school_is_visible_to_the_court_only(
    role: Role, fixtures: Fixtures, path: str, caller: MakeCaller, school: Agency
) -> None:
    """Only the court sees it, in the list and elsewhere."""
    for agency in (school, make.agency(AgencyKind.LICENSING)):
        add_agency(fixtures.order, agency=agency, by=None, now=fixtures.now)
    somebody = caller(make.person(role, place_of(role, fixtures)))

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
    # The court sees one of each; others see only the licensing unit's.
    events = somebody.get(path.replace("agencies", "history")).json()["results"]
    assert [one["kind"] for one in events].count("agency_added") == (2 if is_court else 1)
    assert [one["number"] for one in events] == [*range(len(events), 0, -1)]
    asked = somebody.get("/deadlines", agency=school.name)
    assert refusal(asked) == (409, "agency", "does_not_exist")


def test_acknowledgment_by_a_school_is_visible_to_the_court_only(
    fixtures: Fixtures, clerk: Caller, path: str, caller: MakeCaller, school: Agency
) -> None:
    police, alert = caller(make.person(Role.LIAISON, fixtures.police)), alert_school(school, fixtures)
    assert alert.recipient is not None
    history = path.replace("agencies", "history")
    before = police.get(history).json()["results"]
    assert before

    acknowledge(alert, by=alert.recipient, now=fixtures.now)

    assert police.get(history).json()["results"] == before
    assert clerk.get(history).json()["results"][0]["kind"] == "acknowledged"


def test_clerk_elsewhere_who_sees_the_order_as_police_sees_no_school(
    fixtures: Fixtures, clerk: Caller, path: str, caller: MakeCaller, school: Agency
) -> None:
    to_school = f"/alerts/{alert_school(school, fixtures).public_id}"
    person = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    person.memberships.create(agency=fixtures.police, role=Role.LIAISON)

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
        ("agency-removals", {"capacity": "court"}, (400, "capacity", "invalid_choice")),
        ("agency-removals", {"capacity": "marshal"}, (409, "agency", "not_named")),
        ("agency-removals", {"agency": "School of Nowhere"}, (409, "agency", "does_not_exist")),
        ("agency-removals", {"reason": "  "}, (400, "reason", "blank")),
        ("agency-removals", {"reason": "x" * 501}, (400, "reason", "max_length")),
    ],
)
def test_error_names_its_field(
    name: str, slip: dict[str, Any], refused: tuple[int, str, str], fixtures: Fixtures, clerk: Caller
) -> None:
    school = make.agency(AgencyKind.SCHOOL)
    add_agency(fixtures.order, agency=school, by=None, now=fixtures.now)
    before = HistoryEntry.objects.count(), OrderAgency.objects.count()
    body = {"agency": school.name} if name == "agencies" else drop(school)

    assert refusal(clerk.post(f"/orders/{fixtures.order.public_id}/{name}", body | slip)) == refused
    assert (HistoryEntry.objects.count(), OrderAgency.objects.count()) == before


@pytest.mark.parametrize("missing", ["agency", "capacity", "reason"])
def test_removal_needs_agency_capacity_and_reason(
    missing: str, clerk: Caller, path: str, school: Agency
) -> None:
    clerk.post(path, {"agency": school.name})
    body = drop(school)
    del body[missing]

    answer = clerk.post(path.replace("agencies", "agency-removals"), body)

    assert refusal(answer) == (400, missing, "required")
    assert OrderAgency.objects.filter(agency=school).exists()


def test_adding_or_removing_twice_is_refused(clerk: Caller, path: str, school: Agency) -> None:
    withdrawals = path.replace("agencies", "agency-removals")

    named = [clerk.post(path, {"agency": school.name}) for _ in range(2)]
    dropped = [clerk.post(withdrawals, drop(school)) for _ in range(2)]

    assert [one.status_code for one in (named[0], dropped[0])] == [201, 201]
    assert refusal(named[1]) == (409, "agency", "already_named")
    assert refusal(dropped[1]) == (409, "agency", "not_named")


def test_act_on_a_changed_order_is_stale(clerk: Caller, path: str, fixtures: Fixtures) -> None:
    tag = clerk.get(path.removesuffix("/agencies")).headers["ETag"]
    first, second = (make.agency(AgencyKind.MARSHAL).name for _ in range(2))

    answers = [clerk.post(path, {"agency": one}, If_Match=tag) for one in (first, second)]

    assert [one.status_code for one in answers] == [201, 412]
    assert Order.objects.get(pk=fixtures.order.pk).order_agencies.filter(capacity="marshal").count() == 1
