"""Custody and storage places by the API: only police see them, and each agency its own places."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Agency, Role
from orders.models import Attempt, Capacity, CustodyStep, Firearm, StoragePlace
from tests import make
from tests.api.conftest import MakeCaller
from tests.api.fixtures import Fixtures

pytestmark = pytest.mark.django_db


def held(fixtures: Fixtures) -> Firearm:
    """A firearm in police custody."""
    return Firearm.objects.create(
        order=fixtures.order, serial="C-1", serial_key="C-1", source="police", status="surrendered"
    )


def test_police_move_a_firearm_to_a_place_of_their_own(fixtures: Fixtures, caller: MakeCaller) -> None:
    liaison, firearm = caller(make.person(Role.LIAISON, fixtures.police)), held(fixtures)
    other = StoragePlace.objects.create(agency=make.agency(), name="Elsewhere")
    body = {"agency": fixtures.police.name, "name": "Property room", "capacity": 40}
    place = liaison.post("/storage-places", body).json()
    step = {
        "agency": fixtures.police.name,
        "given_by": "Lee Ash",
        "taken_by": "Kim Oak",
        "moved_at": (fixtures.now - timedelta(minutes=5)).isoformat(),
        "shelf": "B-14",
        "tag": "T-9",
    }
    path = f"/firearms/{firearm.public_id}/custody-steps"

    refused = liaison.post(path, {**step, "place": str(other.public_id)})
    moved = liaison.post(path, {**step, "place": place["id"]}).json()

    assert refused.status_code in (400, 409)
    assert refused.json()["errors"][0]["field"] == "place"
    assert moved["place"] == place["id"]
    assert CustodyStep.objects.get().taken_by == "Kim Oak"
    assert moved["tag"] == "T-9"
    listed = liaison.get(f"/orders/{fixtures.order.public_id}/custody-steps").json()["results"]
    assert [one["id"] for one in listed] == [moved["id"]]
    assert [one["name"] for one in liaison.get("/storage-places").json()["results"]] == ["Property room"]
    strange: Agency = make.agency()
    assert liaison.post("/storage-places", {**body, "agency": strange.name}).status_code == 403
    clerk = caller(make.person(Role.CLERK, fixtures.court))
    assert clerk.get(f"/orders/{fixtures.order.public_id}/custody-steps").status_code in (403, 404)
    assert clerk.get("/storage-places").status_code == 403


def test_other_police_of_the_order_put_no_step_right(fixtures: Fixtures, caller: MakeCaller) -> None:
    agency = make.agency()
    fixtures.order.order_agencies.create(agency=agency, capacity=Capacity.ASSISTING_POLICE)
    step = CustodyStep.objects.create(
        order=fixtures.order,
        firearm=held(fixtures),
        agency=fixtures.police,
        given_by="Lee Ash",
        taken_by="Kim Oak",
        moved_at=fixtures.now - timedelta(hours=1),
        moved_offset=0,
    )
    other, own = caller(make.person(Role.LIAISON, agency)), caller(make.person(Role.LIAISON, fixtures.police))
    path, body = f"/custody-steps/{step.public_id}", {"shelf": "B-15", "reason": "Misread."}

    refused = [
        other.patch(path, body, If_Match="*"),
        other.post(f"{path}/withdrawals", {"reason": "Misread."}),
    ]

    assert [one.status_code for one in refused] == [403, 403]
    assert own.patch(path, body, If_Match="*").json()["shelf"] == "B-15"


def test_other_police_of_the_order_record_no_step(fixtures: Fixtures, caller: MakeCaller) -> None:
    agency, firearm = make.agency(), held(fixtures)
    fixtures.order.order_agencies.create(agency=agency, capacity=Capacity.ASSISTING_POLICE)
    other = caller(make.person(Role.LIAISON, agency))
    body = {
        "agency": fixtures.police.name,
        "given_by": "Lee Ash",
        "taken_by": "Kim Oak",
        "moved_at": (fixtures.now - timedelta(minutes=5)).isoformat(),
    }
    path = f"/firearms/{firearm.public_id}/custody-steps"

    refused = other.post(path, body)

    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert not CustodyStep.objects.exists()
    assert other.post(path, body | {"agency": agency.name}).status_code == 201


def test_place_officers_and_note_of_an_attempt_are_for_court_and_police(
    fixtures: Fixtures, caller: MakeCaller
) -> None:
    liaison = caller(make.person(Role.LIAISON, fixtures.police))
    path = f"/follow-ups/{fixtures.follow_up.public_id}/attempts"
    body = {
        "attempted_at": (fixtures.now - timedelta(minutes=5)).isoformat(),
        "kind": "visit",
        "result": "promised",
        "next_action_at": (fixtures.now + timedelta(hours=5)).isoformat(),
        "place": "At the door",
        "officers": "Lee Ash",
        "note": "Dog in the yard",
    }

    sent = liaison.post(path, body).json()

    assert (sent["place"], sent["officers"], sent["note"]) == ("At the door", "Lee Ash", "Dog in the yard")
    row = Attempt.objects.get(note="Dog in the yard")
    assert "Dog" not in str(list(row.order.history.values_list("data", flat=True)))
