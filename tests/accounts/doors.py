"""Signing in as a person does it, step by step, and the codes that an authenticator app would show."""

from __future__ import annotations

import re
import time
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from accounts.models import Act, AuditEntry, User
from tests.accounts.conftest import PASSWORD


def code(secret: str, *, step: int = 0) -> str:
    """What an app with that key shows now, or some half minutes from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def password(client: Client, email: str, typed: str = PASSWORD, then: str = "") -> Any:
    """The answer to an email and a password."""
    return client.post("/sign-in/", {"username": email, "password": typed, "next": then})


def accept(client: Client) -> Any:
    """The answer to a use-notice that is accepted."""
    return client.post("/sign-in/use-notice/")


def enter(client: Client, user: User) -> Any:
    """The answer to a password and an accepted notice."""
    assert password(client, user.email).status_code == 302
    return accept(client)


def give_code(client: Client, typed: str) -> Any:
    """The answer to a code as second step."""
    return client.post("/sign-in/second-factor/", {"code": typed})


def set_up_app(client: Client) -> str:
    """The key of an authenticator app that the person of `client` has just set up."""
    page = client.get("/account/app/add/").content.decode()
    found = re.search(r'<code class="key"[^>]*>(\w+)</code>', page)
    assert found, page
    answer = client.post("/account/app/add/", {"code": code(found[1])})
    assert answer.status_code == 302, answer.content.decode()
    return found[1]


def entries(act: Act) -> list[AuditEntry]:
    """What the access log holds of one kind of act, the oldest first."""
    return list(AuditEntry.objects.filter(act=act).order_by("id"))
