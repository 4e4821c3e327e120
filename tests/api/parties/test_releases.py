"""An advocate sees an order exactly while a release is in force."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.access import MATRIX
from accounts.models import AgencyKind, Membership, Role
from orders.errors import InvalidFact
from orders.models import ConfidentialityRelease, HistoryEntry
from orders.services.parties import releases
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.fixtures import Fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture
def advocate(caller: MakeCaller, fixtures: Fixtures) -> Caller:
    return caller(make.person(Role.ADVOCATE, fixtures.organization))


def test_advocate_sees_the_state_of_the_order_only(fixtures: Fixtures, advocate: Caller) -> None:
    path = f"/orders/{fixtures.order.public_id}"

    order = advocate.get(path)

    assert set(order.json()) == MATRIX.resources["order"].fields_for({Role.ADVOCATE})
    assert set(order.json()["case"]) == {"id", "docket_number", "court"}
    assert b"Ash Birch" not in order.content
    assert b"Sky Linden" not in order.content
    assert [one["id"] for one in advocate.get("/orders").json()["results"]] == [str(fixtures.order.public_id)]
    for name in ("deadlines", "hearings", "confidentiality-releases"):
        rows = advocate.get(f"{path}/{name}").json()["results"]
        thing = MATRIX.resources[name.removesuffix("s").replace("-", "_")]
        assert rows
        assert {field for row in rows for field in row} == thing.fields_for({Role.ADVOCATE})
    for name in (
        "firearms",
        "history",
        "receipts",
        "conditions",
        "required-notices",
        "follow-ups",
        "case-events",
    ):
        assert advocate.get(f"{path}/{name}").status_code == 403


@pytest.mark.parametrize("how", ["ended", "not begun", "revoked"])
def test_without_a_release_in_force_the_order_is_not_found(
    how: str, fixtures: Fixtures, advocate: Caller
) -> None:
    path = f"/orders/{fixtures.order.public_id}"
    assert advocate.get(path).status_code == 200
    now = timezone.now()
    match how:
        case "ended":
            ConfidentialityRelease.objects.update(begins_at=now - timedelta(days=2), ends_at=now)
        case "not begun":
            ConfidentialityRelease.objects.update(begins_at=now + timedelta(seconds=20))
        case _:
            releases.revoke_release(fixtures.release, by=None, now=now)

    for one in (path, f"{path}/deadlines", f"/confidentiality-releases/{fixtures.release.public_id}"):
        assert advocate.get(one).status_code == 404
    assert advocate.get("/orders").json()["results"] == []
    assert advocate.get(f"/cases/{fixtures.order.case.public_id}").status_code == 404


def test_advocate_revokes_the_release_and_loses_access(fixtures: Fixtures, advocate: Caller) -> None:
    path = f"/confidentiality-releases/{fixtures.release.public_id}"

    answer = advocate.post(f"{path}/revocations")

    assert answer.status_code == 201, answer.content
    assert answer.json()["revoked_at"] is not None
    assert advocate.get(path).status_code == 404
    assert advocate.get(f"/orders/{fixtures.order.public_id}").status_code == 404
    event = HistoryEntry.objects.get(kind="release_revoked")
    assert event.data == {"release": str(fixtures.release.public_id)}


def test_release_to_another_organization_is_not_found(
    fixtures: Fixtures, advocate: Caller, caller: MakeCaller
) -> None:
    other = make.agency(AgencyKind.ADVOCACY)
    theirs = releases.record_release(
        fixtures.order,
        agency=other,
        signed_on=fixtures.now.date() - timedelta(days=1),
        begins_at=fixtures.now,
        ends_at=fixtures.now + timedelta(days=1),
        by=None,
        now=fixtures.now,
    )

    shown = advocate.get(f"/orders/{fixtures.order.public_id}/confidentiality-releases").json()["results"]

    assert [one["agency"] for one in shown] == [fixtures.organization.name]
    assert advocate.post(f"/confidentiality-releases/{theirs.public_id}/revocations").status_code == 404
    assert (
        caller(make.person(Role.ADVOCATE, other))
        .get(f"/confidentiality-releases/{theirs.public_id}")
        .status_code
        == 200
    )


def test_police_do_not_see_releases(fixtures: Fixtures, caller: MakeCaller) -> None:
    path = f"/orders/{fixtures.order.public_id}/history"
    people = {
        role: caller(make.person(role, agency))
        for role, agency in ((Role.LIAISON, fixtures.police), (Role.CLERK, fixtures.court))
    }

    events = {role: one.get(path).json()["results"] for role, one in people.items()}

    assert "release_recorded" in {one["kind"] for one in events[Role.CLERK]}
    assert "release_recorded" not in {one["kind"] for one in events[Role.LIAISON]}
    for seen in events.values():
        assert [one["number"] for one in seen] == [*range(len(seen), 0, -1)]


def test_ended_release_cannot_be_revoked(fixtures: Fixtures, caller: MakeCaller) -> None:
    clerk = caller(make.person(Role.CLERK, fixtures.court))
    path = f"/confidentiality-releases/{fixtures.release.public_id}/revocations"
    assert clerk.post(path).status_code == 201

    answer = clerk.post(path)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "already_ended")


def test_release_needs_an_advocacy_organization(fixtures: Fixtures) -> None:
    with pytest.raises(InvalidFact) as refused:
        releases.record_release(
            fixtures.order,
            agency=fixtures.police,
            signed_on=fixtures.now.date() - timedelta(days=1),
            begins_at=fixtures.now,
            ends_at=fixtures.now + timedelta(days=1),
            by=None,
            now=fixtures.now,
        )

    assert (refused.value.field, refused.value.code) == ("agency", "not_advocacy")


def test_person_with_two_roles_sees_the_fields_of_both(fixtures: Fixtures, caller: MakeCaller) -> None:
    """Police of the respondent's town who are also advocates see what both roles see."""
    person = make.person(Role.LIAISON, fixtures.police)
    Membership.objects.create(user=person, agency=fixtures.organization, role=Role.ADVOCATE)

    order = caller(person).get(f"/orders/{fixtures.order.public_id}").json()

    assert set(order) == MATRIX.resources["order"].fields_for({Role.LIAISON, Role.ADVOCATE})
