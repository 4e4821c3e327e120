"""Signing in and out: guesses are counted, wrong ones lock, and each is on record."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib.auth import authenticate
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from accounts.models import Act, SignInAttempt, User
from accounts.services import people
from accounts.services.audit import record_for

#: So many wrong guesses lock an account …
GUESSES = 5
#: … when they are made within this time.
WITHIN = timedelta(minutes=15)
#: Seconds after sign-in for which nobody is asked to sign in again before changing how to sign in.
FRESH = 10 * 60


def by_password(request: HttpRequest, *, email: str, password: str) -> User | None:
    """The person whose email and password these are; None for everything else.

    A locked account, one that is deactivated and an address that no account has take as long, and leave the
    same behind, as a wrong password.
    """
    try:
        user = User.objects.get_by_natural_key(email)
    except User.DoesNotExist:
        user = None

    def is_right() -> bool:
        # Hashes once whether or not there is an account.
        return authenticate(request, username=email, password=password) is not None

    return user if guess(request, user, is_right, by="password") else None


def guess(request: HttpRequest, user: User | None, is_right: Callable[[], bool], *, by: str) -> bool:
    """True when a guess at the account was allowed, and right.

    It is counted before it is checked, so that guesses made at one instant are all counted. A wrong one is on
    record, and the fifth within fifteen minutes locks the account until an administrator releases it.
    """
    attempt = _count(user)
    # Asked even where no guess is allowed any more: a refusal takes as long as a wrong guess.
    if is_right() and attempt is not None and user is not None:
        attempt.delete()
        return True
    _miss(request, user, attempt, by)
    return False


def refuse(request: HttpRequest, user: User | None, *, by: str) -> None:
    """A sign-in that was not let in, though nothing was guessed, is on record."""
    record_for(request, Act.SIGN_IN_FAILED, subject=user, succeeded=False, detail={"by": by})


@transaction.atomic
def complete(request: HttpRequest, user: User, methods: list[str]) -> None:
    """The person is on record as signed in, and wrong guesses of before are forgotten."""
    _attempts(user.pk).delete()
    record_for(request, Act.SIGN_IN, actor=user, subject=user, detail={"by": methods})


def leave(request: HttpRequest) -> None:
    """Somebody who is signed in is on record as having signed out."""
    if isinstance(request.user, User):
        record_for(request, Act.SIGN_OUT, subject=request.user)


def extend(request: HttpRequest) -> None:
    """It is on record that somebody asked for an idle session to go on."""
    record_for(request, Act.DONE, detail={"extended": "session"})


def forget() -> None:
    """Guesses that count no more are gone."""
    SignInAttempt.objects.filter(at__lt=Now() - WITHIN).delete()


def methods_of(request: HttpRequest, user: Any) -> list[str]:
    """By what the person of this session has signed in: `password`, `totp`, `webauthn`, `socialaccount`, …"""
    return [str(one.get("type", one["method"])) for one in get_authentication_records(request, user)]


def has_second_factor(request: HttpRequest, user: Any) -> bool:
    """True when the session was opened with a second factor, or by a provider that asks for one."""
    methods = {one["method"] for one in get_authentication_records(request, user)}
    return "mfa" in methods or ("socialaccount" in methods and settings.SSO_HAS_SECOND_FACTOR)


def is_fresh(request: HttpRequest, user: Any) -> bool:
    """True for some minutes after sign-in."""
    records = get_authentication_records(request, user)
    return bool(records) and time.time() - max(float(one["at"]) for one in records) < FRESH


@transaction.atomic
def _count(user: User | None) -> SignInAttempt | None:
    """The guess, written down; None where no more is allowed. The account's row is locked: one at a time."""
    pk = user.pk if user else None
    row = User.objects.select_for_update().filter(pk=pk or 0).first()
    made = len(_attempts(pk).values_list("pk", flat=True)[:GUESSES])
    if row and (not row.may_sign_in or made >= GUESSES):
        return None
    return SignInAttempt.objects.create(user_id=pk)


@transaction.atomic
def _miss(request: HttpRequest, user: User | None, attempt: SignInAttempt | None, by: str) -> None:
    refuse(request, user, by=by)
    if attempt is None or user is None:
        return
    User.objects.select_for_update().get(pk=user.pk)
    SignInAttempt.objects.filter(pk=attempt.pk).update(was_wrong=True)
    if _attempts(user.pk).filter(was_wrong=True).count() >= GUESSES:
        people.lock_user(user=user, request=request)


def _attempts(pk: int | None) -> QuerySet[SignInAttempt]:
    return SignInAttempt.objects.filter(user=pk, at__gt=Now() - WITHIN)
