"""People and systems that call the API."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, Scope, User
from accounts.services.tokens import PREFIX, digest_of

#: The address that every other begins with.
ROOT = "/api/v1"


@dataclass
class Caller:
    """Somebody who calls with a token."""

    client: Client
    token: str

    def get(self, path: str, **query: Any) -> Any:
        """What a GET is answered."""
        headers = query.pop("headers", {})
        return self.client.get(ROOT + path, query or None, headers=self._with(headers))

    def post(self, path: str, body: Any = None, *, key: str = "", **headers: str) -> Any:
        """What a POST is answered; with a key of its own unless one is given."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(
            ROOT + path,
            body if body is not None else {},
            content_type="application/json",
            headers=self._with({"Idempotency-Key": key or str(uuid.uuid4()), **named}),
        )

    def put(self, path: str, body: Any) -> Any:
        """What a PUT is answered."""
        return self.client.put(ROOT + path, body, content_type="application/json", headers=self._with({}))

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        """What a PATCH is answered."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.patch(
            ROOT + path, body, content_type="application/json", headers=self._with(named)
        )

    def delete(self, path: str, **headers: str) -> Any:
        """What a DELETE is answered."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.delete(ROOT + path, headers=self._with(named))

    def _with(self, headers: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **headers}


MakeCaller = Callable[..., Caller]


@pytest.fixture
def caller(db: None) -> MakeCaller:
    """Makes a caller of somebody, with a token of every scope or of those given."""

    def make(user: User, scopes: list[str] | None = None) -> Caller:
        token = PREFIX + secrets.token_urlsafe(32)
        ApiToken.objects.create(
            user=user,
            name="a court's system",
            scopes=Scope.values if scopes is None else scopes,
            digest=digest_of(token),
            expires_at=timezone.now() + timedelta(days=1),
        )
        # As a caller sees it: an exception is an answer.
        return Caller(Client(raise_request_exception=False), token)

    return make
