"""The tokens with which systems call the API. People have none: they sign in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Act, ApiToken, Door, User
from accounts.services.audit import record, record_for

#: Opens every token, so that one that was left somewhere is known for what it is.
PREFIX = "ctc_"

#: For how long a token works at the most.
LONGEST = timedelta(days=365)

_BYTES = 32


def digest_of(token: str) -> bytes:
    """What is kept of a token. A token is 256 random bits: no salt is needed and no slow hash."""
    return hashlib.sha256(token.encode()).digest()


@transaction.atomic
def issue_token(
    *,
    user: User,
    name: str,
    scopes: Collection[str],
    lasts: timedelta,
    request: HttpRequest | None = None,
) -> tuple[ApiToken, str]:
    """A token for a system, and the token itself, which nobody can be told again.

    Raises ValidationError for a person, an account that calls no more, no scope, or too long a time.
    """
    if not user.is_system:
        raise ValidationError({"user": "People sign in. Give the token to the account of a system."})
    if not user.is_active or user.locked_at:
        raise ValidationError({"user": "This account may not call. Reactivate or release it first."})
    if not timedelta() < lasts <= LONGEST:
        raise ValidationError({"lasts": f"A token lasts from a moment to {LONGEST.days} days."})
    given = PREFIX + secrets.token_urlsafe(_BYTES)
    now = timezone.now()
    token = ApiToken(
        user=user,
        name=name.strip(),
        scopes=sorted(set(scopes)),
        digest=digest_of(given),
        created_at=now,
        created_by=_asker(request),
        expires_at=now + lasts,
    )
    token.full_clean(exclude=["created_by"])
    token.save()
    detail = {"token": str(token.public_id), "scopes": token.scopes, "until": token.expires_at.isoformat()}
    _put(request, Act.TOKEN_ISSUED, token, detail)
    return token, given


@transaction.atomic
def revoke_token(*, token: ApiToken, request: HttpRequest | None = None) -> ApiToken:
    """The token works no more, from this instant on. One that was revoked before stays as it is."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=Now()):
        _put(request, Act.TOKEN_REVOKED, token, {"token": str(token.public_id)})
    token.refresh_from_db(fields=["revoked_at"])
    return token


def _asker(request: HttpRequest | None) -> User | None:
    return request.user if request is not None and isinstance(request.user, User) else None


def _put(request: HttpRequest | None, act: Act, token: ApiToken, detail: dict[str, Any]) -> None:
    if request is None:
        record(act, Door.SYSTEM, subject=token.user, detail=detail)
    else:
        record_for(request, act, subject=token.user, detail=detail)
