"""People and systems that call the API."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, Scope, User
from accounts.services.access.tokens import PREFIX, digest_of

#: The beginning of every URL.
ROOT = "/api/v1"


@dataclass
class Caller:
    """Somebody who calls with a token."""

    client: Client
    token: str

    def get(self, path: str, **query: Any) -> Any:
        """Send a GET."""
        headers = query.pop("headers", {})
        return self.client.get(ROOT + path, query or None, headers=self._with(headers))

    def post(self, path: str, body: Any = None, *, key: str = "", **headers: str) -> Any:
        """Send a POST, with a new idempotency key unless one is given."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(
            ROOT + path,
            body if body is not None else {},
            content_type="application/json",
            headers=self._with({"Idempotency-Key": key or str(uuid.uuid4()), **named}),
        )

    def put(self, path: str, body: Any) -> Any:
        """Send a PUT."""
        return self.client.put(ROOT + path, body, content_type="application/json", headers=self._with({}))

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        """Send a PATCH."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.patch(
            ROOT + path, body, content_type="application/json", headers=self._with(named)
        )

    def delete(self, path: str, **headers: str) -> Any:
        """Send a DELETE."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.delete(ROOT + path, headers=self._with(named))

    def _with(self, headers: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **headers}


MakeCaller = Callable[..., Caller]


def store_no_use_of_tokens() -> None:
    """Let no request store the last use of its token. Once a minute a request does, by one statement more."""
    ApiToken.objects.update(used_at=timezone.now() + timedelta(days=1))


def make_caller(user: User, scopes: list[str] | None = None) -> Caller:
    """Return somebody who calls for the user with a new token of all or the given scopes."""
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        user=user,
        name="a court's system",
        scopes=Scope.values if scopes is None else scopes,
        digest=digest_of(token),
        expires_at=timezone.now() + timedelta(days=1),
    )
    # As for a real caller, an exception becomes a response.
    return Caller(Client(raise_request_exception=False), token)
