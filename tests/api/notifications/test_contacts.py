"""Safe contacts: kept by the advocates of a release, and never returned."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from accounts.access import MATRIX
from accounts.models import AgencyKind, AuditEntry, IdempotencyRecord, Role
from notifications.models import SafeContact
from orders.models import HistoryEntry
from orders.services.parties import releases
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.fixtures import Fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _text_messages(settings: Settings) -> None:
    """A provider of text messages is set."""
    settings.SMS_PROVIDERS = ["twilio"]


ADDRESS, PHRASE = "quiet.heron@mail.example", "The herons are back"
GIVEN: dict[str, Any] = {"channel": "email", "address": ADDRESS, "phrase": PHRASE}


@pytest.fixture
def advocate(caller: MakeCaller, fixtures: Fixtures) -> Caller:
    return caller(make.person(Role.ADVOCATE, fixtures.organization))


def path_of(fixtures: Fixtures) -> str:
    return f"/confidentiality-releases/{fixtures.release.public_id}/safe-contact"


def test_contact_is_set_confirmed_and_ended_and_its_address_returned_once(
    fixtures: Fixtures, advocate: Caller
) -> None:
    path = path_of(fixtures)
    assert advocate.get(path).status_code == 404

    answer = advocate.put(path, {**GIVEN, "hours_from": "10:00", "hours_until": "12:30"})

    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert set(body) == MATRIX.resources["safe_contact"].fields_for({Role.ADVOCATE})
    assert (body["channel"], body["has_phrase"], body["hours_from"]) == ("email", True, "10:00")
    assert body["address"] == ADDRESS
    shown = advocate.get(path)
    assert shown.headers["ETag"] == answer.headers["ETag"]
    SafeContact.objects.update(confirmed_at=fixtures.now - timedelta(days=31))
    assert advocate.get(path).json()["is_unconfirmed"] is True
    confirmed = advocate.post(f"{path}/confirmations")
    assert (confirmed.status_code, confirmed.json()["is_unconfirmed"]) == (201, False)
    assert ADDRESS.encode() not in shown.content + confirmed.content
    assert PHRASE.encode() not in answer.content + shown.content + confirmed.content
    assert not IdempotencyRecord.objects.filter(body__icontains="heron").exists()

    ended = advocate.delete(path, If_Match=confirmed.headers["ETag"])

    assert ended.status_code == 204
    assert advocate.get(path).status_code == 404
    assert SafeContact.objects.get().encrypted_address == ""


def test_stored_number_is_returned_as_people_read_it(fixtures: Fixtures, advocate: Caller) -> None:
    answer = advocate.put(path_of(fixtures), {"channel": "sms", "address": "(787) 555-0123"})

    assert answer.json()["address"] == "+1 787-555-0123"


def test_number_with_letters_is_refused(fixtures: Fixtures, advocate: Caller) -> None:
    answer = advocate.put(path_of(fixtures), {"channel": "sms", "address": "860 555 O1OO"})

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"]) == (409, "address")
    assert "letters in it" in error["message"]
    assert not SafeContact.objects.exists()


def test_deletion_needs_the_current_version(fixtures: Fixtures, advocate: Caller) -> None:
    path = path_of(fixtures)
    read = advocate.put(path, GIVEN).headers["ETag"]
    assert advocate.put(path, {"channel": "relay"}).status_code == 200

    assert advocate.delete(path).status_code == 428
    assert advocate.delete(path, If_Match=read).status_code == 412
    assert SafeContact.objects.filter(ended_at=None).count() == 1


def test_history_and_access_log_hold_nothing_of_the_contact(fixtures: Fixtures, advocate: Caller) -> None:
    before = HistoryEntry.objects.count()

    advocate.put(path_of(fixtures), GIVEN)

    assert HistoryEntry.objects.count() == before
    (entry,) = AuditEntry.objects.all()
    assert entry.cases == [fixtures.order.case.public_id]
    assert "heron" not in str(list(AuditEntry.objects.values()))


def test_contact_of_another_organization_is_not_found(
    fixtures: Fixtures, advocate: Caller, caller: MakeCaller
) -> None:
    assert advocate.put(path_of(fixtures), GIVEN).status_code == 200
    stranger = caller(make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY)))

    for release in (fixtures.release.public_id, uuid.uuid4()):
        path = f"/confidentiality-releases/{release}/safe-contact"
        answers = [
            stranger.get(path),
            stranger.put(path, GIVEN),
            stranger.delete(path, If_Match="*"),
            stranger.post(f"{path}/confirmations"),
        ]
        assert [one.status_code for one in answers] == [404] * 4


@pytest.mark.parametrize("role", [Role.CLERK, Role.JUDGE, Role.LIAISON, Role.AUDITOR, Role.ADMINISTRATOR])
def test_only_advocates_are_allowed(role: Role, fixtures: Fixtures, caller: MakeCaller) -> None:
    agency = {Role.LIAISON: fixtures.police, Role.AUDITOR: None, Role.ADMINISTRATOR: None}.get(
        role, fixtures.court
    )
    other = caller(make.person(role, agency))

    assert other.get(path_of(fixtures)).status_code == 403
    assert other.put(path_of(fixtures), GIVEN).status_code == 403


def test_contact_is_gone_after_the_release_is_revoked(fixtures: Fixtures, advocate: Caller) -> None:
    advocate.put(path_of(fixtures), GIVEN)
    releases.revoke_release(fixtures.release, by=None, now=fixtures.now)

    assert advocate.get(path_of(fixtures)).status_code == 404
    assert advocate.put(path_of(fixtures), GIVEN).status_code == 404
    assert advocate.post(f"{path_of(fixtures)}/confirmations").status_code == 404


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
        ({**GIVEN, "phrase": "court"}, (409, "phrase", "reveals_subject")),
        ({**GIVEN, "hours_from": "10:00"}, (409, "hours_until", "required")),
        ({"channel": "sms", "address": "5"}, (409, "address", "invalid")),
    ],
)
def test_errors_name_their_fields(
    given: dict[str, Any], wrong: tuple[int, str, str], fixtures: Fixtures, advocate: Caller
) -> None:
    answer = advocate.put(path_of(fixtures), given)

    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["field"], fault["code"]) == wrong
    assert not SafeContact.objects.exists()
