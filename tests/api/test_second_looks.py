"""Second looks at checks by the API: a supervisor of the agency that checked, and no one else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Role
from orders.models import HistoryEntry, Order, SecondLook, StatementVerification
from orders.services.firearms.statements import record_statement, verify_statement
from tests import make
from tests.api.conftest import MakeCaller
from tests.api.fixtures import Fixtures

pytestmark = pytest.mark.django_db


def checked(fixtures: Fixtures) -> StatementVerification:
    """A sworn denial that police found true."""
    statement = record_statement(
        fixtures.order,
        kind="non_possession",
        sworn_at=fixtures.now - timedelta(hours=3),
        by=None,
        now=fixtures.now,
    )
    return verify_statement(
        statement,
        verified_at=fixtures.now - timedelta(hours=1),
        agency=fixtures.police,
        verified_by="Det. Reed",
        method="records",
        by=None,
        now=fixtures.now,
    )


def test_a_look_is_recorded_read_and_taken_back(fixtures: Fixtures, caller: MakeCaller) -> None:
    check = checked(fixtures)
    chief = caller(make.person(Role.SUPERVISOR, fixtures.police))
    path = f"/verifications/{check.public_id}/second-looks"

    assert chief.post(path, {"result": "holds", "note": " "}).status_code == 400
    made = chief.post(path, {"result": "holds", "note": "Read the records again."})

    assert made.status_code == 201, made.json()
    assert made.json()["verification"] == str(check.public_id)
    (listed,) = chief.get(f"/orders/{fixtures.order.public_id}/second-looks").json()["results"]
    assert listed == made.json()
    back = f"/second-looks/{listed['id']}/withdrawals"
    assert chief.post(back, {"reason": "Of another case."}).status_code == 201
    assert not SecondLook.objects.exists()
    assert chief.post(back, {"reason": "Of another case."}).status_code == 404
    entry = HistoryEntry.objects.get(kind="second_look_withdrawn")
    assert entry.reason == "Of another case."


def test_a_doubtful_check_opens_the_case_and_stays_withdrawn(fixtures: Fixtures, caller: MakeCaller) -> None:
    check = checked(fixtures)
    chief = caller(make.person(Role.SUPERVISOR, fixtures.police))

    made = chief.post(
        f"/verifications/{check.public_id}/second-looks", {"result": "reopened", "note": "Doubt."}
    )
    chief.post(f"/second-looks/{made.json()['id']}/withdrawals", {"reason": "Slip."})

    assert made.json()["verification"] is None
    assert not StatementVerification.objects.filter(pk=check.pk).exists()


@pytest.mark.parametrize("role", [Role.LIAISON, Role.CLERK, Role.PROSECUTOR])
def test_others_look_at_nothing(role: Role, fixtures: Fixtures, caller: MakeCaller) -> None:
    check = checked(fixtures)
    agency = fixtures.court if role == Role.CLERK else fixtures.police
    person = caller(make.person(role, agency if role != Role.PROSECUTOR else fixtures.referral.agency))

    body = {"result": "holds", "note": "x"}
    assert person.post(f"/verifications/{check.public_id}/second-looks", body).status_code in (403, 404)
    assert person.get(f"/orders/{fixtures.order.public_id}/second-looks").status_code in (403, 404)
    assert not SecondLook.objects.exists()


def test_a_supervisor_of_other_police_of_the_order_sees_no_look(
    fixtures: Fixtures, caller: MakeCaller
) -> None:
    check = checked(fixtures)
    chief = caller(make.person(Role.SUPERVISOR, fixtures.police))
    other = make.agency()
    Order.objects.get(pk=fixtures.order.pk).order_agencies.create(agency=other, capacity="assisting_police")
    stranger = caller(make.person(Role.SUPERVISOR, other))
    made = chief.post(f"/verifications/{check.public_id}/second-looks", {"result": "holds", "note": "Read."})

    assert stranger.get(f"/orders/{fixtures.order.public_id}/second-looks").json()["results"] == []
    assert stranger.get(f"/second-looks/{made.json()['id']}").status_code == 404
    refused = stranger.post(f"/second-looks/{made.json()['id']}/withdrawals", {"reason": "x"})
    assert refused.status_code == 404
