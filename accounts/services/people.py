"""Accounts: who may sign in, and in which agency a person holds which role.

Every service takes the request that asks for it, so that the record says who did it and from where; without
one, the system did.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Greatest, Now
from django.http import HttpRequest

from accounts.errors import LastAdministrator
from accounts.models import Act, Agency, ApiToken, Door, Membership, Role, Session, SignInAttempt, User
from accounts.services.audit import record, record_for

#: An account that nobody has used for so long is disabled.
UNUSED = timedelta(days=90)


@transaction.atomic
def create_user(
    *,
    email: str,
    name: str,
    password: str | None = None,
    is_system: bool = False,
    request: HttpRequest | None = None,
) -> User:
    """A user is stored who signs in with `email`. Without a password only single sign-on lets the person in.

    A system has no password, and never signs in. Raises ValidationError when somebody already signs in with
    that address.
    """
    user = User(email=User.objects.normalize_email(email), name=name, is_system=is_system)
    user.set_password(None if is_system else password)
    user.full_clean()
    user.save()
    _put(request, Act.ACCOUNT_CREATED, user)
    return user


@transaction.atomic
def change_user(*, user: User, email: str, name: str, request: HttpRequest | None = None) -> User:
    """The person's name and sign-in address are as given."""
    before = User.objects.values("email", "name").get(pk=user.pk)
    user.email = User.objects.normalize_email(email)
    user.name = name
    user.full_clean()
    user.save(update_fields=["email", "name"])
    if changed := [field for field, value in before.items() if getattr(user, field) != value]:
        _put(request, Act.ACCOUNT_CHANGED, user, fields=changed)
    return user


@transaction.atomic
def set_password(*, user: User, password: str, request: HttpRequest | None = None) -> User:
    """Only `password` signs in from now on; every session and token has ended."""
    user.set_password(password)
    user.save(update_fields=["password"])
    _put(request, Act.PASSWORD_CHANGED, user, **_end_everything(user, request))
    return user


@transaction.atomic
def deactivate_user(*, user: User, request: HttpRequest | None = None, **why: str) -> User:
    """The person can no longer sign in, and every session and token has ended. What was done stays on record.

    Raises LastAdministrator when nobody could reverse it.
    """
    with _an_administrator_remains():
        user.is_active = False
        user.save(update_fields=["is_active"])
    _put(request, Act.ACCOUNT_DISABLED, user, **_end_everything(user, request), **why)
    return user


@transaction.atomic
def reactivate_user(*, user: User, request: HttpRequest | None = None) -> User:
    """The person can sign in again, with the password, the factors and the roles of before."""
    User.objects.filter(pk=user.pk).update(is_active=True, enabled_at=Now())
    user.refresh_from_db(fields=["is_active", "enabled_at"])
    _put(request, Act.ACCOUNT_ENABLED, user)
    return user


@transaction.atomic
def lock_user(*, user: User, request: HttpRequest | None = None) -> None:
    """Nobody signs in to the account until it is released, and every session and token has ended."""
    if User.objects.filter(pk=user.pk, locked_at=None).update(locked_at=Now()):
        # The one who guessed too often is not the person; the account did nothing.
        _put(request, Act.LOCKED, user, **_end_everything(user, request))


@transaction.atomic
def release_user(*, user: User, request: HttpRequest | None = None) -> None:
    """The account is locked no more, and the guesses that locked it are forgotten."""
    SignInAttempt.objects.filter(user=user).delete()
    if User.objects.filter(pk=user.pk, locked_at__isnull=False).update(locked_at=None):
        _put(request, Act.RELEASED, user)


@transaction.atomic
def reset_second_factor(*, user: User, request: HttpRequest | None = None) -> None:
    """The person has no second factor and sets up a new one at the next sign-in; every session has ended."""
    factors = sorted(Authenticator.objects.filter(user=user.pk).values_list("type", flat=True))
    Authenticator.objects.filter(user=user.pk).delete()
    if factors:
        _put(request, Act.FACTOR_REMOVED, user, **_end_everything(user, request), factors=factors)


def disable_unused() -> int:
    """Accounts that nobody has used for ninety days are disabled; the answer is how many.

    Used is signed in, or called with a token; new and reactivated count as used. The clock is the database's.
    The last administrator stays.
    """
    used = Greatest("joined_at", "enabled_at", "last_login", Max("tokens__used_at"))
    unused = User.objects.filter(is_active=True).alias(used=used).filter(used__lt=Now() - UNUSED)
    disabled = 0
    # The longest unused goes first, so that the last administrator is the one seen last.
    for user in unused.order_by("used", "pk"):
        try:
            deactivate_user(user=user, why="unused")
        except LastAdministrator:
            continue
        disabled += 1
    return disabled


def grant_role(
    *,
    user: User,
    role: Role,
    agency: Agency | None = None,
    receives_alerts: bool = True,
    request: HttpRequest | None = None,
) -> Membership:
    """The person holds `role` in `agency`.

    Raises ValidationError when the role does not belong in an agency of that kind, or is held already.
    """
    membership = Membership(user=user, agency=agency, role=role, receives_alerts=receives_alerts)
    return record_membership(membership=membership, request=request)


@transaction.atomic
def record_membership(*, membership: Membership, request: HttpRequest | None = None) -> Membership:
    """The membership, new or changed, is stored as given. Raises ValidationError or LastAdministrator."""
    membership.full_clean()
    before = Membership.objects.filter(pk=membership.pk).first()
    with _an_administrator_remains():
        membership.save()
    if before and _held(before) != _held(membership):
        _put(request, Act.ROLE_REVOKED, membership.user, **_held(before))
    if before is None or _held(before) != _held(membership):
        _put(request, Act.ROLE_GRANTED, membership.user, **_held(membership))
    elif before.receives_alerts is not membership.receives_alerts:
        _put(request, Act.ACCOUNT_CHANGED, membership.user, fields=["receives_alerts"], **_held(membership))
    return membership


@transaction.atomic
def revoke_role(*, membership: Membership, request: HttpRequest | None = None) -> None:
    """The person no longer holds that role there. Raises LastAdministrator when nobody would."""
    held = _held(membership)
    with _an_administrator_remains():
        membership.delete()
    _put(request, Act.ROLE_REVOKED, membership.user, **held)


@contextmanager
def _an_administrator_remains() -> Iterator[None]:
    """Within it, somebody who can administer accounts may go, but not the last one."""
    able = Membership.objects.filter(role=Role.ADMINISTRATOR, user__is_active=True).order_by("pk")
    # Locked: two administrators who deactivate each other at one instant must not both succeed.
    before = list(able.select_for_update())
    yield
    if before and not able.exists():
        raise LastAdministrator


def _end_everything(user: User, request: HttpRequest | None) -> dict[str, int]:
    """No session and no token of the person works any more; how many did."""
    if request is not None and request.user == user:
        # Their own, of which nothing may be stored again when the answer goes out.
        request.session.flush()
    sessions, _ = Session.objects.filter(user=user).delete()
    tokens = ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=Now())
    return {"sessions": sessions, "tokens": tokens}


def _held(membership: Membership) -> dict[str, Any]:
    return {"role": membership.role, "agency": membership.agency_id}


def _put(request: HttpRequest | None, act: Act, user: User, **detail: Any) -> None:
    if request is None:
        record(act, Door.SYSTEM, subject=user, detail=detail)
    else:
        record_for(request, act, subject=user, detail=detail)
