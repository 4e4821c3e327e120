"""Authentication of systems by token; people use the session of their browser."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Prefetch, Q
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from typing_extensions import override

from accounts.models import ApiToken, Membership, User
from accounts.services.access.tokens import digest_of

#: How often a token's last use is stored.
_USE_STORED_EVERY = timedelta(minutes=1)


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer ctc_…`; the token is `request.auth`."""

    @override
    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the token and its user.

        Raises `AuthenticationFailed` if the token is unknown, expired or revoked, or its user is inactive or
        locked.
        """
        scheme, _, token_text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        now = timezone.now()
        memberships = Prefetch("user__memberships", Membership.objects.select_related("agency"))
        token = (
            ApiToken.objects.select_related("user")
            .prefetch_related(memberships)
            .filter(Q(revoked_at=None), digest=digest_of(token_text.strip()), expires_at__gt=now)
            .filter(
                Q(user__ends_at=None) | Q(user__ends_at__gt=now), user__is_active=True, user__locked_at=None
            )
            .first()
        )
        if token is None:
            raise AuthenticationFailed
        if token.used_at is None or now - token.used_at >= _USE_STORED_EVERY:
            ApiToken.objects.filter(pk=token.pk).update(used_at=now)
        return token.user, token

    @override
    def authenticate_header(self, request: Request) -> str:
        """Ask for a token, so that a caller without credentials gets 401, not 403."""
        return "Bearer"


class TokenScheme(OpenApiAuthenticationExtension):
    """Tokens in the OpenAPI document."""

    target_class = TokenAuthentication
    name = "token"

    @override
    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme of an HTTP bearer token."""
        return {"type": "http", "scheme": "bearer", "description": "A system's token, from an administrator."}
