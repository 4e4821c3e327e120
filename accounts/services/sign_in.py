"""Sign in and out: count attempts, lock the account after wrong ones, and log each."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib.auth import authenticate
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from accounts.models import AuditAction, SignInAttempt, User
from accounts.services import people
from accounts.services.access.access_log import record_for

#: This many wrong attempts within `WINDOW` lock an account.
MAX_ATTEMPTS = 5
WINDOW = timedelta(minutes=15)
#: Seconds after sign-in in which sign-in methods can be changed without signing in again.
FRESH = 10 * 60


def by_password(request: HttpRequest, *, email: str, password: str) -> User | None:
    """Return the person with this email address and password, or None.

    A locked or inactive account and an unknown address take the same time and leave the same traces as a
    wrong password.
    """
    try:
        user = User.objects.get_by_natural_key(email)
    except User.DoesNotExist:
        user = None

    def is_right() -> bool:
        # Hashes once whether or not the account exists.
        return authenticate(request, username=email, password=password) is not None

    return user if attempt(request, user, is_right, by="password") else None


def attempt(request: HttpRequest, user: User | None, is_right: Callable[[], bool], *, by: str) -> bool:
    """Return True if an attempt at the account was allowed and right.

    The attempt is counted before it is checked, so simultaneous attempts are all counted. A wrong one is
    logged, and the fifth within `WINDOW` locks the account until an administrator unlocks it.
    """
    counted = _count(user)
    # Check even if no attempt is allowed: a refusal must take as long as a wrong attempt.
    if is_right() and counted is not None and user is not None:
        counted.delete()
        return True
    _miss(request, user, counted, by)
    return False


def refuse(request: HttpRequest, user: User | None, *, by: str) -> None:
    """Log a refused sign-in that is not an attempt at a secret."""
    record_for(request, AuditAction.SIGN_IN_FAILED, subject=user, succeeded=False, detail={"by": by})


@transaction.atomic
def complete(request: HttpRequest, user: User, methods: list[str]) -> None:
    """Log the sign-in, and delete earlier attempts."""
    _attempts(user.pk).delete()
    record_for(request, AuditAction.SIGN_IN, actor=user, subject=user, detail={"by": methods})


def leave(request: HttpRequest) -> None:
    """Log the sign-out of a signed-in person."""
    if isinstance(request.user, User):
        record_for(request, AuditAction.SIGN_OUT, subject=request.user)


def extend(request: HttpRequest) -> None:
    """Log that the person extended an idle session."""
    record_for(request, AuditAction.DONE, detail={"extended": "session"})


def delete_old_attempts() -> None:
    """Delete attempts older than `WINDOW`."""
    SignInAttempt.objects.filter(at__lt=Now() - WINDOW).delete()


def methods_of(request: HttpRequest, user: Any) -> list[str]:
    """Return how the person of this session signed in: `password`, `totp`, `webauthn`, `socialaccount`, …"""
    return [str(one.get("type", one["method"])) for one in get_authentication_records(request, user)]


def has_second_factor(request: HttpRequest, user: Any) -> bool:
    """Return True if the sign-in used a second factor, or a provider that requires one."""
    methods = {one["method"] for one in get_authentication_records(request, user)}
    return "mfa" in methods or ("socialaccount" in methods and settings.SSO_HAS_SECOND_FACTOR)


def is_fresh(request: HttpRequest, user: Any) -> bool:
    """Return True for `FRESH` seconds after sign-in."""
    records = get_authentication_records(request, user)
    return bool(records) and time.time() - max(float(one["at"]) for one in records) < FRESH


@transaction.atomic
def _count(user: User | None) -> SignInAttempt | None:
    """Save the attempt; return None if none is allowed. The row lock serializes attempts."""
    pk = user.pk if user else None
    row = User.objects.select_for_update().filter(pk=pk or 0).first()
    made = len(_attempts(pk).values_list("pk", flat=True)[:MAX_ATTEMPTS])
    if row and (not row.may_sign_in or made >= MAX_ATTEMPTS):
        return None
    return SignInAttempt.objects.create(user_id=pk)


@transaction.atomic
def _miss(request: HttpRequest, user: User | None, counted: SignInAttempt | None, by: str) -> None:
    refuse(request, user, by=by)
    if counted is None or user is None:
        return
    User.objects.select_for_update().get(pk=user.pk)
    SignInAttempt.objects.filter(pk=counted.pk).update(was_wrong=True)
    if _attempts(user.pk).filter(was_wrong=True).count() >= MAX_ATTEMPTS:
        people.lock_user(user=user, request=request)


def _attempts(pk: int | None) -> QuerySet[SignInAttempt]:
    return SignInAttempt.objects.filter(user=pk, at__gt=Now() - WINDOW)
