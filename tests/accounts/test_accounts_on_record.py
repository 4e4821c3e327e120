"""Each change of an account writes exactly one entry: who, from where and how."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import F
from django.test import Client
from pytest_django import Settings

from accounts.models import Agency, AgencyKind, AuditAction, AuditEntry, EntryPoint, Role, User
from accounts.services import people
from accounts.tasks import tidy
from tests.accounts.conftest import PASSWORD, MakePerson
from tests.accounts.sign_in_steps import enter, entries, password, set_up_app
from tests.accounts.test_lock import token_of

pytestmark = pytest.mark.django_db

NEW = "two herons over Essex"


@pytest.fixture
def clerk(make_person: MakePerson) -> User:
    """The person whose account is changed."""
    return make_person(Role.CLERK)


@pytest.fixture
def desk(make_person: MakePerson) -> Client:
    """An administrator's browser, with an empty access log."""
    client = Client(REMOTE_ADDR="192.0.2.7")
    client.force_login(make_person(Role.ADMINISTRATOR))
    return client


def _change(user: User, **changed: Any) -> dict[str, Any]:
    held = user.memberships.get()
    return {
        "email": user.email,
        "name": user.name,
        "is_active": "on",
        "memberships-TOTAL_FORMS": 1,
        "memberships-INITIAL_FORMS": 1,
        "memberships-0-id": held.pk,
        "memberships-0-user": user.pk,
        "memberships-0-role": held.role,
        "memberships-0-agency": held.agency_id,
        "memberships-0-receives_alerts": "on",
    } | changed


def _act(name: str) -> Callable[[Client, User], Any]:
    sent = {"action": name}
    return lambda desk, user: desk.post("/admin/accounts/user/", sent | {"_selected_action": [user.pk]})


def _form(**changed: Any) -> Callable[[Client, User], Any]:
    def post(desk: Client, user: User) -> Any:
        return desk.post(f"/admin/accounts/user/{user.pk}/change/", _change(user, **changed))

    return post


def _password(desk: Client, user: User) -> Any:
    return desk.post(f"/admin/accounts/user/{user.pk}/password/", {"password1": NEW, "password2": NEW})


def _reactivate(desk: Client, user: User) -> Any:
    User.objects.filter(pk=user.pk).update(is_active=False)
    return _act("reactivate")(desk, user)


def _unlock(desk: Client, user: User) -> Any:
    User.objects.filter(pk=user.pk).update(locked_at="2026-11-01T00:00Z")
    return _act("unlock")(desk, user)


def _reset(desk: Client, user: User) -> Any:
    theirs = Client()
    enter(theirs, user)
    set_up_app(theirs)
    return _act("reset_second_factor")(desk, user)


@pytest.mark.parametrize(
    ("do", "action"),
    [
        (_form(name="Lee Ash"), AuditAction.ACCOUNT_CHANGED),
        (_form(email="new@example.org"), AuditAction.ACCOUNT_CHANGED),
        (_act("deactivate"), AuditAction.ACCOUNT_DISABLED),
        (_form(is_active=""), AuditAction.ACCOUNT_DISABLED),
        (_reactivate, AuditAction.ACCOUNT_ENABLED),
        (_unlock, AuditAction.UNLOCKED),
        (_reset, AuditAction.FACTOR_REMOVED),
        (_password, AuditAction.PASSWORD_CHANGED),
        (_form(**{"memberships-0-DELETE": "on"}), AuditAction.ROLE_REVOKED),
    ],
)
def test_each_administrator_action_writes_one_entry(
    do: Callable[[Client, User], Any], action: AuditAction, desk: Client, clerk: User
) -> None:
    begun = AuditEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0

    response = do(desk, clerk)

    assert response.status_code == 302, response.content.decode()
    made = AuditEntry.objects.filter(id__gt=begun, entry_point=EntryPoint.ADMIN)
    assert [(entry.action, entry.subject, entry.address) for entry in made] == [(action, clerk, "192.0.2.7")]
    assert made[0].actor is not None
    assert made[0].actor.email == "administrator@example.org"


def test_new_account_and_role_write_one_entry_each(desk: Client) -> None:
    court = Agency.objects.create(name="Superior Court of Elm", kind=AgencyKind.COURT)
    begun = AuditEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0

    desk.post(
        "/admin/accounts/user/add/",
        {"email": "lee@example.org", "name": "Lee Ash", "password1": NEW, "password2": NEW}
        | {"memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 0}
        | {"memberships-0-role": Role.CLERK, "memberships-0-agency": court.pk},
    )

    made = AuditEntry.objects.filter(id__gt=begun).order_by("id")
    assert [entry.action for entry in made] == [AuditAction.ACCOUNT_CREATED, AuditAction.ROLE_GRANTED]
    assert {entry.subject for entry in made} == {User.objects.get(email="lee@example.org")}
    assert made[1].detail == {"role": "clerk", "agency": court.pk}


def test_system_is_added_without_password(desk: Client) -> None:
    forms = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    system = {"email": "cms@court.example", "name": "Court system", "is_system": "on"} | forms
    once = {"email": "lee@example.org", "name": "Lee Ash", "password1": NEW} | forms

    assert desk.post("/admin/accounts/user/add/", system).status_code == 302
    assert "Type the password twice." in desk.post("/admin/accounts/user/add/", once).content.decode()

    made = User.objects.get(email="cms@court.example")
    assert made.is_system
    assert not made.has_usable_password()
    assert not User.objects.filter(email="lee@example.org").exists()


def test_changed_agency_writes_one_entry(desk: Client) -> None:
    desk.post(
        "/admin/accounts/agency/add/", {"name": "Elm Police", "kind": "police", "jurisdiction": "us_ct"}
    )

    (entry,) = entries(AuditAction.DIRECTORY_CHANGED)
    assert entry.detail == {"kind": "agency", "id": Agency.objects.get().pk, "name": "Elm Police"}


def test_sign_in_and_sign_out_write_one_entry_each(clerk: User) -> None:
    begun = AuditEntry.objects.count()
    client = Client(REMOTE_ADDR="192.0.2.9")

    enter(client, clerk)
    client.get("/")
    client.post("/sign-out/")

    made = list(AuditEntry.objects.order_by("id"))[begun:]
    assert [(entry.action, entry.actor, entry.address) for entry in made] == [
        (AuditAction.SIGN_IN, clerk, "192.0.2.9"),
        (AuditAction.SIGN_OUT, clerk, "192.0.2.9"),
    ]
    assert made[0].detail == {"by": ["password"]}


def test_failed_sign_in_writes_one_entry_without_the_typed_address(clerk: User) -> None:
    begun = AuditEntry.objects.count()

    password(Client(REMOTE_ADDR="192.0.2.9"), clerk.email, "wrong")
    password(Client(REMOTE_ADDR="192.0.2.9"), "somebody.private@elsewhere.example", "wrong")

    made = list(AuditEntry.objects.order_by("id"))[begun:]
    assert [(entry.action, entry.subject, entry.actor, entry.succeeded) for entry in made] == [
        (AuditAction.SIGN_IN_FAILED, clerk, None, False),
        (AuditAction.SIGN_IN_FAILED, None, None, False),
    ]
    for entry in made:
        assert "elsewhere" not in str(vars(entry))
        assert "wrong" not in str(vars(entry))


def test_lock_writes_one_entry_besides_those_of_the_attempts(clerk: User) -> None:
    for _ in range(7):
        password(Client(), clerk.email, "wrong")

    assert len(entries(AuditAction.SIGN_IN_FAILED)) == 7
    (entry,) = entries(AuditAction.LOCKED)
    assert entry.subject == clerk


def test_added_and_removed_factors_write_one_entry_each(clerk: User) -> None:
    client = Client()
    enter(client, clerk)

    set_up_app(client)
    client.post("/account/recovery-codes/new/")

    added = entries(AuditAction.FACTOR_ADDED)
    assert [entry.detail for entry in added] == [{"factor": "totp"}, {"factor": "recovery_codes"}]
    assert {(entry.actor, entry.subject) for entry in added} == {(clerk, clerk)}


def test_changing_ones_password_writes_one_entry(clerk: User) -> None:
    client = Client()
    enter(client, clerk)

    client.post("/account/password/", {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW})

    (entry,) = entries(AuditAction.PASSWORD_CHANGED)
    assert (entry.actor, entry.subject, entry.detail) == (clerk, clerk, {"sessions": 0, "tokens": 0})


def test_changed_role_is_logged_as_revoked_and_granted(clerk: User) -> None:
    held = clerk.memberships.get()
    begun = AuditEntry.objects.count()
    held.role = Role.JUDGE

    people.record_membership(membership=held)

    made = list(AuditEntry.objects.order_by("id"))[begun:]
    assert [(entry.action, entry.detail["role"]) for entry in made] == [
        (AuditAction.ROLE_REVOKED, "clerk"),
        (AuditAction.ROLE_GRANTED, "judge"),
    ]


def test_first_administrator_is_logged(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

    call_command("createsuperuser", email="root@example.org", name="Robin Terminal", interactive=False)

    robin = User.objects.get()
    made = AuditEntry.objects.order_by("id")
    assert [(entry.action, entry.subject, entry.entry_point) for entry in made] == [
        (AuditAction.ACCOUNT_CREATED, robin, EntryPoint.COMMAND),
        (AuditAction.ROLE_GRANTED, robin, EntryPoint.COMMAND),
    ]


@pytest.mark.parametrize(
    ("behind", "forwarded", "expected"),
    [
        ("", "198.51.100.1", "192.0.2.9"),
        ("yes", "198.51.100.1", "198.51.100.1"),
        ("yes", "203.0.113.5, 198.51.100.1", "198.51.100.1"),
    ],
)
def test_proxy_header_counts_only_behind_a_proxy(
    behind: str, forwarded: str, expected: str, clerk: User, settings: Settings
) -> None:
    settings.BEHIND_PROXY = bool(behind)

    password(Client(REMOTE_ADDR="192.0.2.9", HTTP_X_FORWARDED_FOR=forwarded), clerk.email, "wrong")

    (entry,) = entries(AuditAction.SIGN_IN_FAILED)
    assert entry.address == expected


# ---- ninety days -------------------------------------------------------------------------------------------


def test_accounts_unused_for_ninety_days_are_disabled(make_person: MakePerson) -> None:
    unused, used, back = make_person(Role.CLERK), make_person(Role.JUDGE), make_person(Role.LIAISON)
    administrator = make_person(Role.ADMINISTRATOR)
    Client().force_login(used)
    client = Client()
    client.force_login(unused)
    _age(timedelta(days=91))
    User.objects.filter(pk=unused.pk).update(last_login=F("joined_at"))
    User.objects.filter(pk=used.pk).update(last_login=F("joined_at") + timedelta(days=2))
    User.objects.filter(pk=back.pk).update(enabled_at=F("joined_at") + timedelta(days=2))

    tidy()

    active = set(User.objects.filter(is_active=True))
    assert active == {used, back, administrator}, "the last administrator stays"
    (entry,) = entries(AuditAction.ACCOUNT_DISABLED)
    assert (entry.subject, entry.entry_point, entry.detail["why"]) == (unused, EntryPoint.SYSTEM, "unused")
    assert client.get("/").headers["Location"] == "/sign-in/?next=/"
    tidy()
    assert len(entries(AuditAction.ACCOUNT_DISABLED)) == 1


def test_accounts_are_not_disabled_before_ninety_days(make_person: MakePerson) -> None:
    make_person(Role.CLERK)
    _age(timedelta(days=89, hours=23))

    assert people.disable_unused() == 0


def test_administrator_used_last_stays_active(make_person: MakePerson) -> None:
    make_person(Role.ADMINISTRATOR)
    later = people.create_user(email="later@example.org", name="Kim Fern", password=PASSWORD)
    people.grant_role(user=later, role=Role.ADMINISTRATOR)
    _age(timedelta(days=200))
    User.objects.filter(pk=later.pk).update(last_login=F("joined_at") + timedelta(days=5))

    assert people.disable_unused() == 1
    assert User.objects.get(is_active=True) == later


def test_use_of_a_token_counts_as_use_of_its_system(db: None) -> None:
    busy = people.create_user(email="busy@court.example", name="Busy system", is_system=True)
    token = token_of(busy)
    _age(timedelta(days=91))
    type(token).objects.update(used_at=F("created_at") - timedelta(days=89))
    assert people.disable_unused() == 0
    assert User.objects.get().is_active

    type(token).objects.update(used_at=F("created_at") - timedelta(days=91))
    assert people.disable_unused() == 1
    token.refresh_from_db()
    assert token.revoked_at


def test_reactivation_restarts_the_ninety_days(clerk: User) -> None:
    people.deactivate_user(user=clerk)
    _age(timedelta(days=91))

    people.reactivate_user(user=clerk)

    assert people.disable_unused() == 0


def _age(time_passed: timedelta) -> None:
    User.objects.update(joined_at=F("joined_at") - time_passed)
