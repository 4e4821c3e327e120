"""Administrators set backups, who is alerted, and where the alerts of an agency go."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Agency, AgencyKind, AuditAction, AuditEntry, Membership, Role, User
from tests import make
from tests.api.conftest import Caller, MakeCaller

pytestmark = pytest.mark.django_db

ELM = "Elm Police"


@pytest.fixture
def police() -> Agency:
    return make.agency(AgencyKind.POLICE, ELM)


@pytest.fixture
def liaison(police: Agency) -> User:
    return make.person(Role.LIAISON, police)


@pytest.fixture
def administrator(caller: MakeCaller) -> Caller:
    return caller(make.person(Role.ADMINISTRATOR))


def body(user: User, name: str, **changes: Any) -> dict[str, Any]:
    return {"person": user.email, "role": "liaison", "agency": name, **changes}


def last_entry(action: AuditAction) -> AuditEntry:
    return AuditEntry.objects.filter(action=action).latest("id")


def test_a_backup_is_set_and_unset(administrator: Caller, liaison: User) -> None:
    answer = administrator.post("/membership-changes", body(liaison, ELM, is_backup=True))

    assert answer.status_code == 201, answer.content
    assert answer.json() == body(liaison, ELM, is_backup=True, receives_alerts=True)
    row = Membership.objects.get(user=liaison)
    assert (row.is_backup, row.receives_alerts) == (True, True)
    entry = last_entry(AuditAction.ACCOUNT_CHANGED)
    assert (entry.subject, entry.entry_point, entry.detail["fields"]) == (liaison, "api", ["is_backup"])
    administrator.post("/membership-changes", body(liaison, ELM, is_backup=False, receives_alerts=False))
    row.refresh_from_db()
    assert (row.is_backup, row.receives_alerts) == (False, False)


def test_the_address_of_the_person_is_read_in_any_case(administrator: Caller, liaison: User) -> None:
    given = body(liaison, ELM, is_backup=True) | {"person": liaison.email.upper()}

    assert administrator.post("/membership-changes", given).status_code == 201


def test_the_list_shows_who_is_alerted_and_is_on_record(administrator: Caller, liaison: User) -> None:
    make.person(Role.CLERK, make.agency(AgencyKind.COURT))

    rows = administrator.get("/memberships", agency=ELM).json()["results"]

    assert rows == [body(liaison, ELM, is_backup=False, receives_alerts=True)]
    assert len(administrator.get("/memberships").json()["results"]) == 3
    assert last_entry(AuditAction.ACCOUNTS_READ).entry_point == "api"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"role": "supervisor", "is_backup": True}, "person", "does_not_exist"),
        ({"person": "no-one@example.org", "is_backup": True}, "person", "does_not_exist"),
        ({"agency": "Oak Police", "is_backup": True}, "agency", "does_not_exist"),
        ({}, "body", "required"),
    ],
)
def test_what_is_wrong_is_named(
    changes: dict[str, Any], field: str, code: str, administrator: Caller, liaison: User
) -> None:
    answer = administrator.post("/membership-changes", body(liaison, ELM, **changes))

    assert answer.status_code in {400, 409}
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]
    assert not Membership.objects.filter(is_backup=True).exists()


@pytest.mark.parametrize(
    ("path", "more"),
    [("/membership-changes", {"is_backup": True}), ("/reference/agency-changes", {"email": "e@example.org"})],
)
@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.CLERK, Role.AUDITOR])
def test_other_roles_change_nothing(
    role: Role, path: str, more: dict[str, Any], caller: MakeCaller, liaison: User
) -> None:
    police = Agency.objects.get(name=ELM)
    kinds = {Role.SUPERVISOR: police, Role.CLERK: make.agency(AgencyKind.COURT), Role.AUDITOR: None}
    given = body(liaison, ELM, **more) if "is_backup" in more else {"agency": police.name, **more}

    answer = caller(make.person(role, kinds[role])).post(path, given)

    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert not Membership.objects.filter(is_backup=True).exists()
    assert Agency.objects.get(pk=police.pk).email == ""


def test_the_mailbox_and_the_whole_state(administrator: Caller, caller: MakeCaller, liaison: User) -> None:
    police = make.agency(AgencyKind.STATE_POLICE, "State Police")
    given = {"agency": police.name, "email": "desk@state-police.example", "serves_state": True}

    answer = administrator.post("/reference/agency-changes", given)

    assert answer.status_code == 201, answer.content
    assert {"email": given["email"], "serves_state": True}.items() <= answer.json().items()
    police.refresh_from_db()
    assert (police.email, police.answers_for_state) == (given["email"], True)
    entry = last_entry(AuditAction.DIRECTORY_CHANGED)
    assert (entry.entry_point, entry.detail["fields"]) == ("api", ["answers_for_state", "email"])
    administrator.post("/reference/agency-changes", {"agency": police.name, "email": ""})
    police.refresh_from_db()
    assert (police.email, police.answers_for_state) == ("", True)
    # Others look agencies up without their mailboxes.
    seen = caller(liaison).get("/reference/agencies", kind="state_police").json()["results"]
    assert seen
    assert not {"email", "serves_state"} & seen[0].keys()


def test_a_second_agency_for_the_whole_state_is_refused(administrator: Caller) -> None:
    first, second = (make.agency(AgencyKind.STATE_POLICE, name) for name in ("First", "Second"))
    administrator.post("/reference/agency-changes", {"agency": first.name, "serves_state": True})

    answer = administrator.post("/reference/agency-changes", {"agency": second.name, "serves_state": True})

    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    assert answer.json()["errors"][0]["message"] == "Another agency of this kind serves the whole state."
    assert not Agency.objects.get(pk=second.pk).answers_for_state


def test_a_role_without_an_agency_is_named_by_null(caller: MakeCaller) -> None:
    only = make.person(Role.ADMINISTRATOR)
    given = {"person": only.email, "role": "administrator", "agency": None, "receives_alerts": False}

    answer = caller(only).post("/membership-changes", given)

    assert (answer.status_code, answer.json()["receives_alerts"]) == (201, False)
