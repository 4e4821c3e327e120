"""Encrypt or hash values that must not be readable in the database, with keys derived from `SECRET_KEY`."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from functools import cache

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def encrypt(text: str) -> str:
    """Encrypt `text` with the current secret key."""
    return _keys((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)).encrypt(text.encode()).decode()


def decrypt(encrypted: bytes | str) -> str:
    """Decrypt text that was encrypted with the current secret key or one of the fallbacks.

    Raises cryptography's InvalidToken for anything else.
    """
    return _keys((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)).decrypt(encrypted).decode()


def digests(purpose: str, text: str) -> list[str]:
    """Return keyed hashes of `text` for look-ups: with the current secret key first, then each fallback.

    The same text has different hashes for different purposes.
    """
    return [
        hmac.new(_derive(secret, purpose), text.encode(), hashlib.sha256).hexdigest()
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]


@cache
def _keys(secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(_derive(secret, "encrypt"))) for secret in secrets])


@cache
def _derive(secret: str, purpose: str) -> bytes:
    # `info` separates this use of the secret: Django also signs cookies and links with it.
    info = f"ctcompliance.{purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret.encode())
