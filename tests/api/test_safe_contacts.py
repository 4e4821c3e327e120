"""Safe contacts by the API: an advocate's to keep, for releases to the own organization, never read back."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from accounts.access import MATRIX
from accounts.models import AgencyKind, AuditEntry, KeptAnswer, Role
from notifications.models import SafeContact
from orders.models import Event
from orders.services import releases
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.stage import Stage, set_up

pytestmark = pytest.mark.django_db

ADDRESS, PHRASE = "quiet.heron@mail.example", "The herons are back"
GIVEN: dict[str, Any] = {"channel": "email", "address": ADDRESS, "phrase": PHRASE}


@pytest.fixture
def stage(db: None) -> Stage:
    return set_up()


@pytest.fixture
def advocate(caller: MakeCaller, stage: Stage) -> Caller:
    return caller(make.person(Role.ADVOCATE, stage.organization))


def path_of(stage: Stage) -> str:
    return f"/releases/{stage.release.public_id}/safe-contact"


def test_it_is_set_read_confirmed_and_ended_and_its_address_never_read(
    stage: Stage, advocate: Caller
) -> None:
    path = path_of(stage)
    assert advocate.get(path).status_code == 404

    answer = advocate.put(path, {**GIVEN, "hours_from": "10:00", "hours_until": "12:30"})

    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert set(body) == MATRIX.things["safe_contact"].fields_for({Role.ADVOCATE})
    assert (body["channel"], body["has_phrase"], body["hours_from"]) == ("email", True, "10:00")
    shown = advocate.get(path)
    assert shown.headers["ETag"] == answer.headers["ETag"]
    SafeContact.objects.update(confirmed_at=stage.now - timedelta(days=31))
    assert advocate.get(path).json()["is_unconfirmed"] is True
    confirmed = advocate.post(f"{path}/confirmations")
    assert (confirmed.status_code, confirmed.json()["is_unconfirmed"]) == (201, False)
    said = answer.content + shown.content + confirmed.content
    assert ADDRESS.encode() not in said
    assert PHRASE.encode() not in said
    assert not KeptAnswer.objects.filter(body__icontains="heron").exists()

    ended = advocate.delete(path, If_Match=confirmed.headers["ETag"])

    assert ended.status_code == 204
    assert advocate.get(path).status_code == 404
    assert SafeContact.objects.get().sealed_address == ""


def test_it_is_ended_in_the_version_that_was_read(stage: Stage, advocate: Caller) -> None:
    path = path_of(stage)
    read = advocate.put(path, GIVEN).headers["ETag"]
    assert advocate.put(path, {"channel": "relay"}).status_code == 200

    assert advocate.delete(path).status_code == 428
    assert advocate.delete(path, If_Match=read).status_code == 412
    assert SafeContact.objects.filter(ended_at=None).count() == 1


def test_neither_the_history_nor_the_access_log_holds_anything_of_it(stage: Stage, advocate: Caller) -> None:
    before = Event.objects.count()

    advocate.put(path_of(stage), GIVEN)

    assert Event.objects.count() == before
    (entry,) = AuditEntry.objects.all()
    assert entry.cases == [stage.order.case.public_id]
    assert "heron" not in str(list(AuditEntry.objects.values()))


def test_a_release_to_another_organization_is_as_one_that_is_not_there(
    stage: Stage, advocate: Caller, caller: MakeCaller
) -> None:
    assert advocate.put(path_of(stage), GIVEN).status_code == 200
    stranger = caller(make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY)))

    for release in (stage.release.public_id, uuid.uuid4()):
        path = f"/releases/{release}/safe-contact"
        answers = [
            stranger.get(path),
            stranger.put(path, GIVEN),
            stranger.delete(path, If_Match="*"),
            stranger.post(f"{path}/confirmations"),
        ]
        assert [one.status_code for one in answers] == [404] * 4


@pytest.mark.parametrize("role", [Role.CLERK, Role.JUDGE, Role.LIAISON, Role.AUDITOR, Role.ADMINISTRATOR])
def test_who_is_no_advocate_is_refused(role: Role, stage: Stage, caller: MakeCaller) -> None:
    agency = {Role.LIAISON: stage.police, Role.AUDITOR: None, Role.ADMINISTRATOR: None}.get(role, stage.court)
    other = caller(make.person(role, agency))

    assert other.get(path_of(stage)).status_code == 403
    assert other.put(path_of(stage), GIVEN).status_code == 403


def test_after_the_release_is_taken_back_there_is_nothing(stage: Stage, advocate: Caller) -> None:
    advocate.put(path_of(stage), GIVEN)
    releases.revoke_release(stage.release, by=None, now=stage.now)

    assert advocate.get(path_of(stage)).status_code == 404
    assert advocate.put(path_of(stage), GIVEN).status_code == 404
    assert advocate.post(f"{path_of(stage)}/confirmations").status_code == 404


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, (400, "channel", "required")),
        ({**GIVEN, "name": "Sky"}, (400, "name", "unknown_field")),
        ({**GIVEN, "channel": "pigeon"}, (400, "channel", "invalid_choice")),
        ({**GIVEN, "phrase": "x" * 61}, (400, "phrase", "max_length")),
        ({**GIVEN, "confirm_every_days": 3}, (400, "confirm_every_days", "min_value")),
        ({**GIVEN, "hours_from": "25:00"}, (400, "hours_from", "invalid")),
        ({**GIVEN, "address": "heron"}, (409, "address", "invalid")),
        ({**GIVEN, "phrase": "court"}, (409, "phrase", "tells")),
        ({**GIVEN, "hours_from": "10:00"}, (409, "hours_until", "required")),
        ({"channel": "sms", "address": "5"}, (409, "address", "invalid")),
    ],
)
def test_what_is_wrong_is_named(
    given: dict[str, Any], wrong: tuple[int, str, str], stage: Stage, advocate: Caller
) -> None:
    answer = advocate.put(path_of(stage), given)

    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["field"], fault["code"]) == wrong
    assert not SafeContact.objects.exists()
