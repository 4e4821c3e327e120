"""The key by which a telephone keeps what was typed: for its person alone, and for twelve hours."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from accounts.models import Role
from accounts.services.device_keys import READABLE_FOR, key_for, new_token
from tests import make

pytestmark = pytest.mark.django_db


def test_a_token_gives_its_person_the_same_key_again() -> None:
    person, other = make.person(Role.LIAISON, make.agency()), make.person(Role.LIAISON, make.agency())
    token = new_token(person)

    assert key_for(token, person) == key_for(token, person) != ""
    assert key_for(new_token(person), person) != key_for(token, person)
    assert key_for(token, other) == ""
    assert key_for(token + "x", person) == ""


@pytest.mark.parametrize(("minutes", "is_given"), [(-1, True), (1, False)])
def test_a_key_is_given_for_twelve_hours(
    minutes: int, *, is_given: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = make.person(Role.LIAISON, make.agency())
    token, later = new_token(person), time.time() + READABLE_FOR.total_seconds() + minutes * 60

    monkeypatch.setattr("django.core.signing.time.time", lambda: later)

    assert bool(key_for(token, person)) == is_given


def test_a_key_needs_a_session() -> None:
    client = Client()
    assert client.post("/account/device-key/").status_code == 302

    client.force_login(make.person(Role.LIAISON, make.agency()))
    given = client.post("/account/device-key/").json()

    assert given["key"]
    assert client.post("/account/device-key/", {"token": given["token"]}).json() == given
    assert client.get("/account/device-key/").status_code in (302, 405)
