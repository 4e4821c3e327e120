"""The two ways to answer a message: a signed link that works once, and a short code to reply with."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

#: How long a link or a code works after its alert was created. Later, people answer on the page after
#: sign-in.
LINK_LIFETIME = timedelta(hours=72)

_SIGNER = Signer(salt="notifications.answer", sep=".")
#: For protected persons: neither link opens what the other does.
_OF_PERSON = Signer(salt="notifications.person", sep=".")


def answer_link(alert: UUID) -> str:
    """Return the URL of the alert's page, which requires sign-in. It is always the same for one alert."""
    named = urlsafe_b64encode(alert.bytes).decode().rstrip("=")
    return f"{settings.BASE_URL}{reverse('answer', args=[_SIGNER.sign(named)])}"


def person_link(alert: UUID) -> str:
    """Return the URL at which a protected person answers a message with the PIN. It names nothing."""
    named = urlsafe_b64encode(alert.bytes).decode().rstrip("=")
    return f"{settings.BASE_URL}{reverse('answer-by-pin', args=[_OF_PERSON.sign(named)])}"


def alert_of_person(token: str) -> UUID | None:
    """Return the public id of the alert for the token of a protected person's link."""
    return _alert_of(_OF_PERSON, token)


def alert_of(token: str) -> UUID | None:
    """Return the public id of the alert for the token of a link; None for any other token."""
    return _alert_of(_SIGNER, token)


def reply_address(alert: UUID) -> str:
    """Return the address to which a protected person replies to a message; empty where no one reads replies.

    It names nothing, and is in lower case, because mail servers may change the case.
    """
    name, _, domain = settings.REPLY_ADDRESS.partition("@")
    return f"{name}+{_reply_token(alert)}@{domain}" if domain else ""


def alert_of_reply(address: str) -> UUID | None:
    """Return the public id of the alert that was replied to at the address, if it is one of ours."""
    name, _, domain = address.strip().strip("<>").lower().partition("@")
    token = name.partition("+")[2]
    try:
        alert = UUID(bytes=b32decode(token.upper() + "=" * (-len(token) % 8))[:16])
    except ValueError:
        return None
    is_ours = f"{name.partition('+')[0]}@{domain}" == settings.REPLY_ADDRESS.lower()
    return alert if is_ours and hmac.compare_digest(_reply_token(alert), token) else None


def _reply_token(alert: UUID) -> str:
    made = hmac.new(settings.SECRET_KEY.encode(), b"reply" + alert.bytes, hashlib.sha256).digest()
    return b32encode(alert.bytes + made[:10]).decode().rstrip("=").lower()


def _alert_of(signer: Signer, token: str) -> UUID | None:
    try:
        named = signer.unsign(token)
        return UUID(bytes=urlsafe_b64decode(named + "=="))
    except (BadSignature, ValueError):
        return None


def list_link() -> str:
    """Return the URL of the list of alerts to acknowledge."""
    return f"{settings.BASE_URL}{reverse('home')}"


def answer_code(message_key: UUID) -> str:
    """Return the six letters that answer the message. Always the same; useless from another phone."""
    made = hmac.new(settings.SECRET_KEY.encode(), b"answer code" + message_key.bytes, hashlib.sha256).digest()
    return b32encode(made[:5]).decode()[:6]
