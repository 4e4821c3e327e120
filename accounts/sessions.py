"""Store sessions in the database, encrypted, each with its user, under a digest of its key.

The key itself is in the browser's cookie only, so a reader of the table cannot act as another person.
"""

from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from allauth.account.authentication import get_authentication_records
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models.functions import Now
from django.utils import timezone
from typing_extensions import override

from accounts.crypto import decrypt, encrypt
from accounts.isolation import delete_isolated
from accounts.models import Session

#: Session key of the time of sign-in, in seconds since the epoch.
BEGAN = "began"


class SessionStore(DatabaseStore):
    """Keep a session until its idle limit or its absolute limit, whichever is first."""

    #: True in a request that a page makes by itself: it does not keep the session alive.
    is_quiet = False

    @override
    def save(self, must_create: bool = False) -> None:
        """Save, and begin the idle time again; do nothing for a quiet request."""
        if must_create or not self.is_quiet:
            super().save(must_create=must_create)

    @classmethod
    @override
    def get_model_class(cls) -> type[Session]:
        """Return the model with the user column."""
        return Session

    @override
    def exists(self, session_key: str) -> bool:
        """Return True if there is a session with this key."""
        return super().exists(digest_of(session_key))

    @override
    def delete(self, session_key: str | None = None) -> None:
        """Delete the session with this key, or this one."""
        if key := session_key or self.session_key:
            super().delete(digest_of(key))

    @classmethod
    @override
    def clear_expired(cls) -> None:
        """Delete the sessions that expired, by the database's clock."""
        delete_isolated("session", Session.objects.filter(expire_date__lt=Now()))

    def _get_session_from_db(self) -> Session | None:
        found = Session.objects.filter(expire_date__gt=timezone.now())
        row = found.filter(session_key=digest_of(self.session_key or "")).first()
        if row is None:
            self._session_key = None
        return row

    @override
    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row to save. It expires no later than the absolute limit after sign-in."""
        user = data.get(SESSION_KEY)
        if user:
            data.setdefault(BEGAN, time.time())
        row = cast("Session", super().create_model_instance(data))
        row.session_key = digest_of(row.session_key)
        row.user_id = int(user) if user else None
        if user:
            row.expire_date = min(row.expire_date, ends_at(data))
        return row

    @override
    def encode(self, session_dict: dict[str, Any]) -> str:
        """Encrypt: the data may include the key of an authenticator app during set-up."""
        return encrypt(json.dumps(session_dict))

    @override
    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Decrypt; return an empty session if the secret key has changed."""
        try:
            return dict(json.loads(decrypt(session_data)))
        except (InvalidToken, ValueError):
            return {}


def digest_of(key: str) -> str:
    """Return what is stored of a key. Keys are random, so no salt is needed."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def ends_at(data: Any) -> datetime:
    """Return the absolute end of the session."""
    return datetime.fromtimestamp(data[BEGAN] + settings.SESSION_LIMIT, UTC)


def passed_second_factor(row: Session) -> bool:
    """Return True if the person of the stored session proved a second factor, here or at the provider."""
    request: Any = SimpleNamespace(session=SessionStore().decode(row.session_data))
    methods = {one["method"] for one in get_authentication_records(request, row.user)}
    return "mfa" in methods or ("socialaccount" in methods and settings.SSO_HAS_SECOND_FACTOR)
