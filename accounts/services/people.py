"""Accounts: who may sign in, and in which agency a person holds which role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from accounts.errors import LastAdministrator
from accounts.models import Agency, Membership, Role, User


@transaction.atomic
def create_user(*, email: str, name: str, password: str | None = None) -> User:
    """A user is stored who signs in with `email`. Without a password the account cannot sign in.

    Raises ValidationError when somebody already signs in with that address.
    """
    user = User(email=User.objects.normalize_email(email), name=name)
    user.set_password(password)
    user.full_clean()
    user.save()
    return user


@transaction.atomic
def change_user(*, user: User, email: str, name: str) -> User:
    """The person's name and sign-in address are as given."""
    user.email = User.objects.normalize_email(email)
    user.name = name
    user.full_clean()
    user.save(update_fields=["email", "name"])
    return user


@transaction.atomic
def set_password(*, user: User, password: str) -> User:
    """Only `password` signs in from now on; sessions that began with another one have ended."""
    user.set_password(password)
    user.save(update_fields=["password"])
    return user


@transaction.atomic
def deactivate_user(*, user: User) -> User:
    """The person can no longer sign in, and every session has ended. What the person did stays on record.

    Raises LastAdministrator when nobody could reverse it.
    """
    with _an_administrator_remains():
        user.is_active = False
        user.save(update_fields=["is_active"])
    _end_sessions(user)
    return user


@transaction.atomic
def reactivate_user(*, user: User) -> User:
    """The person can sign in again, with the password and the roles of before."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    return user


def grant_role(
    *, user: User, role: Role, agency: Agency | None = None, receives_alerts: bool = True
) -> Membership:
    """The person holds `role` in `agency`.

    Raises ValidationError when the role does not belong in an agency of that kind, or is held already.
    """
    return record_membership(
        membership=Membership(user=user, agency=agency, role=role, receives_alerts=receives_alerts)
    )


@transaction.atomic
def record_membership(*, membership: Membership) -> Membership:
    """The membership, new or changed, is stored as given. Raises ValidationError or LastAdministrator."""
    membership.full_clean()
    with _an_administrator_remains():
        membership.save()
    return membership


@transaction.atomic
def revoke_role(*, membership: Membership) -> None:
    """The person no longer holds that role there. Raises LastAdministrator when nobody would."""
    with _an_administrator_remains():
        membership.delete()


@contextmanager
def _an_administrator_remains() -> Iterator[None]:
    """Within it, somebody who can administer accounts may go, but not the last one."""
    able = Membership.objects.filter(role=Role.ADMINISTRATOR, user__is_active=True).order_by("pk")
    # Locked: two administrators who deactivate each other at one instant must not both succeed.
    before = list(able.select_for_update())
    yield
    if before and not able.exists():
        raise LastAdministrator


def _end_sessions(user: User) -> None:
    # A session does not name its person in a column. Few are alive at once: they last half an hour.
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            session.delete()
