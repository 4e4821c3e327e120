"""Columns that are readable only with the application's keys, and the digests by which they are found.

An encrypted column cannot be compared, sorted or searched in the database. What must be found by equality has
a `DigestField` beside it. An empty value is NULL. docs/encryption.md lists what is encrypted and why.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from cryptography.fernet import InvalidToken
from django.core.exceptions import FieldError
from django.db import models
from django.db.models.expressions import Combinable
from typing_extensions import override

from accounts.crypto import decrypt_bytes, digests, encrypt_bytes

logger = logging.getLogger(__name__)

#: The first byte of a value that comes from the column of an earlier version, which was not encrypted.
_FORMER = b"\x00"


class Unreadable(str):
    """What is shown for a text whose key is gone. It is never saved."""

    __slots__ = ()


UNREADABLE = Unreadable("(cannot be decrypted)")

SetT = TypeVar("SetT")
GetT = TypeVar("GetT")

if TYPE_CHECKING:
    _Field = models.Field
    _Char = models.CharField[str | Combinable | None, str | None]
    _Empty = models.CharField[str | Combinable, str]
    _Token = models.TextField[str | Combinable, str]
else:
    _Char = _Empty = models.CharField
    _Token = models.TextField

    class _Field(models.Field):
        """A field whose types are named for the type checker."""

        def __class_getitem__(cls, _types: Any) -> Any:
            return cls


class EncryptedField(_Field[SetT, GetT]):
    """What both kinds of encrypted columns share. `former` names the field of the earlier, open column.

    While that one has a value, it is newer: a process of the version before wrote it. It is encrypted by
    `manage.py rotate_keys`.
    """

    #: What an empty column gives.
    nothing: Any

    def __init__(self, *args: Any, former: str = "", **options: Any) -> None:
        self.former = former
        super().__init__(*args, **{"default": self.nothing, "blank": True, **options, "null": True})

    @override
    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """Leave out what every encrypted column has."""
        name, path, args, options = super().deconstruct()
        for given in ("null", "blank", "default"):
            options.pop(given, None)
        return name, path, list(args), {**options, **({"former": self.former} if self.former else {})}

    @override
    def get_internal_type(self) -> str:
        """Return the type of the column."""
        return "BinaryField"

    @override
    def get_lookup(self, lookup_name: str) -> Any:
        """Allow only the question whether there is a value."""
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self.name} is encrypted and cannot be compared. Compare its digest.")

    @override
    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Encrypt. An empty value is NULL."""
        return self.encrypted(value)

    def encrypted(self, value: Any) -> bytes | None:
        """Return what is stored for a value: None for an empty one."""
        return encrypt_bytes(self.to_bytes(value)) if value else None

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        """Read the earlier column while it has a value."""
        if not self.former:
            return sql, params
        column = compiler.connection.ops.quote_name(self.former_column)
        open_value = f"{sql.rpartition('.')[0]}.{column}"
        as_bytes = self.as_bytes(open_value)
        return f"CASE WHEN length({open_value}) > 0 THEN '\\x00'::bytea || {as_bytes} ELSE {sql} END", params

    @property
    def former_column(self) -> str:
        """The column of the field `former`."""
        former: Any = self.model._meta.get_field(self.former)
        return str(former.column)

    def as_bytes(self, open_value: str) -> str:
        """Return the SQL of the bytes of the earlier column."""
        raise NotImplementedError

    def to_bytes(self, value: Any) -> bytes:
        """Return the bytes to encrypt."""
        raise NotImplementedError

    def decrypted(self, stored: Any) -> bytes:
        """Return what a column holds, which is not NULL. Raises InvalidToken."""
        content = bytes(stored)
        return content[1:] if content.startswith(_FORMER) else decrypt_bytes(content)


class EncryptedTextField(EncryptedField[str | Combinable, str]):
    """A text, encrypted."""

    nothing = ""

    @override
    def as_bytes(self, open_value: str) -> str:
        """Return the SQL of the bytes of the earlier column."""
        return f"convert_to({open_value}, 'UTF8')"

    @override
    def to_bytes(self, value: Any) -> bytes:
        """Return the bytes to encrypt. Raises `ValueError` for what could not be read."""
        if isinstance(value, Unreadable):
            raise ValueError(f"{self}: not saved, because the stored value cannot be decrypted.")
        return str(value).encode()

    def from_db_value(self, stored: Any, _expression: Any, _connection: Any) -> str:
        """Decrypt. A page must not fail because one name cannot be read, so the text then states that."""
        if stored is None:
            return ""
        try:
            return self.decrypted(stored).decode()
        except InvalidToken:
            logger.error("%s: a value cannot be decrypted; is an earlier key missing?", self)
            return UNREADABLE


class EncryptedBytesField(EncryptedField[bytes | Combinable, bytes]):
    """Bytes, encrypted. Reading them raises InvalidToken if their key is gone."""

    nothing = b""

    @override
    def as_bytes(self, open_value: str) -> str:
        """Return the earlier column."""
        return open_value

    @override
    def to_bytes(self, value: Any) -> bytes:
        """Return the bytes to encrypt."""
        return bytes(value)

    def from_db_value(self, stored: Any, _expression: Any, _connection: Any) -> bytes:
        """Decrypt."""
        return b"" if stored is None else self.decrypted(stored)


class EncryptedTokenField(_Token):
    """A text column whose values `accounts.crypto.encrypt` made, so that a rotation finds them."""


class DigestField(_Char):
    """The keyed digest of the text in the field `of`, by which rows with an equal text are found."""

    def __init__(self, *args: Any, of: str, purpose: str, **options: Any) -> None:
        self.of, self.purpose = of, purpose
        super().__init__(*args, **{**options, "max_length": 64, "null": True, "editable": False})

    @override
    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """Add the field and the purpose."""
        name, path, args, options = super().deconstruct()
        for given in ("max_length", "null", "editable"):
            options.pop(given, None)
        return name, path, list(args), {**options, "of": self.of, "purpose": self.purpose}

    @override
    def pre_save(self, model_instance: Any, add: bool) -> str | None:
        """Return the digest of the text, and set it."""
        digest = self.digest_of(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, digest)
        return digest

    def digest_of(self, text: str) -> str | None:
        """Return the digest under the current key; None for an empty text."""
        return digests(self.purpose, text)[0] if text else None

    def candidates(self, text: str) -> list[str]:
        """Return the digests under every key, to look for rows that a rotation has not reached."""
        return digests(self.purpose, text)


class FormerField(_Empty):
    """The open column that an encrypted one replaced. Saving empties it; a later version drops it."""

    @override
    def pre_save(self, model_instance: Any, add: bool) -> str:
        """Empty the column."""
        setattr(model_instance, self.attname, "")
        return ""


class HoldsEncrypted(models.Model):
    """A model with encrypted columns: saving one saves its digest too and empties its earlier column."""

    class Meta:
        abstract = True

    @override
    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save, with the columns that follow from encrypted ones."""
        if update_fields is not None:
            update_fields = self._with_followers(set(update_fields))
        super().save(*args, update_fields=update_fields, **kwargs)

    def _with_followers(self, names: Collection[str]) -> set[str]:
        found = set(names)
        for one in self._meta.concrete_fields:
            if isinstance(one, EncryptedField) and one.name in names and one.former:
                found.add(one.former)
            elif isinstance(one, DigestField) and one.of in names:
                found.add(one.name)
        return found
