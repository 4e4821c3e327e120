"""Private links to a calendar: made, shown once, withdrawn, and who reads by one."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Q

from accounts.access import MATRIX
from accounts.backends import RoleBackend
from accounts.models import User
from notifications.models import CalendarFeed

#: Whoever may look at one of these has something for a calendar.
THINGS = ("hearing", "deadline")

_BYTES = 32
_TO_THE_MINUTE = timedelta(minutes=1)


def may_have(user: AbstractBaseUser | AnonymousUser) -> bool:
    """True for a person whose role looks at hearings or deadlines."""
    return isinstance(user, User) and any(MATRIX.may(user.roles, "view", thing) for thing in THINGS)


def standing_feed(user: User) -> CalendarFeed | None:
    """The person's link, while there is one."""
    return CalendarFeed.objects.filter(user=user, ended_at=None).first()


@transaction.atomic
def make_feed(user: User, *, now: datetime) -> str:
    """A new link's token, which nobody can be told again. The link before it ends."""
    # One after the other, where somebody presses twice.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    withdraw_feed(user, now=now)
    token = secrets.token_urlsafe(_BYTES)
    CalendarFeed.objects.create(user=user, digest=digest_of(token), created_at=now)
    return token


def withdraw_feed(user: User, *, now: datetime) -> bool:
    """The person's link leads nowhere from now on; False where there was none."""
    return bool(CalendarFeed.objects.filter(user=user, ended_at=None).update(ended_at=now))


def reader_of(token: str, *, now: datetime) -> User | None:
    """Whose link this is, with memberships at hand. None for an unknown or withdrawn one, and for who may
    not sign in or sees nothing for a calendar any more."""
    feed = CalendarFeed.objects.filter(digest=digest_of(token), ended_at=None).first()
    user = RoleBackend().get_user(feed.user_id) if feed else None
    if feed is None or user is None or not may_have(user):
        return None
    long_ago = Q(read_at=None) | Q(read_at__lt=now - _TO_THE_MINUTE)
    CalendarFeed.objects.filter(long_ago, pk=feed.pk).update(read_at=now)
    return user


def digest_of(token: str) -> str:
    """What is kept of a link. Its token is 256 random bits: no salt is needed and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
