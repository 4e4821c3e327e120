"""Passwords that someone else knows, links that someone else opens, and sessions on someone else's desk."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts import tasks
from accounts.models import AuditAction, Role, Session, User
from accounts.services import password_reset, people
from notifications.models import CalendarFeed
from tests.accounts.conftest import PASSWORD, MakePerson
from tests.accounts.sign_in_steps import accept, code, enter, entries, give_code, password, set_up_app
from tests.notifications.test_calendar import address_for

pytestmark = pytest.mark.django_db

NEW = "two herons over Essex"
TWICE = {"new_password1": NEW, "new_password2": NEW}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Mail at once, with a second factor required."""
    settings.SECOND_FACTOR_REQUIRED = True
    settings.EMAIL_PROVIDERS = ["smtp"]
    cache.clear()
    monkeypatch.setattr(tasks, "request_reset_link", tasks.mail_reset_link)


@pytest.fixture
def clerk(make_person: MakePerson) -> User:
    return make_person(Role.CLERK)


@pytest.fixture
def secret(clerk: User) -> str:
    """The key of the clerk's authenticator app, set up before."""
    client = Client()
    enter(client, clerk)
    return set_up_app(client)


def ask(email: str, client: Client | None = None) -> str:
    """Ask for a link; return the page."""
    return (client or Client()).post("/sign-in/forgotten/", {"username": email}).content.decode()


def mailed_link() -> str:
    (message,) = mail.outbox
    found = re.search(r"https?://[^/]+(/sign-in/forgotten/\S+)", str(message.body))
    assert found
    return found[1]


def test_a_link_with_the_second_factor_sets_a_new_password(clerk: User, secret: str) -> None:
    assert "Check your mail" in ask(clerk.email)
    link, client = mailed_link(), Client()
    assert "second factor" in client.get(link).content.decode()

    assert client.post(link).headers["Location"] == "/sign-in/use-notice/"
    assert accept(client).headers["Location"] == "/sign-in/second-factor/"
    assert client.post("/sign-in/new-password/", TWICE).headers["Location"] == "/sign-in/"
    assert give_code(client, code(secret, step=1)).headers["Location"] == "/sign-in/new-password/"
    assert client.get("/").headers["Location"] == "/sign-in/?next=/"
    assert client.post("/sign-in/new-password/", TWICE).headers["Location"] == "/sign-in/"

    clerk.refresh_from_db()
    assert clerk.check_password(NEW)
    assert not Session.objects.filter(user=clerk).exists()
    assert entries(AuditAction.PASSWORD_CHANGED)[-1].detail["by"] == "reset"
    # The link worked once.
    assert client.get(link).headers["Location"] == "/sign-in/forgotten/"


def test_a_link_alone_opens_nothing(clerk: User, secret: str) -> None:
    ask(clerk.email)
    thief = Client()
    thief.post(mailed_link())
    accept(thief)
    for _ in range(6):
        assert give_code(thief, "000000").status_code == 200

    assert give_code(thief, code(secret, step=1)).status_code == 200
    assert thief.get("/").headers["Location"] == "/sign-in/?next=/"
    clerk.refresh_from_db()
    assert clerk.check_password(PASSWORD)
    assert clerk.locked_at


def test_a_link_also_opens_an_account_that_strangers_locked(clerk: User, secret: str) -> None:
    for _ in range(5):
        password(Client(), clerk.email, "wrong")
    ask(clerk.email)
    client = Client()
    client.post(mailed_link())
    accept(client)
    give_code(client, code(secret, step=1))
    client.post("/sign-in/new-password/", TWICE)

    clerk.refresh_from_db()
    assert clerk.check_password(NEW)
    assert clerk.locked_at is None


def test_every_address_gets_the_same_answer_and_few_mails(
    clerk: User, secret: str, make_person: MakePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    without = make_person(Role.JUDGE)
    pages, statements = set(), set()
    for one in (clerk.email, without.email, "x@example.org"):
        with CaptureQueriesContext(connection) as captured, monkeypatch.context() as later:
            later.setattr(tasks, "request_reset_link", asked.append)
            pages.add(re.sub(r'value="[^"]+"', "", ask(one)))
        statements.add(len(captured))
        tasks.mail_reset_link(asked[-1])

    assert len(pages) == len(statements) == 1
    assert [one.to for one in mail.outbox] == [[clerk.email]]
    ask(clerk.email)
    assert len(mail.outbox) == 1
    text = f"{mail.outbox[0].subject} {mail.outbox[0].body}"
    assert clerk.name not in text


@pytest.mark.parametrize("end", ["later", "closed", "signed in", "new password", "no factor"])
def test_links_end(end: str, clerk: User, secret: str, settings: Settings) -> None:
    ask(clerk.email)
    link = mailed_link()
    assert Client().get(link).status_code == 200

    if end == "later":
        settings.PASSWORD_RESET_TIMEOUT = -1
    elif end == "closed":
        User.objects.filter(pk=clerk.pk).update(is_active=False)
    elif end == "signed in":
        User.objects.filter(pk=clerk.pk).update(last_login=F("joined_at") + timedelta(days=1))
    elif end == "new password":
        people.set_password(user=clerk, password=NEW)
    else:
        people.reset_second_factor(user=clerk)

    assert Client().get(link).headers["Location"] == "/sign-in/forgotten/"


@pytest.mark.parametrize("token", ["x", "1", "1-", "0-a-b", "99999999999999999999-a-b", "٣-a-b"])
def test_broken_links_open_nothing(token: str, clerk: User) -> None:
    assert password_reset.person_of(token, now=timezone.now()) is None


def test_a_password_that_someone_else_set_must_be_changed_at_the_first_sign_in(
    make_person: MakePerson, settings: Settings
) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    administrator, desk = make_person(Role.ADMINISTRATOR), Client()
    desk.force_login(administrator)
    roles = {f"memberships-{name}_FORMS": number for name, number in (("TOTAL", 0), ("INITIAL", 0))}
    desk.post(
        "/admin/accounts/user/add/",
        {
            "email": "new@example.org",
            "name": "Lee New",
            "password1": PASSWORD,
            "password2": PASSWORD,
            **roles,
        },
    )
    client, user = Client(), User.objects.get(email="new@example.org")

    assert enter(client, user).headers["Location"] == "/sign-in/new-password/"
    assert client.get("/").headers["Location"] == "/sign-in/?next=/"
    same = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    assert "Choose another" in client.post("/sign-in/new-password/", same).content.decode()
    assert client.post("/sign-in/new-password/", TWICE).headers["Location"] == "/sign-in/"
    assert password(client, user.email, NEW).status_code == 302
    assert accept(client).headers["Location"] == "/"

    desk.post(f"/admin/accounts/user/{user.pk}/password/", {"password1": PASSWORD, "password2": PASSWORD})
    assert enter(Client(), user).headers["Location"] == "/sign-in/new-password/"


def test_signing_out_everywhere_ends_sessions_links_and_known_browsers(
    clerk: User, settings: Settings
) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    here, there = Client(), Client()
    here.force_login(clerk)
    there.force_login(clerk)
    feed = address_for(clerk)
    assert "Sign out everywhere" in here.get("/account/sign-out-everywhere/").content.decode()
    assert there.get("/").status_code == 200

    assert here.post("/account/sign-out-everywhere/").headers["Location"] == "/sign-in/"

    assert [one.get("/").headers["Location"] for one in (here, there)] == ["/sign-in/?next=/"] * 2
    assert Client().get(feed).status_code == 404
    (entry,) = entries(AuditAction.SIGN_OUT)
    assert (entry.actor, entry.detail["everywhere"], entry.detail["sessions"]) == (clerk, True, 1)
    clerk.refresh_from_db()
    assert clerk.sessions_ended_at
    assert clerk.is_person_in_use(timezone.now())


def test_a_reset_of_the_second_factor_ends_calendar_links_too(clerk: User) -> None:
    feed = address_for(clerk)

    people.reset_second_factor(user=clerk)

    assert Client().get(feed).status_code == 404
    assert CalendarFeed.objects.get().ended_at
