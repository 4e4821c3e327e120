"""A session without a second factor opens only the set-up; with one, it opens everything."""

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

from accounts.crypto import decrypt, encrypt
from accounts.gate import OPEN
from accounts.models import AuditAction, Role, User
from tests.accounts.conftest import MakePerson
from tests.accounts.sign_in_steps import accept, code, enter, entries, give_code, password, set_up_app
from tests.accounts.test_sign_in import OPEN as OPEN_TO_ALL
from tests.accounts.test_sign_in import addresses_below

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _strict(settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True


@pytest.fixture
def clerk(make_person: MakePerson) -> User:
    """A person with only a password."""
    return make_person(Role.CLERK)


def test_only_the_set_up_is_open_after_the_password(client: Client, clerk: User) -> None:
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
            # Below /account/ an address that takes only forms leads to that page, which asks again.
            assert led in ("/account/set-up/", "/account/", "/") or led.startswith("/sign-in/"), address
    for address in mine:
        assert client.get(address).status_code == 200


def test_admin_and_pages_redirect_to_the_set_up(client: Client, clerk: User) -> None:
    enter(client, clerk)

    for address in ("/", "/admin/", "/admin/orders/order/", "/account/", "/account/password/"):
        assert client.get(address).headers["Location"] == "/account/set-up/", address
    for address in ("/account/recovery-codes/", "/account/recovery-codes/new/"):
        assert client.post(address).headers["Location"] == "/account/set-up/", address


def test_open_url_names_exist() -> None:
    assert {reverse(name) for name in OPEN}


def test_app_is_set_up_once_and_then_required(client: Client, clerk: User) -> None:
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
    assert "not valid" in refused.content.decode()
    assert other.get("/").headers["Location"] == "/sign-in/?next=/"
    # A later code still works; an earlier one does not.
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


def test_last_factor_cannot_be_removed(clerk: User) -> None:
    client = Client()
    enter(client, clerk)
    set_up_app(client)

    answer = client.post("/account/app/remove/")

    assert "only second factor" in answer.content.decode()
    assert Authenticator.objects.filter(user=clerk, type="totp").exists()
    assert entries(AuditAction.FACTOR_REMOVED) == []


def test_one_of_two_own_factors_can_be_removed(clerk: User, make_person: MakePerson) -> None:
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
    (entry,) = entries(AuditAction.FACTOR_REMOVED)
    assert (entry.actor, entry.subject, entry.detail) == (clerk, clerk, {"factor": "webauthn"})
    assert not Authenticator.objects.filter(pk=mine.pk).exists()
    assert Authenticator.objects.filter(pk=theirs.pk).exists()


def test_app_can_be_removed_if_a_passkey_remains(clerk: User) -> None:
    client = Client()
    enter(client, clerk)
    set_up_app(client)
    key = Authenticator.objects.create(user=clerk, type="webauthn", data={"name": "Key", "credential": {}})

    assert client.post("/account/app/remove/").status_code == 302
    refused = client.post(f"/account/passkeys/{key.pk}/remove/")

    assert "only second factor" in refused.content.decode()
    assert [entry.detail for entry in entries(AuditAction.FACTOR_REMOVED)] == [{"factor": "totp"}]


def test_secrets_in_the_database_are_encrypted(client: Client, clerk: User) -> None:
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
        assert one.type == "totp" or decrypt(one.data["seed"]) not in kept


def test_secret_key_can_change_with_a_fallback(settings: Settings, clerk: User) -> None:
    old = settings.SECRET_KEY
    sealed = encrypt("the key of an app")

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another long random text", [old]
    assert decrypt(sealed) == "the key of an app"
    anew = encrypt("the key of an app")

    settings.SECRET_KEY_FALLBACKS = []
    assert decrypt(anew) == "the key of an app"
    with pytest.raises(InvalidToken):
        decrypt(sealed)


def test_used_app_is_encrypted_with_the_newest_secret_key(settings: Settings, clerk: User) -> None:
    secret = _with_app(clerk)
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another long random text", [old]
    client = Client()
    enter(client, clerk)
    assert give_code(client, code(secret)).status_code == 302

    settings.SECRET_KEY_FALLBACKS = []

    assert decrypt(Authenticator.objects.get(user=clerk, type="totp").data["secret"]) == secret


def test_session_without_second_factor_ends(clerk: User) -> None:
    _with_app(clerk)
    client = Client()
    client.force_login(clerk)

    assert client.get("/").headers["Location"] == "/sign-in/?next=/"
    assert not clerk.sessions.exists()


def test_second_factor_needs_the_password_first(client: Client, clerk: User) -> None:
    secret = _with_app(clerk)

    assert client.get("/sign-in/second-factor/").headers["Location"] == "/sign-in/"
    assert give_code(client, code(secret)).headers["Location"] == "/sign-in/"
    password(client, clerk.email)
    # Nor before the notice is accepted.
    assert give_code(client, code(secret)).headers["Location"] == "/sign-in/"
    assert client.get("/").headers["Location"] == "/sign-in/?next=/"


def test_change_later_needs_a_new_sign_in(
    client: Client, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(client, clerk)
    secret = set_up_app(client)
    monkeypatch.setattr("accounts.services.sign_in.FRESH", 0)

    answer = client.get("/account/passkeys/add/")

    assert answer.headers["Location"].startswith("/account/sign-in-again/")
    assert "You signed in some time ago" in client.get(answer.headers["Location"]).content.decode()
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
    (entry,) = entries(AuditAction.FACTOR_REMOVED)
    assert (entry.actor, entry.subject, entry.entry_point) == (administrator, clerk, "admin")
    assert enter(Client(), clerk).headers["Location"] == "/"


def test_demonstration_shows_its_banner_on_every_page(
    settings: Settings, client: Client, make_person: MakePerson
) -> None:
    words = "A password alone is enough to sign in here."
    assert words not in client.get("/sign-in/").content.decode()
    settings.SECOND_FACTOR_REQUIRED = False
    client.force_login(make_person(Role.ADMINISTRATOR))

    for address in ("/sign-in/", "/", "/account/", "/admin/", "/admin/accounts/user/", "/no-such-page/"):
        assert client.get(address, follow=True).content.decode().count(words) == 1, address


@pytest.mark.parametrize("said", [{}, {"CTC_SECOND_FACTOR": "on"}])
def test_second_factor_is_required_with_database_url(said: dict[str, str]) -> None:
    assert settings_with(said)["SECOND_FACTOR_REQUIRED"] is True


def test_settings_refuse_no_second_factor_with_database_url() -> None:
    with pytest.raises(ImproperlyConfigured, match="CTC_SECOND_FACTOR"):
        settings_with({"CTC_SECOND_FACTOR": "off"})


def settings_with(said: dict[str, str]) -> dict[str, Any]:
    """Return the settings with `DATABASE_URL` set."""
    production = {
        "DATABASE_URL": "postgresql://check@127.0.0.1:1/check",
        "DJANGO_SECRET_KEY": "only-to-check",
        "CTC_BASE_URL": "https://check.example",
        "EMAIL_URL": "smtp://check.example",
        "DJANGO_ALLOWED_HOSTS": "check.example",
    }
    with patch.dict(os.environ, production | said):
        return runpy.run_path("ctcompliance/settings.py")


def _with_app(user: User) -> str:
    """Store an app that was set up some time ago; return its key."""
    client = Client()
    enter(client, user)
    secret = set_up_app(client)
    client.post("/sign-out/")
    return secret
