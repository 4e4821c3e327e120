"""Ways to answer that a message carries: a signed link that answers once, and a short code to reply with."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

#: How long after its alert was written a link or a code answers. After that the list behind sign-in does.
LASTS = timedelta(hours=72)

_SIGNER = Signer(salt="notifications.answer", sep=".")


def answer_link(alert: UUID) -> str:
    """The address that leads to the alert behind sign-in. The same for the same alert."""
    named = urlsafe_b64encode(alert.bytes).decode().rstrip("=")
    return f"{settings.BASE_URL}{reverse('answer', args=[_SIGNER.sign(named)])}"


def alert_of(token: str) -> UUID | None:
    """The alert that a link of ours leads to; None for any other token."""
    try:
        named = _SIGNER.unsign(token)
        return UUID(bytes=urlsafe_b64decode(named + "=="))
    except (BadSignature, ValueError):
        return None


def list_link() -> str:
    """The address of the list of all that waits for an answer."""
    return f"{settings.BASE_URL}{reverse('home')}"


def answer_code(message_key: UUID) -> str:
    """Six letters that answer the message: always the same, and worth nothing from another phone."""
    made = hmac.new(settings.SECRET_KEY.encode(), b"answer code" + message_key.bytes, hashlib.sha256).digest()
    return b32encode(made[:5]).decode()[:6]
