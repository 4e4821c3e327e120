"""Papers to serve by the API: the marshal's pick-up, and the return of service by who served."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import AgencyKind, Role, User
from orders.models import Attachment, CaseEvent, FollowUp, OrderAgency
from orders.services.attachments.attaching import attach_file
from orders.services.orders.case_events import record_case_event
from orders.services.service import record_service
from tests import make
from tests.api.conftest import MakeCaller
from tests.api.fixtures import Fixtures

pytestmark = pytest.mark.django_db

SIGNED = {"served_papers": ["The order"], "name": "Pat Reed, State Marshal", "drawing": "M10 20L30 40"}
WHY = {"reason": "A slip."}


@pytest.fixture(autouse=True)
def _files(settings: Settings, tmp_path: Any) -> None:
    settings.ATTACHMENTS_DIR = tmp_path


def marshal_of(fixtures: Fixtures) -> User:
    """A marshal who serves the unserved order."""
    office = make.agency(AgencyKind.MARSHAL)
    OrderAgency.objects.create(order=fixtures.unserved, agency=office, capacity="marshal")
    return make.person(Role.MARSHAL, office)


def served(fixtures: Fixtures, by: User) -> None:
    record_service(
        fixtures.unserved,
        served_at=fixtures.now - timedelta(hours=1),
        service_method="in_hand",
        by=by,
        now=fixtures.now,
    )


def test_a_marshal_picks_up_and_takes_it_back(fixtures: Fixtures, caller: MakeCaller) -> None:
    marshal, path = caller(marshal_of(fixtures)), f"/orders/{fixtures.unserved.public_id}"
    body = {"picked_up_at": fixtures.ago(hours=1)}

    assert marshal.post(f"{path}/pick-ups", body).status_code == 201
    row = OrderAgency.objects.get(order=fixtures.unserved, capacity="marshal")
    assert row.picked_up_at is not None
    again = marshal.post(f"{path}/pick-ups", body)
    assert again.json()["errors"][0]["code"] == "already_picked_up"
    assert marshal.post(f"{path}/pick-up-withdrawals", WHY).status_code == 201
    row.refresh_from_db()
    assert row.picked_up_at is None
    liaison = caller(make.person(Role.LIAISON, fixtures.police))
    assert liaison.post(f"{path}/pick-ups", body).status_code == 403
    stranger = caller(make.person(Role.MARSHAL, make.agency(AgencyKind.MARSHAL)))
    assert stranger.post(f"{path}/pick-ups", body).status_code == 404


def test_who_served_files_the_return_and_takes_it_back(fixtures: Fixtures, caller: MakeCaller) -> None:
    marshal = marshal_of(fixtures)
    path = f"/orders/{fixtures.unserved.public_id}/service-returns"
    assert caller(marshal).post(path, SIGNED).json()["errors"][0]["code"] == "not_served"
    served(fixtures, marshal)
    filed = CaseEvent.objects.filter(order=fixtures.unserved, kind="service_returned")

    stored = caller(marshal).post(path, SIGNED)

    assert stored.status_code == 201
    assert stored.json()["kind"] == "filed_return"
    assert filed.exists()
    liaison = caller(make.person(Role.LIAISON, fixtures.police))
    assert liaison.post(path, SIGNED).status_code == 403, "police did not record this service"
    withdrawn = caller(marshal).post(path.replace("returns", "return-withdrawals"), WHY)
    assert withdrawn.status_code == 201
    assert not filed.exists()


def test_police_file_and_open_the_return_of_their_own_service_and_see_no_scan(
    fixtures: Fixtures, caller: MakeCaller
) -> None:
    officer = make.person(Role.LIAISON, fixtures.police)
    served(fixtures, officer)
    order, liaison = fixtures.unserved, caller(officer)
    path = f"/orders/{order.public_id}"

    assert liaison.post(f"{path}/service-returns", SIGNED).status_code == 201

    row = Attachment.objects.get(order=order)
    assert liaison.get(f"/attachments/{row.public_id}").json()["kind"] == "filed_return"
    assert liaison.get(f"/attachments/{row.public_id}/content").content.startswith(b"%PDF")
    # Others attach scans of returns, whose caption names the protected person.
    scan = attach_file(order, kind="return_of_service", file=b"%PDF-1.7\n%%EOF\n", by=None, now=fixtures.now)
    assert liaison.get(f"/attachments/{scan.public_id}").status_code == 404
    assert liaison.get(f"/attachments/{scan.public_id}/content").status_code == 404
    scan.delete()
    assert liaison.post(f"{path}/service-return-withdrawals", WHY).status_code == 201


def test_a_supervisor_sets_the_ceiling_and_gives_all_of_one_person(
    fixtures: Fixtures, caller: MakeCaller
) -> None:
    chief, officer = make.person(Role.SUPERVISOR, fixtures.police), make.person(Role.LIAISON, fixtures.police)
    supervisor, liaison = caller(chief), caller(officer)
    ceiling = {"agency": fixtures.police.name, "most_open": 3}

    assert supervisor.post("/open-ceilings", ceiling).json()["most_open"] == 3
    assert supervisor.post("/open-ceilings", {**ceiling, "most_open": 5}).status_code == 201
    assert [one["most_open"] for one in liaison.get("/open-ceilings").json()["results"]] == [5]
    assert liaison.post("/open-ceilings", ceiling).status_code == 403
    strange = {**ceiling, "agency": make.agency().name}
    assert supervisor.post("/open-ceilings", strange).status_code == 403

    open_now = FollowUp.objects.filter(owner=fixtures.police, closed_at=None).count()
    give = {"agency": fixtures.police.name, "from_person": None, "to_person": officer.email}
    given = supervisor.post("/follow-up-reassignments", give)
    assert given.json() == {"agency": fixtures.police.name, "given": open_now}
    fixtures.follow_up.refresh_from_db()
    assert fixtures.follow_up.assigned_to == officer
    unknown = supervisor.post("/follow-up-reassignments", {**give, "to_person": "x@nowhere.example"})
    assert unknown.json()["errors"][0] == {
        "field": "to_person",
        "code": "does_not_exist",
        "message": "No one of the agency signs in with this address. Use a colleague's.",
        "confirmable": False,
    }
    elsewhere = supervisor.post("/follow-up-reassignments", {**give, "agency": strange["agency"]})
    assert elsewhere.status_code == 403
    assert liaison.post("/follow-up-reassignments", give).status_code == 403


def test_who_served_records_the_entry_in_the_tracking_system(fixtures: Fixtures, caller: MakeCaller) -> None:
    marshal = marshal_of(fixtures)
    path = f"/orders/{fixtures.unserved.public_id}/service-returns"
    served(fixtures, marshal)
    entry = CaseEvent.objects.filter(order=fixtures.unserved, kind="service_recorded")

    later = (fixtures.now + timedelta(hours=3)).isoformat()
    refused = caller(marshal).post(path, SIGNED | {"entered_at": later})
    assert [one["field"] for one in refused.json()["errors"]] == ["entered_at"]
    assert not Attachment.objects.exists()

    body = SIGNED | {"entered_at": fixtures.ago(minutes=10)}
    assert caller(marshal).post(path, body).status_code == 201
    assert entry.count() == 1
    assert make.deadline(fixtures.unserved, "CT-SVC-09").met_at is not None
    caller(marshal).post(f"{path[:-1]}-withdrawals", WHY)
    assert not entry.exists(), "the time goes with the return that recorded it"
    assert caller(marshal).post(path, body).status_code == 201
    assert entry.count() == 1


def test_an_entry_that_the_court_recorded_is_not_asked_for(fixtures: Fixtures, caller: MakeCaller) -> None:
    marshal = marshal_of(fixtures)
    path = f"/orders/{fixtures.unserved.public_id}/service-returns"
    served(fixtures, marshal)
    clerk = make.person(Role.CLERK, fixtures.court)
    entered = fixtures.now - timedelta(minutes=20)
    record_case_event(
        fixtures.unserved, kind="service_recorded", occurred_at=entered, by=clerk, now=fixtures.now
    )

    again = caller(marshal).post(path, SIGNED | {"entered_at": fixtures.ago(minutes=10)})

    assert again.json()["errors"][0]["code"] == "not_asked"
    assert caller(marshal).post(path, SIGNED).status_code == 201
