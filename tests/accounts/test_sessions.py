"""Sessions end when idle, at their limit, at sign-out, and with the account."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AuditAction, Role, Session, User
from accounts.services import people
from accounts.sessions import SessionStore
from tests.accounts.conftest import PASSWORD, MakePerson
from tests.accounts.sign_in_steps import accept, enter, entries, password

pytestmark = pytest.mark.django_db

OUT = "/sign-in/?next=/"


@pytest.fixture
def clerk(make_person: MakePerson) -> User:
    """A person who signs in."""
    return make_person(Role.CLERK)


def test_thirty_idle_minutes_end_a_session(client: Client, clerk: User) -> None:
    enter(client, clerk)
    _pass(timedelta(minutes=29, seconds=50))
    assert client.get("/").status_code == 200, "opening a page begins the half hour anew"
    _pass(timedelta(minutes=29, seconds=50))
    assert client.get("/").status_code == 200

    _pass(timedelta(minutes=30, seconds=1))

    assert client.get("/").headers["Location"] == OUT


def test_twelve_hours_end_a_busy_session(
    client: Client, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = time.time()
    monkeypatch.setattr("accounts.sessions.time.time", lambda: begun - 12 * 3600 + 60)
    enter(client, clerk)
    monkeypatch.undo()

    assert client.get("/").status_code == 200
    left = Session.objects.get(user=clerk).expire_date - timezone.now()
    assert timedelta(seconds=30) < left <= timedelta(seconds=60)

    _pass(timedelta(seconds=61))
    assert client.get("/").headers["Location"] == OUT


def test_old_cookie_is_refused_after_sign_out(client: Client, clerk: User) -> None:
    enter(client, clerk)
    cookie = client.cookies["sessionid"].value

    client.post("/sign-out/")

    assert not Session.objects.filter(user=clerk).exists()
    thief = Client()
    thief.cookies["sessionid"] = cookie
    assert thief.get("/").headers["Location"] == OUT
    assert thief.get("/api/v1/orders").status_code == 401


def test_admin_sign_out_uses_ours(client: Client, clerk: User) -> None:
    enter(client, clerk)

    assert client.post("/admin/logout/").headers["Location"] == "/sign-in/"

    assert len(entries(AuditAction.SIGN_OUT)) == 1
    assert not clerk.sessions.exists()


def test_sign_in_gives_the_session_a_new_key(client: Client, clerk: User) -> None:
    password(client, clerk.email)
    before = client.cookies["sessionid"].value

    accept(client)

    assert client.cookies["sessionid"].value != before
    assert not Session.objects.filter(session_key=before).exists()
    assert Session.objects.get().user == clerk


def test_foreign_session_key_is_not_accepted(client: Client, clerk: User) -> None:
    client.cookies["sessionid"] = "chosenbysomebodyelse0123456789ab"

    enter(client, clerk)

    assert client.cookies["sessionid"].value != "chosenbysomebodyelse0123456789ab"


def test_all_sessions_of_a_person_end_in_one_statement(clerk: User, make_person: MakePerson) -> None:
    judge = make_person(Role.JUDGE)
    for person in [judge] * 30 + [clerk] * 3:
        Client().force_login(person)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        people.deactivate_user(user=clerk)

    about_sessions = [query["sql"] for query in asked if "accounts_session" in query["sql"]]
    assert len(about_sessions) == 1
    assert about_sessions[0].startswith("DELETE")
    assert Session.objects.filter(user=judge).count() == 30
    assert not clerk.sessions.exists()


def test_a_changed_password_ends_every_session(client: Client, clerk: User) -> None:
    elsewhere = Client()
    elsewhere.force_login(clerk)
    enter(client, clerk)
    new = "two herons over Essex"

    answer = client.post(
        "/account/password/",
        {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
    )

    assert answer.headers["Location"] == "/sign-in/"
    assert "Your password was changed." in client.get("/sign-in/").content.decode()
    for browser in (client, elsewhere):
        assert browser.get("/").headers["Location"] == OUT
    assert password(client, clerk.email, new).status_code == 302


def test_admin_password_page_redirects_to_ours(client: Client, make_person: MakePerson) -> None:
    client.force_login(make_person(Role.ADMINISTRATOR))

    for address in ("/admin/password_change/", "/admin/password_change/done/"):
        assert client.get(address).headers["Location"] == "/account/password/"
        assert client.post(address, {"old_password": PASSWORD}).headers["Location"] == "/account/password/"


def test_administrator_who_ends_their_session_must_sign_in(make_person: MakePerson) -> None:
    administrator = make_person(Role.ADMINISTRATOR)
    other = people.create_user(email="other@example.org", name="Kim Fern", password=PASSWORD)
    people.grant_role(user=other, role=Role.ADMINISTRATOR)
    client = Client()
    client.force_login(administrator)

    answer = client.post(
        "/admin/accounts/user/", {"action": "deactivate", "_selected_action": [administrator.pk]}
    )

    assert answer.status_code == 302
    assert client.get("/").headers["Location"] == OUT
    assert len(entries(AuditAction.ACCOUNT_DISABLED)) == 1


def test_page_has_the_warning_and_the_button(client: Client, clerk: User) -> None:
    enter(client, clerk)
    page = client.get("/").content.decode()

    assert 'data-idle="1800" data-warn="120"' in page
    assert '<form method="post" action="/account/stay-signed-in/"' in page
    _pass(timedelta(minutes=28))
    assert client.post("/account/stay-signed-in/").status_code == 204
    _pass(timedelta(minutes=28))
    assert client.get("/").status_code == 200
    (entry,) = entries(AuditAction.DONE)
    assert (entry.actor, entry.detail) == (clerk, {"extended": "session"})


def test_admin_site_has_the_warning_once(client: Client, clerk: User) -> None:
    enter(client, clerk)

    assert client.get("/admin/").content.decode().count('id="session-end"') == 1


def test_ended_session_cannot_be_extended(client: Client, clerk: User) -> None:
    enter(client, clerk)
    _pass(timedelta(minutes=31))

    assert client.post("/account/stay-signed-in/").headers["Location"].startswith("/sign-in/")


def test_system_cannot_get_a_session(client: Client, db: None) -> None:
    system = people.create_user(email="cms@court.example", name="Court system", is_system=True)
    User.objects.filter(pk=system.pk).update(password=_hashed())
    system.refresh_from_db()

    assert "do not match" in password(client, system.email).content.decode()
    client.force_login(system)
    assert client.get("/").headers["Location"] == OUT


def test_leftover_session_of_a_closed_account_opens_nothing(client: Client, clerk: User) -> None:
    enter(client, clerk)

    User.objects.update(is_active=False)

    assert client.get("/").headers["Location"] == OUT


def test_session_data_is_encrypted(clerk: User) -> None:
    store = SessionStore()
    store["key"] = "of an app that is being set up"
    store.create()
    store.save()

    assert "app" not in Session.objects.get().session_data
    assert SessionStore(store.session_key)["key"] == "of an app that is being set up"


def test_session_encrypted_with_a_lost_secret_key_is_empty(settings: Settings, clerk: User) -> None:
    client = Client()
    client.force_login(clerk)

    settings.SECRET_KEY = "another long random text"

    assert client.get("/").headers["Location"] == OUT


def _pass(time_passed: timedelta) -> None:
    """Change stored times as if this time had passed."""
    Session.objects.update(expire_date=F("expire_date") - time_passed)


def _hashed() -> str:
    someone = User()
    someone.set_password(PASSWORD)
    return someone.password
