"""Steps of sign-in as a person takes them, and codes as an authenticator app shows them."""

from __future__ import annotations

import re
import time
from typing import Any

from django.test import Client

from accounts.allauth_internals import format_hotp_value, hotp_value
from accounts.models import AuditAction, AuditEntry, User
from tests.accounts.conftest import PASSWORD


def code(secret: str, *, step: int = 0) -> str:
    """Return the code for a key now, or `step` half minutes from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def password(client: Client, email: str, typed: str = PASSWORD, then: str = "") -> Any:
    """Send an email address and a password."""
    return client.post("/sign-in/", {"username": email, "password": typed, "next": then})


def accept(client: Client) -> Any:
    """Accept the use notice."""
    return client.post("/sign-in/use-notice/")


def enter(client: Client, user: User) -> Any:
    """Send the password and accept the notice."""
    assert password(client, user.email).status_code == 302
    return accept(client)


def give_code(client: Client, typed: str) -> Any:
    """Send a code as second factor."""
    return client.post("/sign-in/second-factor/", {"code": typed})


def set_up_app(client: Client) -> str:
    """Set up an authenticator app and return its key."""
    page = client.get("/account/app/add/").content.decode()
    found = re.search(r'<code class="key"[^>]*>(\w+)</code>', page)
    assert found, page
    answer = client.post("/account/app/add/", {"code": code(found[1])})
    assert answer.status_code == 302, answer.content.decode()
    return found[1]


def entries(action: AuditAction) -> list[AuditEntry]:
    """Return the entries of one action, oldest first."""
    return list(AuditEntry.objects.filter(action=action).order_by("id"))
