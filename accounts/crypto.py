"""Encrypt or hash values that must not be readable in the database.

The keys are derived from `CTC_ENCRYPTION_KEYS`, newest first, and then from the secret keys. The first one
encrypts; the others are for what was encrypted before. docs/encryption.md has the steps of a rotation.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

#: The first byte of an encrypted value in a binary column: the form of the rest.
FORM = b"\x01"
#: The bytes after it that name the key.
KEY_ID_LENGTH = 4


def encrypt(text: str) -> str:
    """Encrypt `text` with the current key."""
    return _keys(_secrets()).encrypt(text.encode()).decode()


def decrypt(encrypted: bytes | str) -> str:
    """Decrypt text that was encrypted with the current key or an earlier one.

    Raises cryptography's InvalidToken for anything else.
    """
    return _keys(_secrets()).decrypt(encrypted).decode()


def is_current(encrypted: str) -> bool:
    """True if the text was encrypted with the current key."""
    try:
        _key(_secrets()[0]).decrypt(encrypted)
    except InvalidToken:
        return False
    return True


def encrypt_bytes(content: bytes) -> bytes:
    """Encrypt `content` with the current key, for a binary column. It begins with `current_prefix()`."""
    return current_prefix() + urlsafe_b64decode(_key(_secrets()[0]).encrypt(content))


def decrypt_bytes(stored: bytes) -> bytes:
    """Decrypt what `encrypt_bytes` made under any key that is still set. Raises InvalidToken."""
    head, token = stored[: len(FORM) + KEY_ID_LENGTH], stored[len(FORM) + KEY_ID_LENGTH :]
    for secret in _secrets():
        if head == _prefix(secret):
            return _key(secret).decrypt(urlsafe_b64encode(token))
    raise InvalidToken


def current_prefix() -> bytes:
    """Return the bytes with which a value under the current key begins: its form and the id of the key."""
    return _prefix(_secrets()[0])


def current_key_id() -> str:
    """Return the id of the current key, in hexadecimal digits. It reveals nothing about the key."""
    return current_prefix()[len(FORM) :].hex()


def digests(purpose: str, text: str) -> list[str]:
    """Return keyed hashes of `text` for look-ups: with the current key first, then each earlier one.

    The same text has different hashes for different purposes.
    """
    return [
        hmac.new(_derive(secret, purpose), text.encode(), hashlib.sha256).hexdigest() for secret in _secrets()
    ]


def _secrets() -> tuple[str, ...]:
    return (*settings.ENCRYPTION_KEYS, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@cache
def _keys(secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([_key(secret) for secret in secrets])


@cache
def _key(secret: str) -> Fernet:
    return Fernet(urlsafe_b64encode(_derive(secret, "encrypt")))


@cache
def _prefix(secret: str) -> bytes:
    return FORM + _derive(secret, "key id")[:KEY_ID_LENGTH]


@cache
def _derive(secret: str, purpose: str) -> bytes:
    # `info` separates this use of the secret: Django also signs cookies and links with it.
    info = f"ctcompliance.{purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret.encode())
