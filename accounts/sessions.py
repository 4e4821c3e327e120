"""Where sessions are kept: in the database, sealed, each naming its person."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from typing_extensions import override

from accounts.crypto import seal, unseal
from accounts.models import Session

#: Under which name a session keeps the instant of its sign-in, in seconds of the epoch.
BEGAN = "began"


class SessionStore(DatabaseStore):
    """Keeps a session until it has been idle, or has lasted, for as long as the settings allow."""

    @classmethod
    @override
    def get_model_class(cls) -> type[Session]:
        """The session that names its person."""
        return Session

    @override
    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row to be stored. It ends no later than the absolute limit after sign-in."""
        user = data.get(SESSION_KEY)
        if user:
            data.setdefault(BEGAN, time.time())
        row = super().create_model_instance(data)
        assert isinstance(row, Session)  # noqa: S101 - narrows
        row.user_id = int(user) if user else None
        if user:
            row.expire_date = min(row.expire_date, ends_at(data))
        return row

    @override
    def encode(self, session_dict: dict[str, Any]) -> str:
        """Sealed: it may hold the key of an authenticator app that is being set up."""
        return seal(json.dumps(session_dict))

    @override
    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """What was sealed; nothing where the secret is another by now."""
        try:
            return dict(json.loads(unseal(session_data)))
        except (InvalidToken, ValueError):
            return {}


def ends_at(data: Any) -> datetime:
    """When the session ends, however busy it is."""
    return datetime.fromtimestamp(data[BEGAN] + settings.SESSION_LIMIT, UTC)
