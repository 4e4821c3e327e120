"""Who guesses at passwords shuts out strangers only, and gains no guesses by waiting or by going around."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import AuditAction, Cover, Role, Session, SignInAttempt, User
from accounts.services import devices, people, sign_in
from accounts.services.guesses import LONGEST_WAIT, MAX_ATTEMPTS, WINDOW, Guess, is_refused, wait_after
from accounts.tasks import release_locks
from tests.accounts.conftest import MakePerson
from tests.accounts.sign_in_steps import accept, code, enter, entries, give_code, password, set_up_app

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("second_factor")]

REFUSED = "do not match an account that can sign in"
STRANGER, OTHER = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def officer(make_person: MakePerson) -> User:
    return make_person(Role.LIAISON)


@dataclass
class Desk:
    """The officer's own browser, and the key of the authenticator app."""

    client: Client
    secret: str
    officer: User

    def give_code(self, client: Client | None = None) -> Any:
        """Send a right code. A code works once, so the app forgets the last one before."""
        app = Authenticator.objects.get(user=self.officer.pk, type=Authenticator.Type.TOTP)
        app.data = {**app.data, "step": 0}
        app.save(update_fields=["data"])
        return give_code(client or self.client, code(self.secret))

    def sign_out(self) -> None:
        self.client.post("/sign-out/")


@pytest.fixture
def desk(officer: User) -> Desk:
    """The officer's own browser, signed in with a second factor."""
    client = Client()
    enter(client, officer)
    desk = Desk(client, set_up_app(client), officer)
    desk.sign_out()
    enter(client, officer)
    assert desk.give_code().headers["Location"] == "/"
    assert client.get("/").status_code == 200
    return desk


def guess(user: User, *, times: int = MAX_ATTEMPTS, address: str = STRANGER) -> Client:
    """A stranger's browser after so many wrong passwords."""
    client = Client(REMOTE_ADDR=address)
    for _ in range(times):
        password(client, user.email, "wrong")
    return client


def test_guesses_of_a_stranger_end_no_session_with_a_second_factor(officer: User, desk: Desk) -> None:
    guess(officer)

    officer.refresh_from_db()
    assert officer.locked_at
    assert desk.client.get("/").status_code == 200
    assert entries(AuditAction.LOCKED)[-1].subject == officer


def test_a_lock_ends_a_session_without_a_second_factor(officer: User) -> None:
    half = Client()
    enter(half, officer)
    assert Session.objects.filter(user=officer).exists()

    guess(officer)

    assert not Session.objects.filter(user=officer).exists()


def test_a_known_browser_opens_a_locked_account_with_its_second_factor(officer: User, desk: Desk) -> None:
    desk.sign_out()
    stranger = guess(officer)
    assert REFUSED in password(stranger, officer.email).content.decode()

    enter(desk.client, officer)
    assert give_code(desk.client, "000000").status_code == 200
    officer.refresh_from_db()
    assert officer.locked_at
    assert desk.client.get("/").headers["Location"] == "/sign-in/?next=/"
    assert desk.give_code().headers["Location"] == "/"

    assert desk.client.get("/").status_code == 200
    officer.refresh_from_db()
    assert officer.locked_at is None
    assert entries(AuditAction.UNLOCKED)[-1].detail == {"why": "second factor"}
    # The stranger gained no guesses by it.
    assert REFUSED in password(stranger, officer.email).content.decode()


def test_a_cookie_of_another_person_or_of_before_a_new_password_opens_nothing(
    officer: User, desk: Desk, make_person: MakePerson
) -> None:
    desk.sign_out()
    judge = make_person(Role.JUDGE)
    people.lock_user(user=judge)
    assert REFUSED in password(desk.client, judge.email).content.decode()
    forged = Client()
    forged.cookies[devices.COOKIE] = '[{"user": 1}]'
    people.lock_user(user=officer)
    assert REFUSED in password(forged, officer.email).content.decode()

    people.unlock_user(user=officer)
    people.set_password(user=officer, password="two herons over Essex")
    people.lock_user(user=officer)

    assert REFUSED in password(desk.client, officer.email, "two herons over Essex").content.decode()


def test_guesses_in_a_known_browser_are_counted_too(officer: User, desk: Desk) -> None:
    desk.sign_out()
    for _ in range(MAX_ATTEMPTS):
        password(desk.client, officer.email, "wrong")

    officer.refresh_from_db()
    assert officer.locked_at
    assert REFUSED in password(desk.client, officer.email).content.decode()


def test_a_lock_ends_after_its_time_and_alerts_go_to_the_person_again(
    officer: User, settings: Settings
) -> None:
    guess(officer)
    assert Cover.objects.filter(user=officer).exists()
    past(minutes=14)
    release_locks()
    officer.refresh_from_db()
    assert officer.locked_at

    past(minutes=1)
    release_locks()

    officer.refresh_from_db()
    assert officer.locked_at is None
    assert entries(AuditAction.UNLOCKED)[-1].detail == {"why": "time"}
    assert password(Client(REMOTE_ADDR=OTHER), officer.email).status_code == 302


def test_sign_in_itself_ends_a_lock_whose_time_is_over(officer: User) -> None:
    guess(officer)
    past(minutes=15)

    assert password(Client(REMOTE_ADDR=OTHER), officer.email).status_code == 302


def test_without_a_time_an_administrator_ends_a_lock(officer: User, settings: Settings) -> None:
    settings.LOCK_MINUTES = 0
    guess(officer)
    past(minutes=24 * 60)
    release_locks()

    assert REFUSED in password(Client(REMOTE_ADDR=OTHER), officer.email).content.decode()


def test_the_address_that_guessed_waits_longer_each_time(officer: User) -> None:
    stranger = guess(officer)
    past(minutes=16)
    assert SignInAttempt.objects.filter(user=officer).count() == MAX_ATTEMPTS
    # After the first round it waits as long as the lock, after the second one twice as long.
    guess(officer)
    past(minutes=16)
    guess(officer)

    officer.refresh_from_db()
    assert SignInAttempt.objects.filter(user=officer).count() == 2 * MAX_ATTEMPTS
    assert REFUSED in password(stranger, officer.email).content.decode()
    people.release_locks()
    officer.refresh_from_db()
    assert officer.locked_at is None
    assert password(Client(REMOTE_ADDR=OTHER), officer.email).status_code == 302


def past(*, minutes: int) -> None:
    """Let time pass for all attempts and locks."""
    span = timedelta(minutes=minutes)
    SignInAttempt.objects.update(at=F("at") - span)
    User.objects.filter(locked_at__isnull=False).update(locked_at=F("locked_at") - span)


def made(
    number: int, *, minutes: float, address: str = STRANGER, device: str = "", wrong: bool = True
) -> list[Guess]:
    return [Guess(timedelta(minutes=minutes), address, device, wrong)] * number


@pytest.mark.parametrize(
    ("guesses", "device", "is_locked", "refused"),
    [
        ([], "", False, False),
        (made(4, minutes=1), "", False, False),
        (made(5, minutes=1), "", False, True),
        (made(5, minutes=1), "mine", False, False),
        (made(5, minutes=1), "mine", True, False),
        (made(5, minutes=1, device="mine"), "mine", False, True),
        (made(5, minutes=16, device="mine"), "mine", True, False),
        ([], "", True, True),
        # Guesses of many addresses count together.
        (made(3, minutes=1) + made(2, minutes=1, address=OTHER), "", False, True),
        # Guesses that are still being checked count too.
        (made(5, minutes=0, wrong=False), "", False, True),
        (made(5, minutes=16), "", False, False),
        (made(5, minutes=16) + made(5, minutes=40), "", False, True),
        (made(5, minutes=31) + made(5, minutes=50), "", False, False),
        (made(4, minutes=16) + made(5, minutes=40), "", False, False),
        (made(5, minutes=16, address=OTHER) + made(5, minutes=40, address=OTHER), "", False, False),
    ],
)
def test_who_is_refused(*, guesses: list[Guess], device: str, is_locked: bool, refused: bool) -> None:
    assert is_refused(guesses, address=STRANGER, device=device, is_locked=is_locked) is refused


def test_waits_double_up_to_a_limit() -> None:
    assert [wait_after(rounds) / WINDOW for rounds in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert wait_after(50) == LONGEST_WAIT


def test_an_unfinished_sign_in_with_the_right_password_does_not_pass_a_lock(
    officer: User, desk: Desk
) -> None:
    thief = Client(REMOTE_ADDR=STRANGER)
    assert password(thief, officer.email).status_code == 302
    guess(officer, address=OTHER)

    assert accept(thief).headers["Location"] == "/sign-in/second-factor/"
    assert desk.give_code(thief).status_code == 200
    assert thief.get("/").headers["Location"] == "/sign-in/?next=/"


def test_the_cookie_of_a_known_browser_is_kept_from_scripts_and_from_readers(
    officer: User, desk: Desk
) -> None:
    cookie = desk.client.cookies[devices.COOKIE]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert str(officer.pk) not in cookie.value.split("|")
    assert "user" not in cookie.value


def test_a_refusal_takes_the_same_statements_whether_or_not_there_is_an_account(
    officer: User, make_person: MakePerson
) -> None:
    others = {role: make_person(role) for role in (Role.JUDGE, Role.MARSHAL)}
    guess(others[Role.JUDGE])
    people.deactivate_user(user=others[Role.MARSHAL])
    emails = [officer.email, *(one.email for one in others.values()), "no.one@example.org"]
    # Earlier guesses at other unknown addresses are not read.
    SignInAttempt.objects.bulk_create(SignInAttempt(user=None) for _ in range(50))
    taken = []
    for email in emails:
        with CaptureQueriesContext(connection) as captured:
            password(Client(REMOTE_ADDR=OTHER), email, "wrong")
        taken.append([re.sub(r"WHERE.*|VALUES.*|_x[0-9]+|'.*", "", one["sql"]) for one in captured])

    assert taken[1:] == taken[:1] * 3
    assert _read_attempts(emails[-1]) == 0


def _read_attempts(email: str) -> int:
    """How many earlier attempts a wrong password at this address reads."""
    with patch.object(sign_in, "Guess", side_effect=Guess) as made:
        password(Client(REMOTE_ADDR=OTHER), email, "wrong")
    return made.call_count
