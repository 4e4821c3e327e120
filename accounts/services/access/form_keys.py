"""One-time keys of forms: each page that shows a form gives it a new one, signed for its reader."""

from __future__ import annotations

from uuid import uuid4

from django.core import signing

from accounts.models import User
from accounts.services.access.idempotency import KEPT_FOR

#: The name of the hidden input.
FIELD = "form_key"
#: The hidden input by which a person saves the same entries again on purpose.
AGAIN = "form_again"
#: The hidden input of a form that the page sends when the session has ended: to be held, never saved.
HOLD = "form_hold"


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt="accounts.form-key")


def new_key(user: User) -> str:
    """Return a new key for a form that this person reads."""
    return _signer().sign_object([user.pk, uuid4().hex])


def owner_of(key: str) -> tuple[int, str] | None:
    """Return the person (by primary key) and the random part of a key; None if we did not sign it lately."""
    try:
        user, nonce = _signer().unsign_object(key, max_age=KEPT_FOR)
    except (signing.BadSignature, ValueError):
        return None
    return int(user), str(nonce)


def nonce_of(key: str, user: User) -> str:
    """Return the random part of a key of this person; an empty text for any other."""
    owner = owner_of(key)
    return owner[1] if owner and owner[0] == user.pk else ""
