"""Encrypt again what was encrypted with an earlier key, or stored before its column was encrypted.

In batches, each in a transaction of its own: it can be stopped and run again at any time, beside running
processes. A row that is done looks done, so a second run finds only what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from psycopg import sql

from accounts.crypto import FORM, KEY_ID_LENGTH, current_prefix, decrypt, encrypt, is_current
from accounts.encrypted_fields import (
    DigestField,
    EncryptedBytesField,
    EncryptedField,
    EncryptedTokenField,
)
from accounts.encrypted_files import StoredFileField, encrypt_again, has_current_key

#: Rows of one transaction; of columns with large values.
BATCH, BATCH_OF_LARGE = 500, 8


@dataclass(frozen=True, kw_only=True)
class Rotated:
    """What was done with one column: `waiting` rows were found, `done` of them encrypted again.

    `unreadable` ones have a key that is not set; `twice` ones would have the digest of another row.
    """

    column: str
    waiting: int
    done: int = 0
    unreadable: int = 0
    twice: int = 0

    @property
    def is_complete(self) -> bool:
        """True if no row is left."""
        return self.waiting == self.done


class _New(NamedTuple):
    """What a row gets."""

    content: bytes
    digest: str | None
    key: int


def rotate(*, is_dry_run: bool = False) -> Iterator[Rotated]:
    """Encrypt every column again whose key is not the current one. A dry run only counts."""
    for model in sorted(apps.get_models(), key=lambda one: one._meta.db_table):
        for field in model._meta.concrete_fields:
            if isinstance(field, EncryptedField):
                column = _Column(model, field)
                found = Rotated(column=column.name, waiting=column.count())
                yield found if is_dry_run else column.rotate(found)
            elif isinstance(field, EncryptedTokenField):
                yield _rotate_tokens(model, field, is_dry_run=is_dry_run)
            elif isinstance(field, StoredFileField):
                yield _rotate_files(model, field, is_dry_run=is_dry_run)
    yield _rotate_factors(is_dry_run=is_dry_run)


class _Column:
    """One encrypted column, in SQL: the field would decrypt rows that are done."""

    def __init__(self, model: type[models.Model], field: EncryptedField[Any, Any]) -> None:
        self.field = field
        self.name = f"{model._meta.db_table}.{field.column}"
        self.batch = BATCH_OF_LARGE if isinstance(field, EncryptedBytesField) else BATCH
        followers = (one for one in model._meta.concrete_fields if isinstance(one, DigestField))
        self.digest = next((one for one in followers if one.of == field.name), None)
        self.names = {
            "table": sql.Identifier(model._meta.db_table),
            "key": sql.Identifier(str(model._meta.pk.column)),
            "content": sql.Identifier(str(field.column)),
            "former": sql.Identifier(field.former_column) if field.former else sql.SQL("''"),
            "digest": sql.Identifier(str(self.digest.column)) if self.digest else sql.SQL("''"),
        }
        # In an earlier column, under another key, or without its digest.
        self.waits = sql.SQL(
            "(length({former}) > 0 OR {content} IS NOT NULL"
            " AND (substring({content} FROM 1 FOR {head}) <> {prefix} OR {digest} IS NULL))"
        ).format(**self.names, head=len(FORM) + KEY_ID_LENGTH, prefix=current_prefix())

    def count(self) -> int:
        """Return the number of rows that wait."""
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("SELECT count(*) FROM {table} WHERE {waits}").format(**self.names, waits=self.waits)
            )
            return int(cursor.fetchone()[0])

    def rotate(self, found: Rotated) -> Rotated:
        """Encrypt the rows that wait, batch by batch in the order of their keys."""
        last = -1
        while True:
            with transaction.atomic():
                rows = self._next(last)
                new = [one for one in map(self._new, rows) if one is not None]
                stored = self._store(new)
            found = replace(
                found,
                done=found.done + stored,
                unreadable=found.unreadable + len(rows) - len(new),
                twice=found.twice + len(new) - stored,
            )
            if len(rows) < self.batch:
                return found
            last = rows[-1][0]

    def _next(self, last: int) -> list[tuple[int, Any, Any]]:
        # What another session changes at this moment is left to the next run.
        statement = sql.SQL(
            "SELECT {key}, {content}, {former} FROM {table} WHERE {key} > {last} AND {waits}"
            " ORDER BY {key} LIMIT {batch} FOR NO KEY UPDATE SKIP LOCKED"
        ).format(**self.names, waits=self.waits, last=last, batch=self.batch)
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def _new(self, row: tuple[int, Any, Any]) -> _New | None:
        key, stored, former = row
        try:
            content = self._open(stored, former)
        except InvalidToken:
            return None
        value: Any = content if isinstance(self.field, EncryptedBytesField) else content.decode()
        digest = self.digest.digest_of(value) if self.digest else None
        return _New(self.field.encrypted(value) or b"", digest, key)

    def _open(self, stored: Any, former: Any) -> bytes:
        if former:
            return former.encode() if isinstance(former, str) else bytes(former)
        return self.field.decrypted(stored)

    def _store(self, rows: Sequence[_New]) -> int:
        if not rows:
            return 0
        try:
            with transaction.atomic():
                self._write(rows)
        except IntegrityError:
            return sum(map(self._stores_alone, rows))
        return len(rows)

    def _stores_alone(self, row: _New) -> bool:
        try:
            with transaction.atomic():
                self._write([row])
        except IntegrityError:
            return False
        return True

    def _write(self, rows: Sequence[_New]) -> None:
        changes = [sql.SQL("{content} = %(content)s")]
        changes += [sql.SQL("{former} = DEFAULT")] if self.field.former else []
        changes += [sql.SQL("{digest} = %(digest)s")] if self.digest else []
        statement = sql.SQL("UPDATE {table} SET {changes} WHERE {key} = %(key)s").format(
            **self.names, changes=sql.SQL(", ").join([one.format(**self.names) for one in changes])
        )
        with connection.cursor() as cursor:
            cursor.executemany(statement, [one._asdict() for one in rows])


def _rotate_tokens(model: type[models.Model], field: models.Field[Any, Any], *, is_dry_run: bool) -> Rotated:
    """Encrypt again the texts of one column."""
    found = Rotated(column=f"{model._meta.db_table}.{field.column}", waiting=0)
    rows = model._default_manager.exclude(**{field.attname: ""}).order_by("pk")
    for key, text in rows.values_list("pk", field.attname).iterator(chunk_size=BATCH):
        if is_current(text):
            continue
        found = replace(found, waiting=found.waiting + 1)
        if is_dry_run:
            continue
        try:
            new = encrypt(decrypt(text))
        except InvalidToken:
            found = replace(found, unreadable=found.unreadable + 1)
            continue
        # Only if it is still what was read.
        same = model._default_manager.filter(pk=key, **{field.attname: text})
        found = replace(found, done=found.done + same.update(**{field.attname: new}))
    return found


def _rotate_files(model: type[models.Model], field: models.Field[Any, Any], *, is_dry_run: bool) -> Rotated:
    """Encrypt again the files that one column names. A missing file counts as unreadable."""
    found = Rotated(column=f"{model._meta.db_table}.{field.column} (files)", waiting=0)
    names = model._default_manager.order_by("pk").values_list(field.attname, flat=True)
    for name in names.iterator(chunk_size=BATCH):
        try:
            if has_current_key(name):
                continue
            found = replace(found, waiting=found.waiting + 1)
            if not is_dry_run:
                encrypt_again(name)
                found = replace(found, done=found.done + 1)
        except FileNotFoundError:
            found = replace(found, waiting=found.waiting + 1, unreadable=found.unreadable + 1)
        except InvalidToken:
            found = replace(found, unreadable=found.unreadable + 1)
    return found


def _rotate_factors(*, is_dry_run: bool) -> Rotated:
    """Encrypt again the keys of authenticator apps and the seeds of recovery codes."""
    found = Rotated(column=f"{Authenticator._meta.db_table}.data", waiting=0)
    for key in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            factor = Authenticator.objects.select_for_update().filter(pk=key).first()
            if factor is None or not _has_old(factor.data):
                continue
            found = replace(found, waiting=found.waiting + 1)
            if is_dry_run:
                continue
            try:
                factor.data = _renewed(factor.data)
            except InvalidToken:
                found = replace(found, unreadable=found.unreadable + 1)
                continue
            factor.save(update_fields=["data"])
            found = replace(found, done=found.done + 1)
    return found


#: What allauth stores encrypted.
_SECRETS = ("secret", "seed", "migrated_codes")


def _secrets_of(data: dict[str, Any]) -> dict[str, list[str]]:
    stored = {name: data[name] for name in _SECRETS if name in data}
    return {name: value if isinstance(value, list) else [value] for name, value in stored.items()}


def _has_old(data: dict[str, Any]) -> bool:
    return any(not is_current(one) for texts in _secrets_of(data).values() for one in texts)


def _renewed(data: dict[str, Any]) -> dict[str, Any]:
    new: dict[str, Any] = {}
    for name, texts in _secrets_of(data).items():
        again = [encrypt(decrypt(one)) for one in texts]
        new[name] = again if isinstance(data[name], list) else again[0]
    return {**data, **new}
