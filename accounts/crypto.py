"""Seals or digests what must not lie readable in the database, under keys made from the project's secret."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from functools import cache

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def seal(text: str) -> str:
    """The text, readable only with the secret of today."""
    return _keys((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)).encrypt(text.encode()).decode()


def unseal(sealed: bytes | str) -> str:
    """The text that was sealed with the secret of today or one of the fallbacks.

    Raises cryptography's InvalidToken for anything else.
    """
    return _keys((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)).decrypt(sealed).decode()


def digests(purpose: str, text: str) -> list[str]:
    """By what the text can be found and not read: under the secret of today first, then each fallback.

    The same text has different digests for different purposes.
    """
    return [
        hmac.new(_derived(secret, purpose), text.encode(), hashlib.sha256).hexdigest()
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]


@cache
def _keys(secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(_derived(secret, "seal"))) for secret in secrets])


@cache
def _derived(secret: str, purpose: str) -> bytes:
    # Its own purpose in `info`: the same secret also signs cookies and links.
    info = f"ctcompliance.{purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret.encode())
