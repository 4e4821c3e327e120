"""The addresses below /.well-known/ answer without sign-in, and reveal nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Role
from tests.accounts.conftest import MakePerson

pytestmark = pytest.mark.django_db


def test_security_txt_has_the_fields_of_rfc_9116(client: Client, settings: Settings) -> None:
    settings.SECURITY_CONTACT = "mailto:security@orders.example"
    settings.BASE_URL = "https://orders.example"

    answer = client.get("/.well-known/security.txt")

    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    expires = datetime.fromisoformat(fields.pop("Expires"))
    assert timedelta(days=80) < expires - datetime.now(UTC) < timedelta(days=365)
    assert fields == {
        "Contact": "mailto:security@orders.example",
        "Preferred-Languages": "en, es",
        "Canonical": "https://orders.example/.well-known/security.txt",
    }


def test_there_is_no_security_txt_without_a_contact(client: Client) -> None:
    assert client.get("/.well-known/security.txt").status_code == 404


def test_change_password_leads_to_the_page_signed_in_or_not(client: Client, make_person: MakePerson) -> None:
    anonymous = client.get("/.well-known/change-password")
    client.force_login(make_person(Role.CLERK))
    signed_in = client.get("/.well-known/change-password")

    for answer in (anonymous, signed_in):
        assert (answer.status_code, answer.headers["Location"]) == (302, "/account/password/")


def test_both_answer_a_session_that_has_no_second_factor_yet(
    client: Client, make_person: MakePerson, settings: Settings
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    settings.SECURITY_CONTACT = "https://orders.example/security"
    client.force_login(make_person(Role.CLERK))

    assert client.get("/.well-known/security.txt").status_code == 200
    assert client.get("/.well-known/change-password").status_code == 302


def test_an_address_that_should_not_exist_is_404(client: Client) -> None:
    # A password manager asks for this one, to learn whether the site answers honestly.
    missing = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200"

    assert client.get(missing).status_code == 404


@pytest.mark.parametrize("contact", ["security@orders.example", "http://orders.example", "mailto:a b"])
def test_a_contact_that_is_no_uri_is_refused(contact: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env={**os.environ, "CTC_SECURITY_CONTACT": contact},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("CTC_SECURITY_CONTACT: not a URI;")
    assert done.stderr.count("\n") == 1


def test_a_browser_finds_the_icon_beside_a_file(client: Client) -> None:
    answer = client.get("/favicon.ico")

    assert answer.status_code == 302
    icon: Any = client.get(answer.headers["Location"])
    assert icon.headers["Content-Type"] == "image/svg+xml"
    assert b"".join(icon.streaming_content).startswith(b"<svg")
    icon.close()
