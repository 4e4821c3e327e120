"""Private calendar links: create, show once, revoke, and find the person by the link."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts.access import MATRIX
from accounts.backends import RoleBackend
from accounts.models import User
from notifications.models import CalendarFeed
from notifications.models.feed import LIFE

#: Roles that may view one of these can have a calendar.
RESOURCES = ("hearing", "deadline")

_BYTES = 32
_TO_THE_MINUTE = timedelta(minutes=1)


def can_have_feed(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Return True if a role of `user` may view hearings or deadlines."""
    return isinstance(user, User) and any(MATRIX.may(user.roles, "view", thing) for thing in RESOURCES)


def current_feed(user: User, *, now: datetime) -> CalendarFeed | None:
    """Return the person's link in force, if any."""
    return CalendarFeed.objects.filter(user=user, ended_at=None, expires_at__gt=now).first()


@transaction.atomic
def create_feed(user: User, *, now: datetime, shows_aliases: bool = False) -> str:
    """Create a link and revoke the one before; return its token, which cannot be read again later.

    With `shows_aliases`, entries begin with the words by which an advocate knows the clients.
    """
    # Serialize a double click.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    revoke_feed(user, now=now)
    token = secrets.token_urlsafe(_BYTES)
    CalendarFeed.objects.create(
        user=user,
        digest=digest_of(token),
        created_at=now,
        expires_at=now + LIFE,
        shows_aliases=shows_aliases,
    )
    return token


def revoke_feed(user: User, *, now: datetime) -> bool:
    """Revoke the person's link; return False if there was none."""
    return bool(CalendarFeed.objects.filter(user=user, ended_at=None).update(ended_at=now))


def end_feed(user: User, **_signal: object) -> None:
    """Revoke the person's link together with all sessions: the password may be known, or the device lost."""
    CalendarFeed.objects.filter(user=user, ended_at=None).update(ended_at=Now())


def feed_of(token: str, *, now: datetime) -> CalendarFeed | None:
    """Return the link with its owner, whose memberships are loaded.

    None for an unknown, revoked or expired link, or if the owner may no longer sign in or have a calendar.
    """
    in_force = CalendarFeed.objects.filter(ended_at=None, expires_at__gt=now)
    feed = in_force.filter(digest=digest_of(token)).first()
    user = RoleBackend().get_user(feed.user_id) if feed else None
    if feed is None or user is None or not can_have_feed(user):
        return None
    long_ago = Q(read_at=None) | Q(read_at__lt=now - _TO_THE_MINUTE)
    CalendarFeed.objects.filter(long_ago, pk=feed.pk).update(read_at=now)
    feed.user = user
    return feed


def digest_of(token: str) -> str:
    """Return the stored digest of a token. A token is 256 random bits, so no salt or slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
