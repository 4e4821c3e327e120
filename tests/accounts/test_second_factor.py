"""Nothing but its own set-up answers to a session without a second factor; with one, everything does."""

from __future__ import annotations

import os
import re
import runpy
from typing import Any
from unittest.mock import patch

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import get_resolver, reverse
from pytest_django import Settings

from accounts.crypto import seal, unseal
from accounts.gate import OPEN
from accounts.models import Act, Role, User
from tests.accounts.conftest import MakePerson
from tests.accounts.doors import accept, code, enter, entries, give_code, password, set_up_app
from tests.accounts.test_sign_in import OPEN as OPEN_TO_ALL
from tests.accounts.test_sign_in import addresses_below

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _strict(settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True


@pytest.fixture
def clerk(make_person: MakePerson) -> User:
    """Somebody with a password and nothing else."""
    return make_person(Role.CLERK)


def test_after_the_password_nothing_answers_but_the_set_up(client: Client, clerk: User) -> None:
    enter(client, clerk)
    addresses = set(addresses_below(get_resolver(), "/"))
    mine = {"/account/set-up/", "/account/app/add/", "/account/passkeys/add/", "/account/sign-in-again/"}

    reached = {address: client.get(address) for address in addresses - OPEN_TO_ALL - mine}

    assert len(reached) > 20
    for address, answer in reached.items():
        if address.startswith("/api/") and address != "/api/v1/docs":
            assert answer.status_code == 401, address
        elif address.startswith("/sign-in/sso/"):
            assert answer.status_code == 404
        else:
            assert answer.status_code in (302, 405), address
            led = answer.headers.get("Location", "/sign-in/")
            assert led in ("/account/set-up/", "/") or led.startswith("/sign-in/"), address
    for address in mine:
        assert client.get(address).status_code == 200


def test_the_admin_and_the_pages_lead_to_the_set_up(client: Client, clerk: User) -> None:
    enter(client, clerk)

    for address in ("/", "/admin/", "/admin/orders/order/", "/account/", "/account/password/"):
        assert client.get(address).headers["Location"] == "/account/set-up/", address
    for address in ("/account/recovery-codes/", "/account/recovery-codes/new/"):
        assert client.post(address).headers["Location"] == "/account/set-up/", address


def test_what_the_gate_leaves_open_exists() -> None:
    assert {reverse(name) for name in OPEN}


def test_an_app_is_set_up_once_and_asked_for_from_then_on(client: Client, clerk: User) -> None:
    enter(client, clerk)

    secret = set_up_app(client)

    codes = client.get("/account/recovery-codes/").content.decode()
    assert len(re.findall(r"<code>\d{8}</code>", codes)) == 10
    assert "<code>" not in client.get("/account/recovery-codes/").content.decode(), "shown once"
    assert client.get("/admin/").status_code == 200
    assert client.get("/api/v1/orders").status_code == 200
    again = Client()
    assert enter(again, clerk).headers["Location"] == "/sign-in/second-factor/"
    assert again.get("/").headers["Location"] == "/sign-in/?next=/"
    assert give_code(again, code(secret)).headers["Location"] == "/"
    assert again.get("/admin/").status_code == 200


def test_a_code_works_once_even_in_another_process(client: Client, clerk: User) -> None:
    secret = _with_app(clerk)
    typed = code(secret)
    enter(client, clerk)
    give_code(client, typed)

    other = Client()
    enter(other, clerk)
    refused = give_code(other, typed)

    assert refused.status_code == 200
    assert "not right" in refused.content.decode()
    assert other.get("/").headers["Location"] == "/sign-in/?next=/"
    # A later one still signs in; an earlier one does not.
    assert give_code(other, code(secret, step=-1)).status_code == 200
    assert give_code(other, code(secret, step=1)).status_code == 302


def test_a_code_may_be_pasted_with_a_space(client: Client, clerk: User) -> None:
    secret = _with_app(clerk)
    enter(client, clerk)
    page = client.get("/sign-in/second-factor/").content.decode()

    typed = code(secret)

    assert 'autocomplete="one-time-code"' in page
    assert "onpaste" not in page
    assert give_code(client, f" {typed[:3]} {typed[3:]} ").status_code == 302


def test_a_recovery_code_signs_in_once(client: Client, clerk: User) -> None:
    _with_app(clerk)
    codes = Authenticator.objects.get(user=clerk, type="recovery_codes").wrap().get_unused_codes()
    enter(client, clerk)

    assert give_code(client, codes[0]).status_code == 302
    other = Client()
    enter(other, clerk)
    assert give_code(other, codes[0]).status_code == 200
    assert give_code(other, codes[1]).status_code == 302


def test_the_last_factor_stays(clerk: User) -> None:
    client = Client()
    enter(client, clerk)
    set_up_app(client)

    answer = client.post("/account/app/remove/")

    assert "only second factor" in answer.content.decode()
    assert Authenticator.objects.filter(user=clerk, type="totp").exists()
    assert entries(Act.FACTOR_REMOVED) == []


def test_one_of_two_factors_can_go_and_only_ones_own(clerk: User, make_person: MakePerson) -> None:
    client = Client()
    enter(client, clerk)
    set_up_app(client)
    mine, theirs = (
        Authenticator.objects.create(user=user, type="webauthn", data={"name": "Key", "credential": {}})
        for user in (clerk, make_person(Role.JUDGE))
    )

    assert client.post(f"/account/passkeys/{theirs.pk}/remove/").status_code == 404
    assert client.post(f"/account/passkeys/{mine.pk}/remove/").headers["Location"] == "/account/"
    refused = client.post("/account/app/remove/")

    assert "only second factor" in refused.content.decode()
    (entry,) = entries(Act.FACTOR_REMOVED)
    assert (entry.actor, entry.subject, entry.detail) == (clerk, clerk, {"factor": "webauthn"})
    assert not Authenticator.objects.filter(pk=mine.pk).exists()
    assert Authenticator.objects.filter(pk=theirs.pk).exists()


def test_an_app_can_go_where_a_passkey_stays_and_the_passkey_cannot_then(clerk: User) -> None:
    client = Client()
    enter(client, clerk)
    set_up_app(client)
    key = Authenticator.objects.create(user=clerk, type="webauthn", data={"name": "Key", "credential": {}})

    assert client.post("/account/app/remove/").status_code == 302
    refused = client.post(f"/account/passkeys/{key.pk}/remove/")

    assert "only second factor" in refused.content.decode()
    assert [entry.detail for entry in entries(Act.FACTOR_REMOVED)] == [{"factor": "totp"}]


def test_what_lies_in_the_database_cannot_be_used(client: Client, clerk: User) -> None:
    enter(client, clerk)
    page = client.get("/account/app/add/").content.decode()
    found = re.search(r'<code class="key"[^>]*>(\w+)</code>', page)
    assert found
    session = clerk.sessions.get()
    assert found[1] not in session.session_data

    client.post("/account/app/add/", {"code": code(found[1])})

    for one in Authenticator.objects.filter(user=clerk):
        kept = str(one.data)
        assert found[1] not in kept
        assert one.type == "totp" or unseal(one.data["seed"]) not in kept


def test_the_secret_can_be_changed_while_the_old_one_is_kept(settings: Settings, clerk: User) -> None:
    old = settings.SECRET_KEY
    sealed = seal("the key of an app")

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another long random text", [old]
    assert unseal(sealed) == "the key of an app"
    anew = seal("the key of an app")

    settings.SECRET_KEY_FALLBACKS = []
    assert unseal(anew) == "the key of an app"
    with pytest.raises(InvalidToken):
        unseal(sealed)


def test_a_used_app_moves_on_to_the_newest_secret(settings: Settings, clerk: User) -> None:
    secret = _with_app(clerk)
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another long random text", [old]
    client = Client()
    enter(client, clerk)
    assert give_code(client, code(secret)).status_code == 302

    settings.SECRET_KEY_FALLBACKS = []

    assert unseal(Authenticator.objects.get(user=clerk, type="totp").data["secret"]) == secret


def test_a_session_that_was_never_asked_ends(clerk: User) -> None:
    _with_app(clerk)
    client = Client()
    client.force_login(clerk)

    assert client.get("/").headers["Location"] == "/sign-in/?next=/"
    assert not clerk.sessions.exists()


def test_the_second_step_needs_the_first(client: Client, clerk: User) -> None:
    secret = _with_app(clerk)

    assert client.get("/sign-in/second-factor/").headers["Location"] == "/sign-in/"
    assert give_code(client, code(secret)).headers["Location"] == "/sign-in/"
    password(client, clerk.email)
    # Not before the notice is accepted either.
    assert give_code(client, code(secret)).headers["Location"] == "/sign-in/"
    assert client.get("/").headers["Location"] == "/sign-in/?next=/"


def test_some_time_after_sign_in_a_change_takes_a_new_one(
    client: Client, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(client, clerk)
    secret = set_up_app(client)
    monkeypatch.setattr("accounts.services.sign_in.FRESH", 0)

    answer = client.get("/account/passkeys/add/")

    assert answer.headers["Location"].startswith("/account/sign-in-again/")
    assert "some time since you signed in" in client.get(answer.headers["Location"]).content.decode()
    assert client.post("/account/sign-in-again/").headers["Location"] == "/sign-in/?next=/account/"
    assert client.get("/account/").headers["Location"].startswith("/sign-in/")
    assert not clerk.sessions.exists()
    monkeypatch.undo()
    password(client, clerk.email, then="/account/")
    accept(client)
    assert give_code(client, code(secret, step=1)).headers["Location"] == "/account/"
    assert client.get("/account/passkeys/add/").status_code == 200


def test_a_lost_phone_is_reset_by_an_administrator(make_person: MakePerson, clerk: User) -> None:
    _with_app(clerk)
    theirs = Client()
    theirs.force_login(clerk)
    desk = Client()
    administrator = make_person(Role.ADMINISTRATOR)
    enter(desk, administrator)
    set_up_app(desk)

    answer = desk.post(
        "/admin/accounts/user/", {"action": "reset_second_factor", "_selected_action": [clerk.pk]}
    )

    assert answer.status_code == 302
    assert not Authenticator.objects.filter(user=clerk).exists()
    assert not clerk.sessions.exists()
    (entry,) = entries(Act.FACTOR_REMOVED)
    assert (entry.actor, entry.subject, entry.door) == (administrator, clerk, "admin")
    assert enter(Client(), clerk).headers["Location"] == "/"


def test_a_demonstration_says_on_every_page_that_it_does_without(
    settings: Settings, client: Client, make_person: MakePerson
) -> None:
    words = "A password alone signs in here."
    assert words not in client.get("/sign-in/").content.decode()
    settings.SECOND_FACTOR_REQUIRED = False
    client.force_login(make_person(Role.ADMINISTRATOR))

    for address in ("/sign-in/", "/", "/account/", "/admin/", "/admin/accounts/user/", "/no-such-page/"):
        assert client.get(address, follow=True).content.decode().count(words) == 1, address


@pytest.mark.parametrize("said", [{}, {"CTC_SECOND_FACTOR": "on"}])
def test_a_named_database_always_takes_a_second_factor(said: dict[str, str]) -> None:
    assert settings_with(said)["SECOND_FACTOR_REQUIRED"] is True


def test_a_named_database_refuses_to_start_without() -> None:
    with pytest.raises(ImproperlyConfigured, match="CTC_SECOND_FACTOR"):
        settings_with({"CTC_SECOND_FACTOR": "off"})


def settings_with(said: dict[str, str]) -> dict[str, Any]:
    """The settings as they would be with a database named."""
    production = {
        "DATABASE_URL": "postgresql://check@127.0.0.1:1/check",
        "DJANGO_SECRET_KEY": "only-to-check",
        "CTC_BASE_URL": "https://check.example",
        "DJANGO_ALLOWED_HOSTS": "check.example",
    }
    with patch.dict(os.environ, production | said):
        return runpy.run_path("ctcompliance/settings.py")


def _with_app(user: User) -> str:
    """The key of an app that the person has set up some time ago."""
    client = Client()
    enter(client, user)
    secret = set_up_app(client)
    client.post("/sign-out/")
    return secret
