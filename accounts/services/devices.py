"""Known browsers: those in which a person completed a sign-in with a second factor.

While an account is locked, its password is still accepted in them. The second factor is asked for as always.
A cookie proves it; it is encrypted, so it can be neither made nor read by others.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from datetime import timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.crypto import decrypt, encrypt
from accounts.models import User

COOKIE = "known_browser"
#: A browser is known for this long after the last sign-in with a second factor.
KNOWN_FOR = timedelta(days=90)
#: The most people of one browser, such as one shared at a desk.
_MOST = 20


def device_of(request: HttpRequest, user: User) -> str:
    """Return the name under which guesses of this browser are counted; empty for an unknown browser."""
    for one in _read(request):
        if one["user"] == user.pk and _is_in_force(one, user):
            return hashlib.sha256(str(one["id"]).encode()).hexdigest()[:32]
    return ""


def remember(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Make this browser one that the account knows."""
    others = [one for one in _read(request) if one["user"] != user.pk][-(_MOST - 1) :]
    entry = {"user": user.pk, "id": secrets.token_urlsafe(16), "at": time.time(), "of": _of(user)}
    response.set_cookie(
        COOKIE,
        encrypt(json.dumps([*others, entry])),
        max_age=KNOWN_FOR,
        path="/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _is_in_force(entry: dict[str, Any], user: User) -> bool:
    is_recent = time.time() - float(entry["at"]) < KNOWN_FOR.total_seconds()
    return is_recent and secrets.compare_digest(str(entry["of"]), _of(user))


def _of(user: User) -> str:
    """A digest of what ends the knowledge: a changed password, and the moment of signing out everywhere."""
    ended = user.sessions_ended_at.isoformat() if user.sessions_ended_at else ""
    return hashlib.sha256(f"{user.get_session_auth_hash()}{ended}".encode()).hexdigest()[:32]


def _read(request: HttpRequest) -> list[dict[str, Any]]:
    try:
        entries: list[dict[str, Any]] = json.loads(decrypt(request.COOKIES.get(COOKIE, "")))
    except (InvalidToken, ValueError):
        return []
    return entries
