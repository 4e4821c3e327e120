"""Single sign-on against a real provider: into an existing account with a verified address, and no other."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django import Settings

from accounts.models import AuditAction, Role, User
from accounts.services import people
from tests.accounts.conftest import PASSWORD, MakePerson
from tests.accounts.provider import CLIENT_ID, SECRET, Provider, running
from tests.accounts.sign_in_steps import accept, code, enter, entries, give_code, password, set_up_app
from tests.accounts.test_second_factor import settings_with

pytestmark = pytest.mark.django_db

TURNED_AWAY = "You were not signed in."


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    """A provider that is configured in the settings."""
    with running() as found:
        app = {
            "provider_id": "sso",
            "name": "Elm County",
            "client_id": CLIENT_ID,
            "secret": SECRET,
            "settings": {"server_url": found.address, "fetch_userinfo": False},
        }
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
        yield found


@pytest.fixture
def clerk(make_person: MakePerson, provider: Provider) -> User:
    """A person that the provider can sign in too."""
    user = make_person(Role.CLERK)
    provider.claims = {"email": user.email, "email_verified": True, "name": "Lee Elm"}
    return user


def test_existing_account_is_signed_in_without_storing_the_identity(
    clerk: User, provider: Provider, client: Client
) -> None:
    provider.claims["email"] = "Clerk@Example.org"
    page = client.get("/sign-in/?next=/admin/").content.decode()
    assert 'href="/sign-in/sso/?next=%2Fadmin%2F"' in page
    assert "Sign in with Elm County" in page

    assert come_back(client, "/sign-in/sso/?next=/admin/").headers["Location"] == "/sign-in/use-notice/"
    assert client.get("/").headers["Location"] == "/sign-in/?next=/", "not before the notice"
    assert accept(client).headers["Location"] == "/admin/"

    assert client.get("/admin/").status_code == 200
    (entry,) = entries(AuditAction.SIGN_IN)
    assert (entry.actor, entry.detail) == (clerk, {"by": ["socialaccount"]})
    for kept in (SocialAccount, SocialToken, EmailAddress):
        assert not kept.objects.exists()
    clerk.refresh_from_db()
    assert clerk.check_password(PASSWORD), "allauth would take the password away"


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "nobody@example.org", "email_verified": True},
        {"email": "clerk@example.org", "email_verified": False},
        {"email": "clerk@example.org", "email_verified": "false"},
        {"email": "clerk@example.org"},
        {"email_verified": True},
        {"email": "clerk@example.org", "email_verified": True, "aud": "another"},
        {"email": "clerk@example.org", "email_verified": True, "iss": "https://another.example"},
        {"email": "clerk@example.org", "email_verified": True, "exp": 1},
    ],
)
def test_other_identities_are_refused_and_create_nothing(
    claims: dict[str, Any], clerk: User, provider: Provider, client: Client
) -> None:
    provider.claims = claims

    answer = come_back(client)

    assert answer.headers["Location"] == "/sign-in/"
    assert TURNED_AWAY in client.get("/sign-in/").content.decode()
    assert client.get("/").headers["Location"] == "/sign-in/?next=/"
    assert list(User.objects.all()) == [clerk]
    (entry,) = entries(AuditAction.SIGN_IN_FAILED)
    assert entry.detail == {"by": "sso"}
    assert "nobody@" not in str(vars(entry))


def test_forged_token_is_refused(clerk: User, provider: Provider, client: Client) -> None:
    provider.signs_with = rsa.generate_private_key(65537, 2048)

    assert come_back(client).headers["Location"] == "/sign-in/"
    assert client.get("/").headers["Location"] == "/sign-in/?next=/"


def test_missing_token_is_refused(clerk: User, provider: Provider, client: Client) -> None:
    provider.leaves_out_token = True

    assert come_back(client).headers["Location"] == "/sign-in/"


def test_guesses_at_the_password_do_not_shut_single_sign_on(clerk: User, client: Client) -> None:
    people.lock_user(user=clerk)

    come_back(client)

    assert accept(client).headers["Location"] == "/"
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("what", ["deactivated", "a system"])
def test_blocked_account_cannot_use_single_sign_on(what: str, clerk: User, client: Client) -> None:
    if what == "deactivated":
        people.deactivate_user(user=clerk)
    else:
        User.objects.update(is_system=True)

    assert come_back(client).headers["Location"] == "/sign-in/"
    assert TURNED_AWAY in client.get("/sign-in/").content.decode()


def test_second_factor_is_required_unless_the_provider_does(clerk: User, settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    first = Client()
    come_back(first)
    assert accept(first).headers["Location"] == "/"
    assert first.get("/").headers["Location"] == "/account/set-up/"
    secret = set_up_app(first)

    again = Client()
    come_back(again)
    assert accept(again).headers["Location"] == "/sign-in/second-factor/"
    assert again.get("/").headers["Location"] == "/sign-in/?next=/"
    assert give_code(again, code(secret, step=1)).headers["Location"] == "/"
    assert again.get("/").status_code == 200

    settings.SSO_HAS_SECOND_FACTOR = True
    trusted = Client()
    come_back(trusted)
    assert accept(trusted).headers["Location"] == "/"
    assert trusted.get("/").status_code == 200
    # The password is unchanged.
    assert enter(Client(), clerk).headers["Location"] == "/sign-in/second-factor/"


def test_identities_cannot_be_linked_to_accounts(clerk: User, make_person: MakePerson) -> None:
    client = Client()
    client.force_login(make_person(Role.JUDGE))

    answer = come_back(client, "/sign-in/sso/?process=connect")

    assert answer.headers["Location"] == "/sign-in/"
    assert not SocialAccount.objects.exists()


def test_unsolicited_callback_is_refused(clerk: User, client: Client) -> None:
    assert client.get("/sign-in/sso/callback/?code=x&state=y").headers["Location"] == "/sign-in/"
    assert client.get("/sign-in/sso/callback/?error=access_denied").headers["Location"] == "/sign-in/"


def test_callback_works_once_in_the_same_browser(clerk: User) -> None:
    asked, other = Client(), Client()
    back = _at_the_provider(asked.get("/sign-in/sso/").headers["Location"])

    assert other.get(back).headers["Location"] == "/sign-in/"
    assert asked.get(back).headers["Location"] == "/sign-in/use-notice/"
    assert Client().get(back).headers["Location"] == "/sign-in/"


def test_provider_that_is_down_is_handled(clerk: User, provider: Provider, client: Client) -> None:
    provider.answers = 503

    assert client.get("/sign-in/sso/").headers["Location"] == "/sign-in/"
    assert TURNED_AWAY in client.get("/sign-in/").content.decode()
    assert password(client, clerk.email).status_code == 302, "the password still does"


def test_no_button_without_a_provider(client: Client) -> None:
    page = client.get("/sign-in/").content.decode()

    assert "sso" not in page
    assert client.get("/sign-in/sso/").status_code == 404
    assert client.get("/sign-in/sso/callback/").status_code == 404


def test_half_a_configuration_does_not_start() -> None:
    with pytest.raises(ImproperlyConfigured, match="set all three or leave out all three"):
        settings_with({"CTC_SSO_ISSUER": "https://login.elm.example"})


def test_complete_configuration_is_read_from_the_environment() -> None:
    found = settings_with(
        {
            "CTC_SSO_ISSUER": "https://login.elm.example",
            "CTC_SSO_CLIENT_ID": CLIENT_ID,
            "CTC_SSO_CLIENT_SECRET": SECRET,
            "CTC_SSO_NAME": "Elm County",
        }
    )

    (app,) = found["SOCIALACCOUNT_PROVIDERS"]["openid_connect"]["APPS"]
    assert (app["name"], app["settings"]["server_url"]) == ("Elm County", "https://login.elm.example")
    assert found["SSO_HAS_SECOND_FACTOR"] is False


def come_back(client: Client, address: str = "/sign-in/sso/") -> Any:
    """Return the response to the callback after a visit to the provider."""
    there = client.get(address)
    assert there.status_code == 302, there.content.decode()
    return client.get(_at_the_provider(there.headers["Location"]))


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Do not follow redirects: the test client does."""


def _at_the_provider(address: str) -> str:
    """Return the address of the callback that the provider redirects to."""
    try:
        urllib.request.build_opener(_Stay).open(address, timeout=5)
    except urllib.error.HTTPError as answer:
        back = urlsplit(answer.headers["Location"])
        answer.close()
        return f"{back.path}?{back.query}"
    raise AssertionError("The provider did not redirect.")
