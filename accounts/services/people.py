"""Accounts and roles.

Every service takes the request, so that the access log has the actor and the network address. Without a
request the actor is the system.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet
from django.db.models.functions import Greatest, Now
from django.dispatch import Signal
from django.http import HttpRequest

from accounts.errors import LastAdministrator
from accounts.isolation import each_alone
from accounts.models import (
    Agency,
    ApiToken,
    AuditAction,
    Cover,
    CoverReason,
    EntryPoint,
    Membership,
    Role,
    Session,
    SignInAttempt,
    User,
)
from accounts.services.access.access_log import record, record_for
from accounts.services.managers import check_grants, check_manages
from accounts.sessions import passed_second_factor
from accounts.text import clean

#: Sent with a `user` whose sessions and tokens have all been ended.
ended = Signal()

#: Accounts unused for this long are disabled.
UNUSED = timedelta(days=90)

#: The fields of a membership that decide about alerts, not about access.
_ALERTED = ("receives_alerts", "is_backup")


@transaction.atomic
def create_user(
    *,
    email: str,
    name: str,
    password: str | None = None,
    is_system: bool = False,
    must_change_password: bool = False,
    ends_at: datetime | None = None,
    request: HttpRequest | None = None,
) -> User:
    """Create a user. Without a password the person can sign in only by single sign-on.

    A system has no password and never signs in. `ends_at` makes the account temporary. Raises ValidationError
    if the address is in use.
    """
    user = User(
        email=User.objects.normalize_email(clean(email)),
        name=clean(name),
        is_system=is_system,
        must_change_password=must_change_password and bool(password),
        ends_at=ends_at,
    )
    user.set_password(None if is_system else password)
    user.full_clean()
    user.save()
    _log(request, AuditAction.ACCOUNT_CREATED, user)
    return user


@transaction.atomic
def change_user(
    *, user: User, email: str, name: str, ends_at: datetime | None = None, request: HttpRequest | None = None
) -> User:
    """Change the name, the email address and the end. Raises ValidationError for an administrator's end."""
    check_manages(request, user)
    before = User.objects.values("email", "name", "ends_at").get(pk=user.pk)
    user.email = User.objects.normalize_email(clean(email))
    user.name = clean(name)
    user.ends_at = ends_at
    user.full_clean()
    _check_end(user, {one.role for one in Membership.objects.filter(user=user)})
    user.save(update_fields=["email", "name", "ends_at"])
    if changed := [field for field, value in before.items() if getattr(user, field) != value]:
        _log(request, AuditAction.ACCOUNT_CHANGED, user, fields=changed)
    return user


@transaction.atomic
def set_password(
    *,
    user: User,
    password: str,
    must_change_password: bool = False,
    request: HttpRequest | None = None,
    **how: str,
) -> User:
    """Set the password, and end every session and token.

    With `must_change_password` the person chooses another at the next sign-in.
    """
    check_manages(request, user)
    user.set_password(password)
    user.must_change_password = must_change_password
    user.save(update_fields=["password", "must_change_password"])
    _log(request, AuditAction.PASSWORD_CHANGED, user, **_end_everything(user, request), **how)
    return user


def choose_map_links(user: User, *, wants: bool) -> None:
    """Store whether a person wants links to a map beside addresses."""
    user.shows_map_links = wants
    user.save(update_fields=["shows_map_links"])


@transaction.atomic
def sign_out_everywhere(*, user: User, request: HttpRequest | None = None) -> User:
    """End every session, token and calendar link of the account. The person can sign in again."""
    check_manages(request, user)
    _log(request, AuditAction.SIGN_OUT, user, everywhere=True, **_end_everything(user, request))
    return user


@transaction.atomic
def deactivate_user(*, user: User, request: HttpRequest | None = None, **why: str) -> User:
    """Deactivate the account, and end every session and token. Entries in the access log remain.

    Raises LastAdministrator for the last active administrator.
    """
    check_manages(request, user)
    with _keep_an_administrator():
        user.is_active = False
        user.save(update_fields=["is_active"])
    Cover.objects.create(user=user, reason=CoverReason.LEFT)
    _log(request, AuditAction.ACCOUNT_DISABLED, user, **_end_everything(user, request), **why)
    return user


@transaction.atomic
def reactivate_user(*, user: User, request: HttpRequest | None = None) -> User:
    """Reactivate the account with its password, second factors and roles."""
    check_manages(request, user)
    User.objects.filter(pk=user.pk).update(is_active=True, enabled_at=Now())
    user.refresh_from_db(fields=["is_active", "enabled_at"])
    _log(request, AuditAction.ACCOUNT_ENABLED, user)
    return user


@transaction.atomic
def lock_user(*, user: User, request: HttpRequest | None = None) -> None:
    """Lock the account: no password is accepted in browsers that it does not know, until the lock ends.

    Sessions that passed a second factor go on, because who guesses is a stranger to them. Others end.
    """
    if User.objects.filter(pk=user.pk, locked_at=None).update(locked_at=Now()):
        Cover.objects.create(user=user, reason=CoverReason.LOCKED)
        ended.send(User, user=user)
        # The account is the subject, not the actor: the attempts may be someone else's.
        _log(request, AuditAction.LOCKED, user, sessions=_end_weak_sessions(user))


@transaction.atomic
def unlock_user(*, user: User, request: HttpRequest | None = None) -> None:
    """Unlock the account, and delete the attempts that locked it."""
    check_manages(request, user)
    SignInAttempt.objects.filter(user=user).delete()
    if User.objects.filter(pk=user.pk, locked_at__isnull=False).update(locked_at=None):
        _log(request, AuditAction.UNLOCKED, user)


@transaction.atomic
def release_lock(*, user: User, why: str, request: HttpRequest | None = None) -> None:
    """End the lock, but keep the attempts that locked the account: who guessed gains nothing."""
    if User.objects.filter(pk=user.pk, locked_at__isnull=False).update(locked_at=None):
        user.locked_at = None
        _log(request, AuditAction.UNLOCKED, user, why=why)


def release_if_over(pk: int, *, request: HttpRequest | None = None) -> bool:
    """End the lock of the account with this key if its time is over; return True if it was."""
    user = _locks_that_are_over().filter(pk=pk).first()
    if user is None:
        return False
    release_lock(user=user, why="time", request=request)
    return True


def release_locks() -> int:
    """End all locks whose time is over; return how many."""
    over = _locks_that_are_over().order_by("pk")
    return len(each_alone("lock of an account", over, lambda one: release_lock(user=one, why="time")))


def _locks_that_are_over() -> QuerySet[User]:
    """Locked people, by the database's clock. Without a time limit, administrators end locks."""
    if not settings.LOCK_MINUTES:
        return User.objects.none()
    return User.objects.filter(locked_at__lte=Now() - timedelta(minutes=settings.LOCK_MINUTES))


def _end_weak_sessions(user: User) -> int:
    """End the sessions that passed no second factor; return how many."""
    weak = [one.pk for one in Session.objects.filter(user=user) if not passed_second_factor(one)]
    return Session.objects.filter(pk__in=weak).delete()[0]


@transaction.atomic
def reset_second_factor(*, user: User, request: HttpRequest | None = None) -> None:
    """Remove all second factors, and end every session. The person sets up a new one at the next sign-in."""
    check_manages(request, user)
    factors = sorted(Authenticator.objects.filter(user=user.pk).values_list("type", flat=True))
    Authenticator.objects.filter(user=user.pk).delete()
    counts = _end_everything(user, request)
    if factors or any(counts.values()):
        _log(request, AuditAction.FACTOR_REMOVED, user, **counts, factors=factors)


def end_temporary() -> int:
    """Deactivate temporary accounts that have ended, by the database's clock; return how many."""
    over = User.objects.filter(is_active=True, ends_at__lte=Now()).order_by("ends_at", "pk")
    return len(each_alone("temporary account", over, lambda one: deactivate_user(user=one, why="temporary")))


@transaction.atomic
def end_access(
    *, user: User, reason: str, by: User | None = None, request: HttpRequest | None = None
) -> dict[str, int]:
    """End every session, API token and calendar link of the account, which may sign in again.

    For an incident: a password, a device, a token or a link may be in wrong hands. Without a request, `by` is
    the person who runs the command. Return how many sessions and tokens ended.
    """
    check_manages(request, user)
    counts = _end_everything(user, request)
    detail = {"act": "end_access", "reason": clean(reason), **counts}
    if request is None:
        record(AuditAction.ACCOUNT_CHANGED, EntryPoint.COMMAND, actor=by, subject=user, detail=detail)
    else:
        record_for(request, AuditAction.ACCOUNT_CHANGED, subject=user, detail=detail)
    return counts


def disable_unused() -> int:
    """Disable accounts unused for `UNUSED`, by the database's clock. Return how many.

    Sign-in, use of a token, creation and reactivation count as use. The last administrator is not disabled.
    """
    used = Greatest("joined_at", "enabled_at", "last_login", Max("tokens__used_at"))
    unused = User.objects.filter(is_active=True).alias(used=used).filter(used__lt=Now() - UNUSED)
    # Longest unused first, so that the administrator who remains is the one used last.
    return sum(each_alone("unused account", unused.order_by("used", "pk"), _disable))


def _disable(user: User) -> bool:
    try:
        deactivate_user(user=user, why="unused")
    except LastAdministrator:
        return False
    return True


def grant_role(
    *,
    user: User,
    role: Role,
    agency: Agency | None = None,
    receives_alerts: bool = True,
    is_backup: bool = False,
    request: HttpRequest | None = None,
) -> Membership:
    """Give the user `role` in `agency`.

    Raises ValidationError if the role does not fit the kind of agency or the user already holds it.
    """
    membership = Membership(
        user=user, agency=agency, role=role, receives_alerts=receives_alerts, is_backup=is_backup
    )
    return record_membership(membership=membership, request=request)


@transaction.atomic
def record_membership(*, membership: Membership, request: HttpRequest | None = None) -> Membership:
    """Save a new or changed membership. Raises ValidationError or LastAdministrator."""
    before = Membership.objects.filter(pk=membership.pk).first()
    for one in filter(None, (before, membership)):
        check_grants(request, one)
    membership.full_clean()
    _check_end(membership.user, {membership.role})
    with _keep_an_administrator():
        membership.save()
    if before and (_held(before) != _held(membership) or not membership.receives_alerts):
        Cover.objects.create(user=membership.user, reason=CoverReason.LEFT)
    if before and _held(before) != _held(membership):
        _log(request, AuditAction.ROLE_REVOKED, membership.user, **_held(before))
    if before is None or _held(before) != _held(membership):
        _log(request, AuditAction.ROLE_GRANTED, membership.user, **_held(membership))
    elif changed := [name for name in _ALERTED if getattr(before, name) is not getattr(membership, name)]:
        _log(request, AuditAction.ACCOUNT_CHANGED, membership.user, fields=changed, **_held(membership))
    return membership


@transaction.atomic
def revoke_role(*, membership: Membership, request: HttpRequest | None = None) -> None:
    """Revoke the role. Raises LastAdministrator if it is the last active administrator's."""
    check_grants(request, membership)
    held = _held(membership)
    with _keep_an_administrator():
        membership.delete()
    Cover.objects.create(user=membership.user, reason=CoverReason.LEFT)
    _log(request, AuditAction.ROLE_REVOKED, membership.user, **held)


@contextmanager
def _keep_an_administrator() -> Iterator[None]:
    """Raise LastAdministrator if the block removes the last active administrator."""
    able = Membership.objects.filter(role=Role.ADMINISTRATOR, user__is_active=True).order_by("pk")
    # The lock keeps two administrators from deactivating each other at the same time.
    before = list(able.select_for_update())
    yield
    if before and not able.exists():
        raise LastAdministrator


def _check_end(user: User, roles: Collection[str]) -> None:
    """Raise ValidationError for a temporary administrator: the last one must not end by itself."""
    if user.ends_at is not None and Role.ADMINISTRATOR in roles:
        message = "An administrator's account cannot be temporary. Remove the end, or choose another role."
        raise ValidationError(message)


def _end_everything(user: User, request: HttpRequest | None) -> dict[str, int]:
    """End every session and token of the user, and what listens to `ended`. Return how many there were."""
    if request is not None and request.user == user:
        # Flush the current session too, or the middleware would save it again.
        request.session.flush()
    sessions, _ = Session.objects.filter(user=user).delete()
    User.objects.filter(pk=user.pk).update(sessions_ended_at=Now())
    tokens = ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=Now())
    ended.send(User, user=user)
    return {"sessions": sessions, "tokens": tokens}


def _held(membership: Membership) -> dict[str, Any]:
    return {"role": membership.role, "agency": membership.agency_id}


def _log(request: HttpRequest | None, action: AuditAction, user: User, **detail: Any) -> None:
    if request is None:
        record(action, EntryPoint.SYSTEM, subject=user, detail=detail)
    else:
        record_for(request, action, subject=user, detail=detail)
