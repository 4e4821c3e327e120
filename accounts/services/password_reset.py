"""Reset one's own password: a link by mail, then the second factor, then the new password.

The link alone opens nothing. It works for half an hour, until the next sign-in or new password.
"""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.cache import cache
from django.dispatch import Signal
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import AuditAction, User
from accounts.services import second_factor
from accounts.services.access.access_log import record_for

#: Sent with a `user` and the `link` to mail.
link_made = Signal()

#: Seconds before another link is mailed to the same person, so that strangers cannot flood a mailbox.
PAUSE = 10 * 60

_KEY = re.compile(r"[0-9]{1,18}")
_tokens = PasswordResetTokenGenerator()


def person_who_asked(request: HttpRequest, email: str) -> int:
    """Log the request, and return the key of the person with this address, or 0.

    Whether the person can get a link is decided in `mail_link`, so that this takes the same time for all.
    """
    try:
        user = User.objects.get_by_natural_key(email)
    except User.DoesNotExist:
        user = None
    record_for(request, AuditAction.DONE, subject=user, detail={"asked": "password reset"})
    return user.pk if user is not None else 0


def can_reset(user: User, now: datetime) -> bool:
    """Return True for people with a password and a second factor. Others ask their administrator."""
    return user.is_person_in_use(now) and user.has_usable_password() and second_factor.is_set_up(user)


def mail_link(pk: int, *, now: datetime) -> bool:
    """Have a link mailed, unless one was mailed a short while ago; return True if it was."""
    user = User.objects.filter(pk=pk).first()
    if user is None or not can_reset(user, now) or not cache.add(f"password-reset:{pk}", 1, PAUSE):
        return False
    address = reverse("reset-password", args=[f"{pk}-{_tokens.make_token(user)}"])
    link_made.send(User, user=user, link=urljoin(f"{settings.BASE_URL}/", address))
    return True


def person_of(token: str, *, now: datetime) -> User | None:
    """Return the person of a link in force."""
    pk, _, rest = token.partition("-")
    user = User.objects.filter(pk=int(pk)).first() if _KEY.fullmatch(pk) else None
    return user if user is not None and can_reset(user, now) and _tokens.check_token(user, rest) else None
