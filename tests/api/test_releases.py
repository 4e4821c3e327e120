"""An advocate watches an order while a written release stands, and not an instant longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.access import MATRIX
from accounts.models import AgencyKind, Membership, Role
from orders.errors import InvalidFact
from orders.models import Event, Release
from orders.services import releases
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.stage import Stage, set_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(db: None) -> Stage:
    return set_up()


@pytest.fixture
def advocate(caller: MakeCaller, stage: Stage) -> Caller:
    return caller(make.person(Role.ADVOCATE, stage.organization))


def test_an_advocate_sees_how_the_order_stands_and_nothing_else(stage: Stage, advocate: Caller) -> None:
    path = f"/orders/{stage.order.public_id}"

    order = advocate.get(path)

    assert set(order.json()) == MATRIX.things["order"].fields_for({Role.ADVOCATE})
    assert set(order.json()["case"]) == {"id", "docket_number", "court"}
    assert b"Ash Birch" not in order.content
    assert b"Sky Linden" not in order.content
    assert [one["id"] for one in advocate.get("/orders").json()["results"]] == [str(stage.order.public_id)]
    for name in ("deadlines", "hearings", "releases"):
        rows = advocate.get(f"{path}/{name}").json()["results"]
        thing = MATRIX.things[name.removesuffix("s")]
        assert rows
        assert {field for row in rows for field in row} == thing.fields_for({Role.ADVOCATE})
    for name in ("firearms", "events", "receipts", "terms", "requirements", "follow-ups", "happenings"):
        assert advocate.get(f"{path}/{name}").status_code == 403


@pytest.mark.parametrize("how", ["ended", "not begun", "revoked"])
def test_without_a_standing_release_nothing_is_there(how: str, stage: Stage, advocate: Caller) -> None:
    path = f"/orders/{stage.order.public_id}"
    assert advocate.get(path).status_code == 200
    now = timezone.now()
    match how:
        case "ended":
            Release.objects.update(begins_at=now - timedelta(days=2), ends_at=now)
        case "not begun":
            Release.objects.update(begins_at=now + timedelta(seconds=20))
        case _:
            releases.revoke_release(stage.release, by=None, now=now)

    for one in (path, f"{path}/deadlines", f"/releases/{stage.release.public_id}"):
        assert advocate.get(one).status_code == 404
    assert advocate.get("/orders").json()["results"] == []
    assert advocate.get(f"/cases/{stage.order.case.public_id}").status_code == 404


def test_an_advocate_takes_back_the_release_and_sees_nothing_from_then_on(
    stage: Stage, advocate: Caller
) -> None:
    path = f"/releases/{stage.release.public_id}"

    answer = advocate.post(f"{path}/revocations")

    assert answer.status_code == 201, answer.content
    assert answer.json()["revoked_at"] is not None
    assert advocate.get(path).status_code == 404
    assert advocate.get(f"/orders/{stage.order.public_id}").status_code == 404
    event = Event.objects.get(kind="release_revoked")
    assert event.data == {"release": str(stage.release.public_id)}


def test_a_release_to_another_organization_is_not_seen_nor_taken_back(
    stage: Stage, advocate: Caller, caller: MakeCaller
) -> None:
    other = make.agency(AgencyKind.ADVOCACY)
    theirs = releases.record_release(
        stage.order,
        agency=other,
        signed_on=stage.now.date() - timedelta(days=1),
        begins_at=stage.now,
        ends_at=stage.now + timedelta(days=1),
        by=None,
        now=stage.now,
    )

    shown = advocate.get(f"/orders/{stage.order.public_id}/releases").json()["results"]

    assert [one["agency"] for one in shown] == [stage.organization.name]
    assert advocate.post(f"/releases/{theirs.public_id}/revocations").status_code == 404
    assert caller(make.person(Role.ADVOCATE, other)).get(f"/releases/{theirs.public_id}").status_code == 200


def test_police_do_not_learn_that_there_is_a_release(stage: Stage, caller: MakeCaller) -> None:
    path = f"/orders/{stage.order.public_id}/events"
    people = {
        role: caller(make.person(role, agency))
        for role, agency in ((Role.LIAISON, stage.police), (Role.CLERK, stage.court))
    }

    events = {role: one.get(path).json()["results"] for role, one in people.items()}

    assert "release_recorded" in {one["kind"] for one in events[Role.CLERK]}
    assert "release_recorded" not in {one["kind"] for one in events[Role.LIAISON]}
    for seen in events.values():
        assert [one["number"] for one in seen] == [*range(len(seen), 0, -1)]


def test_a_release_that_has_ended_is_not_ended_again(stage: Stage, caller: MakeCaller) -> None:
    clerk = caller(make.person(Role.CLERK, stage.court))
    path = f"/releases/{stage.release.public_id}/revocations"
    assert clerk.post(path).status_code == 201

    answer = clerk.post(path)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "already_ended")


def test_only_an_advocacy_organization_takes_a_release(stage: Stage) -> None:
    with pytest.raises(InvalidFact) as refused:
        releases.record_release(
            stage.order,
            agency=stage.police,
            signed_on=stage.now.date() - timedelta(days=1),
            begins_at=stage.now,
            ends_at=stage.now + timedelta(days=1),
            by=None,
            now=stage.now,
        )

    assert (refused.value.field, refused.value.code) == ("agency", "not_advocacy")


def test_who_is_both_sees_by_each_role_what_it_shows(stage: Stage, caller: MakeCaller) -> None:
    """Police of the respondent's town who are advocates too: the release widens nothing and hides nothing."""
    person = make.person(Role.LIAISON, stage.police)
    Membership.objects.create(user=person, agency=stage.organization, role=Role.ADVOCATE)

    order = caller(person).get(f"/orders/{stage.order.public_id}").json()

    assert set(order) == MATRIX.things["order"].fields_for({Role.LIAISON, Role.ADVOCATE})
