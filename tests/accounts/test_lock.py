"""Five wrong attempts within fifteen minutes lock an account."""

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

from accounts.models import ApiToken, AuditAction, AuditEntry, Role, SignInAttempt, User
from accounts.services import people, sign_in
from accounts.sessions import SessionStore
from tests.accounts.conftest import PASSWORD, MakePerson
from tests.accounts.sign_in_steps import accept, code, enter, entries, give_code, password, set_up_app

pytestmark = pytest.mark.django_db

REFUSED = "do not match an account that can sign in"


@pytest.fixture
def clerk(make_person: MakePerson) -> User:
    """A person whose password is mistyped."""
    return make_person(Role.CLERK)


def test_five_wrong_attempts_lock_until_unlocked(
    clerk: User, make_person: MakePerson, client: Client
) -> None:
    for _ in range(5):
        assert REFUSED in password(client, clerk.email, "wrong").content.decode()

    right = password(client, clerk.email)

    assert REFUSED in right.content.decode()
    clerk.refresh_from_db()
    assert clerk.locked_at
    desk = Client()
    administrator = make_person(Role.ADMINISTRATOR)
    desk.force_login(administrator)
    listed = desk.get("/admin/accounts/user/?locked_at__isempty=0").content.decode()
    assert clerk.email in listed
    assert administrator.email not in listed.partition("result_list")[2]
    desk.post("/admin/accounts/user/", {"action": "unlock", "_selected_action": [clerk.pk]})

    assert password(client, clerk.email).status_code == 302
    (entry,) = entries(AuditAction.UNLOCKED)
    assert (entry.actor, entry.subject, entry.entry_point) == (administrator, clerk, "admin")


def test_four_wrong_attempts_are_forgotten_at_sign_in(clerk: User, client: Client) -> None:
    for _ in range(2):
        for _ in range(4):
            password(client, clerk.email, "wrong")
        enter(client, clerk)
        assert client.get("/").status_code == 200
        client.post("/sign-out/")

    clerk.refresh_from_db()
    assert clerk.locked_at is None


def test_old_attempts_do_not_count(clerk: User, client: Client) -> None:
    for _ in range(4):
        password(client, clerk.email, "wrong")
    SignInAttempt.objects.update(at=F("at") - timedelta(minutes=15))

    password(client, clerk.email, "wrong")

    clerk.refresh_from_db()
    assert clerk.locked_at is None
    sign_in.delete_old_attempts()
    assert SignInAttempt.objects.count() == 5
    SignInAttempt.objects.filter(at__lt=timezone.now() - timedelta(minutes=5)).update(
        at=F("at") - timedelta(hours=24)
    )
    sign_in.delete_old_attempts()
    assert SignInAttempt.objects.count() == 1


def test_wrong_codes_count_like_wrong_passwords(clerk: User, settings: Settings) -> None:
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
        assert "That code or passkey is not valid." in refused

    assert give_code(client, code(secret)).status_code == 200

    clerk.refresh_from_db()
    assert clerk.locked_at
    assert client.get("/").headers["Location"] == "/sign-in/?next=/"


def test_right_password_alone_keeps_wrong_codes_counted(clerk: User, settings: Settings) -> None:
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


def test_lock_ends_sessions_without_a_second_factor_and_refuses_tokens(
    clerk: User, make_person: MakePerson
) -> None:
    theirs, others = Client(), Client()
    theirs.force_login(clerk)
    others.force_login(make_person(Role.JUDGE))
    token = token_of(clerk)

    for _ in range(5):
        password(Client(), clerk.email, "wrong")

    assert theirs.get("/").headers["Location"] == "/sign-in/?next=/"
    assert others.get("/").status_code == 200
    token.refresh_from_db()
    assert token.revoked_at is None
    (entry,) = entries(AuditAction.LOCKED)
    assert (entry.subject, entry.actor, entry.detail) == (clerk, None, {"sessions": 1})


def test_unfinished_sign_in_cannot_pass_a_lock(clerk: User, client: Client) -> None:
    assert password(client, clerk.email).status_code == 302
    for _ in range(5):
        password(Client(), clerk.email, "wrong")

    assert accept(client).headers["Location"] == "/sign-in/"
    assert client.get("/").headers["Location"] == "/sign-in/?next=/"


def test_right_code_fails_once_the_account_is_deactivated(clerk: User, settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    client = Client()
    enter(client, clerk)
    secret = set_up_app(client)
    client.post("/sign-out/")
    enter(client, clerk)
    people.deactivate_user(user=clerk)

    refused = give_code(client, code(secret, step=1))

    assert "That code or passkey is not valid." in refused.content.decode()
    assert len(entries(AuditAction.SIGN_IN_FAILED)) == 1


def test_unknown_address_gets_the_same_page_and_queries(clerk: User, client: Client) -> None:
    def ask(email: str) -> tuple[str, list[str]]:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page = password(client, email, "wrong").content.decode()
        return page, [query["sql"].split()[0] for query in asked]

    known, unknown = ask(clerk.email), ask("nobody@example.org")

    assert REFUSED in known[0]
    assert REFUSED in unknown[0]
    # They differ by one insert and one update, which take far less time than the hash.
    assert len(known[1]) - len(unknown[1]) <= 3


@pytest.mark.long
def test_page_and_time_do_not_reveal_accounts(clerk: User, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
    locked = people.create_user(email="locked@example.org", name="Ash Locked", password=PASSWORD)
    people.lock_user(user=locked)
    people.set_password(user=clerk, password=PASSWORD)

    def seconds(email: str) -> float:
        # The CPU time of this thread: a busy machine does not change it. The test above compares queries.
        begun = time.thread_time()
        password(Client(), email, "wrong")
        return time.thread_time() - begun

    seconds("warm@example.org")
    took = {
        email: min(seconds(email) for _ in range(4))
        for email in (clerk.email, locked.email, "nobody@example.org")
    }

    assert max(took.values()) < 1.8 * min(took.values()), took


@pytest.mark.django_db(transaction=True)
def test_simultaneous_attempts_are_all_counted(make_person: MakePerson) -> None:
    clerk = make_person(Role.CLERK)
    checked: list[int] = []
    start = threading.Barrier(12)

    def is_right() -> bool:
        time.sleep(0.05)
        return False

    def guess(number: int) -> None:
        request = RequestFactory().post("/sign-in/")
        request.user = AnonymousUser()
        request.session = SessionStore()
        start.wait()
        try:
            user = User.objects.get(pk=clerk.pk)
            sign_in.attempt(request, user, is_right, by="password", now=timezone.now())
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
    assert SignInAttempt.objects.filter(user=clerk).count() == 5
    assert AuditEntry.objects.filter(action=AuditAction.SIGN_IN_FAILED).count() == 12
    assert AuditEntry.objects.filter(action=AuditAction.LOCKED).count() == 1


def test_account_is_unlocked_from_the_server(make_person: MakePerson) -> None:
    administrator = make_person(Role.ADMINISTRATOR)
    people.lock_user(user=administrator)

    call_command("unlock_account", "ADMINISTRATOR@example.org", "--reset-second-factor")

    administrator.refresh_from_db()
    assert administrator.locked_at is None
    assert len(entries(AuditAction.UNLOCKED)) == 1
    with pytest.raises(CommandError, match="No account has that"):
        call_command("unlock_account", "nobody@example.org")


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
