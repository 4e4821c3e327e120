"""Seals what must not lie readable in the database, under keys made from the project's secret."""

from __future__ import annotations

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


@cache
def _keys(secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(secret)) for secret in secrets])


def _derived(secret: str) -> bytes:
    # Its own purpose in `info`: the same secret also signs cookies and links.
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"ctcompliance.seal").derive(secret.encode())
    return urlsafe_b64encode(made)
