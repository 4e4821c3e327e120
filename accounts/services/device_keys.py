"""Keys by which a telephone keeps what was typed until there is a connection again.

The device stores what it keeps encrypted, beside a token. It holds the key in memory only, and gets it again
for the token: only in a session of the same person, and for twelve hours. So what is left on a lost telephone
cannot be read, also not by the next person who signs in there.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from uuid import uuid4

from django.core import signing
from django.utils.crypto import salted_hmac

from accounts.models import User

#: How long a device can read what it kept.
READABLE_FOR = timedelta(hours=12)


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt="accounts.device-key")


def new_token(user: User) -> str:
    """Return a token for a new key of this person."""
    return _signer().sign_object([user.pk, uuid4().hex])


def key_for(token: str, user: User) -> str:
    """Return the key of a token, 32 bytes in base 64; empty for a token of another person, or an old one."""
    try:
        owner, nonce = _signer().unsign_object(token, max_age=READABLE_FOR)
    except (signing.BadSignature, ValueError):
        return ""
    if owner != user.pk:
        return ""
    digest = salted_hmac("accounts.device-key.value", f"{owner}:{nonce}", algorithm="sha256").digest()
    return base64.b64encode(digest).decode()
