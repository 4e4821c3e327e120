"""Candidates, the choice on entry, joins and separations by API."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from accounts.models import Agency, AgencyKind, Role
from orders.models import Order
from tests import make
from tests.api.conftest import MakeCaller

pytestmark = pytest.mark.django_db


@pytest.fixture
def court() -> Agency:
    return make.agency(AgencyKind.COURT)


@pytest.fixture
def order(court: Agency) -> Order:
    return make.order(
        court=court,
        respondent_name="Robert Hawthorn",
        respondent_dob=date(1980, 4, 19),
        docket_number="HHD-FA26-6000001-S",
    )


def body(order: Order, **given: Any) -> dict[str, Any]:
    return {
        "docket_number": "HHD-FA26-6000002-S",
        "court": order.case.court.name,
        "kind": "ex_parte_restraining_order",
        "confirm": "The hearing is not set yet.",
        "respondent_name": "Bob Hawthorne",
        "respondent_town": order.case.respondent.town.name,
        "issued_on": "2026-11-20",
        **given,
    }


def test_candidates_are_found_and_chosen(order: Order, court: Agency, caller: MakeCaller) -> None:
    clerk = caller(make.person(Role.CLERK, court))

    (found,) = clerk.post("/persons/candidates", {"name": "Bob Hawthorne"}).json()["results"]
    assert (found["name"], found["dockets"]) == ("Robert Hawthorn", ["HHD-FA26-6000001-S"])
    assert found["same_name"] is False

    answer = clerk.post("/orders", body(order, person=found["id"]))
    assert answer.status_code == 201, answer.content
    assert answer.json()["case"]["respondent"]["person"] == found["id"]


def test_a_call_without_a_choice_is_not_blocked(order: Order, court: Agency, caller: MakeCaller) -> None:
    clerk = caller(make.person(Role.CLERK, court))

    assert clerk.post("/orders", body(order)).status_code == 201


def test_a_docket_of_another_respondent_is_refused_in_words(
    order: Order, court: Agency, caller: MakeCaller
) -> None:
    clerk = caller(make.person(Role.CLERK, court))
    docket = order.case.docket_number

    answer = clerk.post("/orders", body(order, docket_number=docket))
    assert answer.status_code == 409
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("person", "docket_of_another_respondent")

    assert clerk.post("/orders", body(order, docket_number=docket, person="another")).status_code == 201


def test_strangers_find_and_choose_no_person(order: Order, caller: MakeCaller) -> None:
    elsewhere = make.agency(AgencyKind.COURT)
    clerk = caller(make.person(Role.CLERK, elsewhere))
    person = str(order.case.respondent.person.public_id)

    assert clerk.post("/persons/candidates", {"name": "Robert Hawthorn"}).json()["results"] == []
    answer = clerk.post("/orders", body(order, court=elsewhere.name, person=person))
    assert answer.status_code == 409
    liaison = caller(make.person(Role.LIAISON, make.agency()))
    assert liaison.post("/persons/candidates", {"name": "Robert Hawthorn"}).status_code == 403


def test_two_are_joined_and_kept_apart(order: Order, court: Agency, caller: MakeCaller) -> None:
    clerk = caller(make.person(Role.CLERK, court))
    second = make.order(court=court, respondent_name="Bob Hawthorne")
    path = f"/orders/{second.public_id}"
    ids = {"person": str(order.case.respondent.person.public_id), "reason": "Same license"}

    joined = clerk.post(f"{path}/person-joins", ids)
    assert joined.status_code == 201, joined.content
    first = clerk.get(f"/orders/{order.public_id}").json()["case"]["respondent"]["person"]
    assert joined.json()["case"]["respondent"]["person"] == first

    parted = clerk.post(f"{path}/person-separations", {"person": first, "reason": "A cousin"})
    assert parted.status_code == 201, parted.content
    first = clerk.get(f"/orders/{order.public_id}").json()["case"]["respondent"]["person"]
    assert parted.json()["case"]["respondent"]["person"] != first
