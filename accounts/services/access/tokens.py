"""Issue and revoke the API tokens of systems. People have no tokens: they sign in."""

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

from accounts.models import ApiToken, AuditAction, EntryPoint, User
from accounts.services.access.access_log import record, record_for

#: Start of every token, so that secret scanners recognize one.
PREFIX = "ctc_"

#: The longest lifetime of a token.
LONGEST = timedelta(days=365)

_BYTES = 32


def digest_of(token: str) -> bytes:
    """Return the digest to store. A token is 256 random bits, so it needs no salt and no slow hash."""
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
    """Issue a token for a system's account. Return the row and the token, which is not stored.

    Raises ValidationError for a person, a locked or inactive account, no scope, or a lifetime out of range.
    """
    if not user.is_system:
        raise ValidationError({"user": "People sign in without tokens. Choose the account of a system."})
    if not user.is_active or user.locked_at:
        raise ValidationError({"user": "This account is locked or inactive. Unlock or reactivate it first."})
    if not timedelta() < lasts <= LONGEST:
        raise ValidationError({"lasts": f"Choose a lifetime of at most {LONGEST.days} days."})
    secret = PREFIX + secrets.token_urlsafe(_BYTES)
    now = timezone.now()
    token = ApiToken(
        user=user,
        name=name.strip(),
        scopes=sorted(set(scopes)),
        digest=digest_of(secret),
        created_at=now,
        created_by=_user_of(request),
        expires_at=now + lasts,
    )
    token.full_clean(exclude=["created_by"])
    token.save()
    detail = {"token": str(token.public_id), "scopes": token.scopes, "until": token.expires_at.isoformat()}
    _log(request, AuditAction.TOKEN_ISSUED, token, detail)
    return token, secret


@transaction.atomic
def revoke_token(*, token: ApiToken, request: HttpRequest | None = None) -> ApiToken:
    """Revoke the token at once. One that is already revoked keeps its time."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=Now()):
        _log(request, AuditAction.TOKEN_REVOKED, token, {"token": str(token.public_id)})
    token.refresh_from_db(fields=["revoked_at"])
    return token


def _user_of(request: HttpRequest | None) -> User | None:
    return request.user if request is not None and isinstance(request.user, User) else None


def _log(request: HttpRequest | None, action: AuditAction, token: ApiToken, detail: dict[str, Any]) -> None:
    if request is None:
        record(action, EntryPoint.SYSTEM, subject=token.user, detail=detail)
    else:
        record_for(request, action, subject=token.user, detail=detail)
