"""Tokens of systems: shown once, stored as a digest, invalid as soon as they end."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import F
from django.test import Client

from accounts.models import AgencyKind, ApiToken, AuditAction, AuditEntry, Role, Scope, User
from accounts.services import people
from accounts.services.access import tokens
from tests import make
from tests.api.conftest import ROOT

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)

_HOLDS = 'SELECT count(*) FROM "{}" AS row WHERE row::text LIKE %s'


@pytest.fixture
def system() -> User:
    """A court's own system, with a clerk's role."""
    account = people.create_user(email="registry@court.example", name="Court registry", is_system=True)
    people.grant_role(user=account, role=Role.CLERK, agency=make.agency(AgencyKind.COURT))
    return account


@pytest.fixture
def administrator() -> User:
    return make.person(Role.ADMINISTRATOR)


def issued(system: User, scopes: list[str] | None = None) -> tuple[ApiToken, str]:
    return tokens.issue_token(user=system, name="nightly", scopes=scopes or Scope.values, lasts=DAY)


def asked(given: str, path: str = "/orders") -> Any:
    return Client().get(ROOT + path, headers={"Authorization": f"Bearer {given}"})


def test_token_gives_access_and_only_its_digest_is_stored(system: User) -> None:
    token, given = issued(system)

    assert re.fullmatch(r"ctc_[\w-]{43}", given)
    assert asked(given).status_code == 200
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(_HOLDS.format(table), [f"%{given}%"])
            assert cursor.fetchone() == (0,), table
    token.refresh_from_db()
    assert bytes(token.digest) == tokens.digest_of(given)
    entry = AuditEntry.objects.get(action=AuditAction.TOKEN_ISSUED)
    assert entry.subject == system
    assert entry.detail["token"] == str(token.public_id)


def _expire(token: ApiToken) -> None:
    ApiToken.objects.update(created_at=F("created_at") - 2 * DAY, expires_at=F("expires_at") - DAY)


def _revoke(token: ApiToken) -> None:
    tokens.revoke_token(token=token)


def _lock(token: ApiToken) -> None:
    people.lock_user(user=token.user)


def _disable(token: ApiToken) -> None:
    people.deactivate_user(user=token.user)


@pytest.mark.parametrize("end", [_expire, _revoke, _lock, _disable])
def test_ended_token_is_refused_at_once(system: User, end: Callable[[ApiToken], None]) -> None:
    token, given = issued(system)
    assert asked(given).status_code == 200

    end(token)

    answer = asked(given)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    # The same response as for an unknown token.
    assert answer.content == asked("ctc_never").content


def test_token_needs_scope_and_role(system: User) -> None:
    _, narrow = issued(system, [Scope.REFERENCE_READ])
    _, wide = issued(system)

    assert asked(narrow, "/reference/towns").status_code == 200
    assert asked(narrow).json()["code"] == "scope_missing"
    assert asked(wide, "/alerts").status_code == 200
    people.revoke_role(membership=system.memberships.get())
    assert asked(wide).json()["code"] == "not_permitted"


@pytest.mark.parametrize("role", list(Role))
def test_people_cannot_have_tokens(role: Role) -> None:
    person = make.person(role, make.agency() if role == Role.LIAISON else make.agency(AgencyKind.COURT))

    with pytest.raises(ValidationError, match="People sign in"):
        issued(person)

    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"lasts": timedelta(days=365, seconds=1)},
        {"lasts": timedelta()},
        {"scopes": []},
        {"scopes": ["orders:delete"]},
        {"name": " "},
    ],
)
def test_invalid_token_is_not_issued(system: User, wrong: dict[str, Any]) -> None:
    said: dict[str, Any] = {"user": system, "name": "nightly", "scopes": [Scope.ORDERS_READ], "lasts": DAY}

    with pytest.raises(ValidationError):
        tokens.issue_token(**said | wrong)

    assert not ApiToken.objects.exists()


def test_disabled_account_gets_no_token(system: User) -> None:
    people.deactivate_user(user=system)

    with pytest.raises(ValidationError, match="locked or inactive"):
        issued(system)


def test_revoking_twice_changes_nothing(system: User) -> None:
    token, _ = issued(system)
    first = tokens.revoke_token(token=token).revoked_at

    assert tokens.revoke_token(token=token).revoked_at == first
    assert AuditEntry.objects.filter(action=AuditAction.TOKEN_REVOKED).count() == 1


def test_administrator_issues_sees_once_and_revokes_a_token(system: User, administrator: User) -> None:
    client = Client()
    client.force_login(administrator)

    page = client.post(
        "/admin/accounts/apitoken/add/",
        {"user": system.pk, "name": "nightly import", "scopes": ["orders:read"], "days": 30},
    )

    assert page.status_code == 200, page.headers
    shown = re.search(r'<code id="token">(ctc_[\w-]{43})</code>', page.content.decode())
    assert shown, page.content.decode()
    assert page.headers["Cache-Control"] == "no-store"
    assert asked(shown[1]).status_code == 200
    token = ApiToken.objects.get()
    assert (token.created_by, token.scopes) == (administrator, ["orders:read"])
    assert 29 < (token.expires_at - token.created_at) / DAY <= 30
    entry = AuditEntry.objects.get(action=AuditAction.TOKEN_ISSUED)
    assert (entry.actor, entry.subject, entry.entry_point) == (administrator, system, "admin")

    listed = client.get("/admin/accounts/apitoken/").content.decode()
    one = client.get(f"/admin/accounts/apitoken/{token.pk}/change/").content.decode()
    assert "nightly import" in listed
    assert shown[1] not in listed + one
    assert bytes(token.digest).hex() not in listed + one

    revoked = client.post(
        "/admin/accounts/apitoken/", {"action": "revoke", "_selected_action": token.pk}, follow=True
    )
    assert "The selected tokens no longer work" in revoked.content.decode()
    assert asked(shown[1]).status_code == 401


@pytest.mark.parametrize(
    "wrong", [{"days": 366}, {"days": 0}, {"scopes": []}, {"scopes": ["all"]}, {"user": 0}, {"name": ""}]
)
def test_invalid_form_issues_no_token(system: User, administrator: User, wrong: dict[str, Any]) -> None:
    client = Client()
    client.force_login(administrator)
    typed = {"user": system.pk, "name": "nightly", "scopes": ["orders:read"], "days": 30}

    page = client.post("/admin/accounts/apitoken/add/", typed | wrong)

    assert page.status_code == 200
    assert "errorlist" in page.content.decode()
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("role", [Role.CLERK, Role.JUDGE, Role.AUDITOR])
def test_other_roles_cannot_see_or_issue_tokens(role: Role) -> None:
    client = Client()
    client.force_login(make.person(role, make.agency(AgencyKind.COURT)))

    for path in ("", "add/"):
        assert client.get(f"/admin/accounts/apitoken/{path}").status_code == 403
