"""Sign in and out: count attempts, lock the account's password after wrong ones, and log each."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib.auth import authenticate
from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now
from django.http import HttpRequest

from accounts.isolation import delete_isolated
from accounts.models import AuditAction, SignInAttempt, User
from accounts.services import devices, people
from accounts.services.access.access_log import address_of, record_for
from accounts.services.guesses import MAX_ATTEMPTS, MEMORY, Guess, count_recent, is_refused

#: The most earlier attempts that are read: far more than one account can have.
_MOST = 2000
#: The key of no account.
_NO_ACCOUNT = 0
#: The method of a sign-in that began with a link by mail.
RESET = "reset"
#: First factors that are no guesses. What follows them is counted apart, so that a lock does not stop it.
_NOT_GUESSED = ("socialaccount", RESET)
#: Seconds after sign-in in which sign-in methods can be changed without signing in again.
FRESH = 10 * 60


def by_password(request: HttpRequest, *, email: str, password: str, now: datetime) -> User | None:
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

    return user if attempt(request, user, is_right, by="password", now=now) else None


def attempt(
    request: HttpRequest, user: User | None, is_right: Callable[[], bool], *, by: str, now: datetime
) -> bool:
    """Return True if an attempt at the account was allowed and right.

    The attempt is counted before it is checked, so simultaneous attempts are all counted. A wrong one is
    logged, and the fifth within fifteen minutes locks the account.
    """
    counted = _count(request, user, now)
    # Check even if no attempt is allowed: a refusal must take as long as a wrong attempt.
    if is_right() and counted.user_id:
        counted.delete()
        return True
    _miss(request, user, counted, by)
    return False


def refuse(request: HttpRequest, user: User | None, *, by: str) -> None:
    """Log a refused sign-in that is not an attempt at a secret."""
    record_for(request, AuditAction.SIGN_IN_FAILED, subject=user, succeeded=False, detail={"by": by})


def may_enter(request: HttpRequest, user: User, *, now: datetime) -> bool:
    """Return True if the person of this sign-in may go on.

    A locked account is shut for passwords in browsers that it does not know. A passkey alone and single
    sign-on do not begin with a password, which strangers can guess at.
    """
    if user.locked_at is None or not user.is_person_in_use(now):
        return user.is_person_in_use(now)
    return "password" not in methods_of(request, user) or bool(devices.device_of(request, user))


@transaction.atomic
def complete(request: HttpRequest, user: User, methods: list[str]) -> None:
    """Log the sign-in, and delete the earlier attempts from here. With a second factor it ends a lock.

    The attempts of others stay, so that a stranger gains no new guesses by it.
    """
    here = SignInAttempt.objects.filter(user=user)
    device = devices.device_of(request, user)
    (here.filter(device=device) if device else here.filter(device="", address=address_of(request))).delete()
    record_for(request, AuditAction.SIGN_IN, actor=user, subject=user, detail={"by": methods})
    if user.locked_at is not None and has_second_factor(request, user):
        people.release_lock(user=user, why="second factor", request=request)


def leave(request: HttpRequest) -> None:
    """Log the sign-out of a signed-in person."""
    if isinstance(request.user, User):
        record_for(request, AuditAction.SIGN_OUT, subject=request.user)


def extend(request: HttpRequest) -> None:
    """Log that the person extended an idle session."""
    record_for(request, AuditAction.DONE, detail={"extended": "session"})


def delete_old_attempts() -> None:
    """Delete attempts that count no more."""
    delete_isolated("sign-in attempt", SignInAttempt.objects.filter(at__lt=Now() - MEMORY))


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
def _count(request: HttpRequest, user: User | None, now: datetime) -> SignInAttempt:
    """Save the attempt: at the account if it is allowed, else without an account.

    The row lock serializes attempts. Statements are the same whether or not there is an account.
    """
    row = User.objects.select_for_update().filter(pk=user.pk if user else _NO_ACCOUNT).first()
    pk = row.pk if row else _NO_ACCOUNT
    is_over = people.release_if_over(pk, request=request)
    made = _guesses(pk)
    address = address_of(request)
    if row is not None:
        device = _device(request, row)
        is_locked = row.locked_at is not None and not is_over
        if row.is_person_in_use(now) and not is_refused(
            made, address=address, device=device, is_locked=is_locked
        ):
            return SignInAttempt.objects.create(user=row, address=address, device=device)
    return SignInAttempt.objects.create(user=None, address=address, device="")


@transaction.atomic
def _miss(request: HttpRequest, user: User | None, counted: SignInAttempt, by: str) -> None:
    """Log a wrong attempt, and lock the account after too many, by the same statements in each case."""
    refuse(request, user, by=by)
    pk = counted.user_id or _NO_ACCOUNT
    row = User.objects.select_for_update().filter(pk=pk).first()
    SignInAttempt.objects.filter(pk=counted.pk).update(was_wrong=True)
    wrong = count_recent(_guesses(pk), device=counted.device, wrong_only=True)
    if row is not None and wrong >= MAX_ATTEMPTS:
        people.lock_user(user=row, request=request)


def _device(request: HttpRequest, user: User) -> str:
    """Return where the attempt is counted: a known browser, a first factor, or empty for all others."""
    methods = {str(one["method"]) for one in get_authentication_records(request, user)}
    if "password" not in methods and (proven := methods.intersection(_NOT_GUESSED)):
        return min(proven)
    return devices.device_of(request, user)


def _guesses(pk: int) -> list[Guess]:
    """Return the earlier attempts at the account within `MEMORY`, by the database's clock."""
    age = ExpressionWrapper(Now() - F("at"), output_field=DurationField())
    rows = SignInAttempt.objects.filter(user=pk, at__gt=Now() - MEMORY).annotate(age=age)
    found = rows.order_by("-at").values_list("age", "address", "device", "was_wrong")[:_MOST]
    return [Guess(*one) for one in found]
