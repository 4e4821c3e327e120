"""A session that someone else began, or that ended, opens nothing."""

from __future__ import annotations

import pytest
from django.conf import settings as site
from django.test import Client

from accounts.models import Role, User
from tests.accounts.conftest import MakePerson
from tests.accounts.sign_in_steps import accept, code, enter, give_code, set_up_app

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("second_factor")]


@pytest.fixture
def clerk(make_person: MakePerson) -> User:
    return make_person(Role.CLERK)


def with_cookie(value: str) -> Client:
    """A browser in which this session cookie was planted."""
    client = Client()
    client.cookies[site.SESSION_COOKIE_NAME] = value
    return client


def cookie_of(client: Client) -> str:
    return client.cookies[site.SESSION_COOKIE_NAME].value


def test_the_session_has_a_new_key_at_each_step_of_signing_in(clerk: User) -> None:
    first = Client()
    enter(first, clerk)
    secret = set_up_app(first)
    planted = "a" * 32
    client = with_cookie(planted)
    enter(client, clerk)
    between = cookie_of(client)
    accept(client)
    assert give_code(client, code(secret, step=1)).headers["Location"] == "/"
    inside = cookie_of(client)

    assert len({planted, between, inside}) == 3
    assert client.get("/").status_code == 200
    for old in (planted, between):
        assert with_cookie(old).get("/").headers["Location"] == "/sign-in/?next=/"


def test_a_session_that_was_signed_out_opens_nothing(clerk: User) -> None:
    client = Client()
    enter(client, clerk)
    set_up_app(client)
    inside = cookie_of(client)
    assert with_cookie(inside).get("/").status_code == 200

    client.post("/sign-out/")

    assert with_cookie(inside).get("/").headers["Location"] == "/sign-in/?next=/"
