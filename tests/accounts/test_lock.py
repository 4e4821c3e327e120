"""Five wrong guesses within fifteen minutes lock an account, and only an administrator releases it."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections
from django.db.models import F
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Act, ApiToken, AuditEntry, Role, SignInAttempt, User
from accounts.services import people, sign_in
from tests.accounts.conftest import PASSWORD, MakePerson
from tests.accounts.doors import accept, code, enter, entries, give_code, password, set_up_app

pytestmark = pytest.mark.django_db

REFUSED = "do not match an account that may sign in"


@pytest.fixture
def clerk(make_person: MakePerson) -> User:
    """Somebody who forgets."""
    return make_person(Role.CLERK)


def test_five_wrong_and_one_right_is_refused_until_a_release(
    clerk: User, make_person: MakePerson, client: Client
) -> None:
    for _ in range(5):
        assert REFUSED in password(client, clerk.email, "wrong").content.decode()

    right = password(client, clerk.email)

    assert REFUSED in right.content.decode()
    clerk.refresh_from_db()
    assert clerk.locked_at
    # No time releases it.
    SignInAttempt.objects.update(at=F("at") - timedelta(days=30))
    User.objects.update(locked_at=F("locked_at") - timedelta(days=30))
    assert REFUSED in password(client, clerk.email).content.decode()

    desk = Client()
    administrator = make_person(Role.ADMINISTRATOR)
    desk.force_login(administrator)
    listed = desk.get("/admin/accounts/user/?locked_at__isempty=0").content.decode()
    assert clerk.email in listed
    assert administrator.email not in listed.partition("result_list")[2]
    desk.post("/admin/accounts/user/", {"action": "release", "_selected_action": [clerk.pk]})

    assert password(client, clerk.email).status_code == 302
    (entry,) = entries(Act.RELEASED)
    assert (entry.actor, entry.subject, entry.door) == (administrator, clerk, "admin")


def test_four_wrong_ones_lock_nothing_and_are_forgotten_at_sign_in(clerk: User, client: Client) -> None:
    for _ in range(2):
        for _ in range(4):
            password(client, clerk.email, "wrong")
        enter(client, clerk)
        assert client.get("/").status_code == 200
        client.post("/sign-out/")

    clerk.refresh_from_db()
    assert clerk.locked_at is None


def test_old_guesses_do_not_count(clerk: User, client: Client) -> None:
    for _ in range(4):
        password(client, clerk.email, "wrong")
    SignInAttempt.objects.update(at=F("at") - timedelta(minutes=15))

    password(client, clerk.email, "wrong")

    clerk.refresh_from_db()
    assert clerk.locked_at is None
    sign_in.forget()
    assert SignInAttempt.objects.count() == 1


def test_wrong_codes_count_as_wrong_passwords_do(clerk: User, settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    client = Client()
    enter(client, clerk)
    secret = set_up_app(client)
    client.post("/sign-out/")
    for _ in range(2):
        password(client, clerk.email, "wrong")
    enter(client, clerk)
    for _ in range(3):
        refused = give_code(client, "000000").content.decode()
        assert "That code or passkey is not right." in refused

    assert give_code(client, code(secret)).status_code == 200

    clerk.refresh_from_db()
    assert clerk.locked_at
    assert client.get("/").headers["Location"] == "/sign-in/?next=/"


def test_a_right_password_alone_forgets_no_wrong_code(clerk: User, settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    client = Client()
    enter(client, clerk)
    set_up_app(client)
    for _ in range(5):
        client = Client()
        enter(client, clerk)
        give_code(client, "000000")

    clerk.refresh_from_db()
    assert clerk.locked_at


def test_a_lock_ends_every_session_and_token(clerk: User, make_person: MakePerson) -> None:
    theirs, others = Client(), Client()
    theirs.force_login(clerk)
    others.force_login(make_person(Role.JUDGE))
    token = token_of(clerk)

    for _ in range(5):
        password(Client(), clerk.email, "wrong")

    assert theirs.get("/").headers["Location"] == "/sign-in/?next=/"
    assert others.get("/").status_code == 200
    token.refresh_from_db()
    assert token.revoked_at
    (entry,) = entries(Act.LOCKED)
    assert (entry.subject, entry.actor, entry.detail) == (clerk, None, {"sessions": 1, "tokens": 1})


def test_a_sign_in_under_way_does_not_get_past_a_lock(clerk: User, client: Client) -> None:
    assert password(client, clerk.email).status_code == 302
    for _ in range(5):
        password(Client(), clerk.email, "wrong")

    assert accept(client).headers["Location"] == "/sign-in/"
    assert client.get("/").headers["Location"] == "/sign-in/?next=/"


def test_a_right_code_for_an_account_deactivated_meanwhile_is_a_wrong_one(
    clerk: User, settings: Settings
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    client = Client()
    enter(client, clerk)
    secret = set_up_app(client)
    client.post("/sign-out/")
    enter(client, clerk)
    people.deactivate_user(user=clerk)

    refused = give_code(client, code(secret, step=1))

    assert "That code or passkey is not right." in refused.content.decode()
    assert len(entries(Act.SIGN_IN_FAILED)) == 1


def test_an_address_that_nobody_has_is_answered_and_asked_the_same(clerk: User, client: Client) -> None:
    def ask(email: str) -> tuple[str, list[str]]:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page = password(client, email, "wrong").content.decode()
        return page, [query["sql"].split()[0] for query in asked]

    known, unknown = ask(clerk.email), ask("nobody@example.org")

    assert REFUSED in known[0]
    assert REFUSED in unknown[0]
    # An insert and an update more are all that tells them apart; each takes far less than the hash.
    assert len(known[1]) - len(unknown[1]) <= 3


def test_neither_page_nor_time_tells_whether_the_account_exists(clerk: User, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
    locked = people.create_user(email="locked@example.org", name="Ash Locked", password=PASSWORD)
    people.lock_user(user=locked)
    people.set_password(user=clerk, password=PASSWORD)

    def seconds(email: str) -> float:
        begun = time.perf_counter()
        password(Client(), email, "wrong")
        return time.perf_counter() - begun

    seconds("warm@example.org")
    took = {
        email: min(seconds(email) for _ in range(4))
        for email in (clerk.email, locked.email, "nobody@example.org")
    }

    assert max(took.values()) < 1.8 * min(took.values()), took


@pytest.mark.django_db(transaction=True)
def test_guesses_made_at_one_instant_are_all_counted(make_person: MakePerson) -> None:
    clerk = make_person(Role.CLERK)
    checked: list[int] = []
    start = threading.Barrier(12)

    def is_right() -> bool:
        time.sleep(0.05)
        return False

    def guess(number: int) -> None:
        request = RequestFactory().post("/sign-in/")
        request.user = AnonymousUser()
        start.wait()
        try:
            sign_in.guess(request, User.objects.get(pk=clerk.pk), is_right, by="password")
            checked.append(number)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guess, args=[number]) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    clerk.refresh_from_db()
    assert len(checked) == 12
    assert clerk.locked_at
    assert SignInAttempt.objects.count() == 5
    assert AuditEntry.objects.filter(act=Act.SIGN_IN_FAILED).count() == 12
    assert AuditEntry.objects.filter(act=Act.LOCKED).count() == 1


def test_the_server_releases_whom_no_administrator_can(make_person: MakePerson) -> None:
    administrator = make_person(Role.ADMINISTRATOR)
    people.lock_user(user=administrator)

    call_command("release", "ADMINISTRATOR@example.org", "--reset-second-factor")

    administrator.refresh_from_db()
    assert administrator.locked_at is None
    assert len(entries(Act.RELEASED)) == 1
    with pytest.raises(CommandError, match="Nobody signs in"):
        call_command("release", "nobody@example.org")


def test_wrong_old_passwords_count_too(clerk: User, client: Client) -> None:
    client.force_login(clerk)
    new = {"new_password1": "two herons over Essex", "new_password2": "two herons over Essex"}
    for _ in range(4):
        assert client.post("/account/password/", {"old_password": "wrong"} | new).status_code == 200

    last = client.post("/account/password/", {"old_password": "wrong"} | new)

    assert last.headers["Location"] == "/sign-in/"
    clerk.refresh_from_db()
    assert clerk.locked_at
    assert clerk.check_password(PASSWORD)


def token_of(user: User) -> ApiToken:
    return ApiToken.objects.create(
        user=user,
        name="for a test",
        scopes=["orders:read"],
        digest=b"0" * 32,
        expires_at=timezone.now() + timedelta(days=1),
    )
