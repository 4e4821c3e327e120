"""Files that are readable only with the application's keys, in the folder of `CTC_ATTACHMENTS_DIR`.

A file has a random name and reveals nothing about its content. It is written whole or not at all. A row of
the database names each file; the sweep removes files that no row names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models.expressions import Combinable

from accounts.crypto import current_prefix, decrypt_bytes, encrypt_bytes

_NAME = re.compile(r"[0-9a-f]{32}")

if TYPE_CHECKING:
    _Char = models.CharField[str | Combinable, str]
else:
    _Char = models.CharField


class StoredFileField(_Char):
    """The name of a file that `write_file` made, so that a rotation of keys finds it."""


def write_file(content: bytes) -> str:
    """Encrypt and store the content under a new name, and return the name."""
    name = uuid4().hex
    _replace(name, encrypt_bytes(content))
    return name


def read_file(name: str) -> bytes:
    """Return the content of a file. Raises `FileNotFoundError`, and InvalidToken if its key is gone."""
    return decrypt_bytes(_path(name).read_bytes())


def remove_file(name: str) -> None:
    """Remove a file; a missing one is fine."""
    _path(name).unlink(missing_ok=True)


def has_file(name: str) -> bool:
    """True if the file is there."""
    return _path(name).is_file()


def stored_files() -> Iterator[tuple[str, float]]:
    """Yield the name of each file and when it was written, in seconds since 1970."""
    for found in _folder().glob("??/*"):
        if _NAME.fullmatch(found.name):
            yield found.name, found.stat().st_mtime


def has_current_key(name: str) -> bool:
    """True if the file was encrypted with the current key. Raises `FileNotFoundError`."""
    prefix = current_prefix()
    with _path(name).open("rb") as stored:
        return stored.read(len(prefix)) == prefix


def encrypt_again(name: str) -> None:
    """Encrypt a file with the current key. Raises `FileNotFoundError` and InvalidToken."""
    _replace(name, encrypt_bytes(read_file(name)))


def _replace(name: str, stored: bytes) -> None:
    """Write the bytes so that a crash leaves the old file or the new one, and never a part."""
    path = _path(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{name}.{uuid4().hex}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(stored)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _path(name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise ValueError("This is not the name of a stored file.")
    return _folder() / name[:2] / name


def _folder() -> Path:
    return Path(settings.ATTACHMENTS_DIR)
