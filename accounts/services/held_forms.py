"""Hold what was typed into a form whose session has ended, and hand it to the same person after sign-in.

A request without a session proves nothing about its sender. What binds it to a person is the signed one-time
key in the form, which only pages shown to that person contain. A sender without that key can store nothing.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from accounts.crypto import decrypt, encrypt
from accounts.isolation import delete_isolated
from accounts.models import HeldForm, User
from accounts.services.access import form_keys

#: How long a form is held.
HELD_FOR = timedelta(hours=1)
#: The newest forms of one person that are held.
MAX_FORMS = 5
#: The longest form that is held, in characters as it is sent.
MAX_LENGTH = 64 * 1024
#: Session key: set at sign-in if the person has held forms.
HAS_HELD = "has_held_forms"

#: Fields that are never held: secrets, and the keys of the page that has ended.
_NEVER = re.compile(r"passw|secret|token|credential|^code$|^csrf|^form_", re.IGNORECASE)


def hold(request: HttpRequest) -> bool:
    """Hold what the form of a request without a session contains. Return False if it must not be held.

    That is also so for a single button, for example of an acknowledgment: there is nothing to fill in again.
    """
    owner = form_keys.owner_of(request.POST.get(form_keys.FIELD, ""))
    path = request.get_full_path()
    typed = without_secrets(request.POST)
    if owner is None or not typed or len(path) > _longest("path") or len(typed) > MAX_LENGTH:
        return False
    user_id, nonce = owner
    if not User.objects.filter(pk=user_id, is_active=True).exists():
        return False
    HeldForm.objects.update_or_create(
        user_id=user_id,
        key=nonce,
        defaults={"path": path, "typed": encrypt(typed), "held_at": timezone.now()},
    )
    newest = HeldForm.objects.filter(user=user_id).order_by("-held_at", "-id")[:MAX_FORMS]
    HeldForm.objects.filter(user=user_id).exclude(pk__in=[one.pk for one in newest]).delete()
    return True


def take(user: User, path: str) -> QueryDict | None:
    """Return the newest form that the person sent to this address, and delete it, if there is one."""
    held = _held(user, timezone.now()).filter(path=path).order_by("-held_at", "-id").first()
    if held is None:
        return None
    HeldForm.objects.filter(user=user, path=path).delete()
    try:
        return QueryDict(decrypt(held.typed))
    except InvalidToken:
        return None


def has_any(user: User) -> bool:
    """Return True if a form of the person is held."""
    return _held(user, timezone.now()).exists()


def note_at_sign_in(sender: object, request: HttpRequest, user: Any, **_: object) -> None:
    """Remember in the new session that a form is held, so that other requests need not look."""
    if has_any(user):
        request.session[HAS_HELD] = True


def delete_expired() -> int:
    """Delete forms older than `HELD_FOR`. Return how many."""
    return delete_isolated("held form", HeldForm.objects.filter(held_at__lte=Now() - HELD_FOR))


def _held(user: User, now: datetime) -> QuerySet[HeldForm]:
    return HeldForm.objects.filter(user=user, held_at__gt=now - HELD_FOR)


def without_secrets(sent: QueryDict) -> str:
    """Return what was typed as a query string, without passwords, codes and the keys of the page."""
    kept = sent.copy()
    for name in [name for name in kept if _NEVER.search(name)]:
        del kept[name]
    return kept.urlencode()


def _longest(name: str) -> int:
    field: Any = HeldForm._meta.get_field(name)
    return int(field.max_length)
