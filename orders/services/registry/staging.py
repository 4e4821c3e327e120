"""Temporary tables with the rows of one run, so that memory does not grow with the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from django.db import connection, transaction
from psycopg import sql

from orders.matching.registry_numbers import registry_key
from orders.services.registry import files
from orders.services.registry.cells import Rejected
from orders.services.registry.columns import COLUMNS, kind_of
from orders.services.registry.files import Export
from orders.services.registry.parsing import por_number_of

#: The advisory lock for one import at a time.
_LOCK = 0x63746370_706F7269

_TABLES = """
CREATE TEMP TABLE registry_order (por_number text PRIMARY KEY, digest text NOT NULL);
CREATE TEMP TABLE registry_firearm (line int, por_number text, serial text, make text, model text,
  caliber text, firearm_type text, source text);
CREATE TEMP TABLE registry_receipt (line int, por_number text, kind text, at text, recipient_kind text,
  recipient_id text, receipt_number text, serials text);
CREATE TEMP TABLE registry_reject (file text, line int, code text, detail text);
"""
_LEFT = """
CREATE TEMP TABLE registry_left (por_number text COLLATE "C" PRIMARY KEY);
INSERT INTO registry_left
  SELECT por_number FROM (
    SELECT por_number FROM registry_firearm UNION SELECT por_number FROM registry_receipt
  ) staged
  WHERE NOT EXISTS (SELECT FROM registry_order taken WHERE taken.por_number = staged.por_number)
"""
_DROP = (
    "DROP TABLE IF EXISTS registry_order, registry_firearm, registry_receipt, registry_reject, registry_left"
)

_STAGED = {files.FIREARMS: "registry_firearm", files.RECEIPTS: "registry_receipt"}


class Reject(NamedTuple):
    """A row that was not imported."""

    file: str
    line: int
    code: str
    detail: str


class AlreadyImportingError(RuntimeError):
    """Another import holds the lock."""


@contextmanager
def staging(export: Export) -> Iterator[Staging]:
    """Reads all three files once, so that a broken one is found before anything is stored.

    The tables are dropped at the end. Raises `ExportError` and `AlreadyImportingError`.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise AlreadyImportingError("Another import is running. Start this one after it has ended.")
        try:
            cursor.execute(_DROP)
            cursor.execute(_TABLES)
            yield Staging(export)
        finally:
            # A dead session has dropped its tables and released its lock.
            if connection.is_usable():
                cursor.execute(_DROP)
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


class Staging:
    """The rows of one run: firearms and receipts by registry number (its key), numbers read, and rejects."""

    def __init__(self, export: Export) -> None:
        export.check()
        self.total = sum(1 for _ in export.rows(files.ORDERS))
        for name in _STAGED:
            self._stage(export, name)

    def _stage(self, export: Export, name: str) -> None:
        table, width = sql.Identifier(_STAGED[name]), len(COLUMNS[kind_of(name)])
        rejects = []
        with transaction.atomic(), connection.cursor() as cursor:
            # One statement loads the whole file.
            cursor.execute("SET LOCAL statement_timeout = 0")
            with cursor.cursor.copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
                for line, cells in export.rows(name):
                    try:
                        key = registry_key(por_number_of(cells, width))
                    except Rejected as error:
                        rejects.append(Reject(name, line, error.code, error.detail))
                    else:
                        copy.write_row((line, key, *(cells[1:] if isinstance(cells, tuple) else ())))
            self.reject(rejects)
            cursor.execute(sql.SQL("CREATE INDEX ON {} (por_number)").format(table))
            # Autovacuum does not analyze temporary tables.
            cursor.execute(sql.SQL("ANALYZE {}").format(table))

    def claim(self, digests: Mapping[str, str]) -> dict[str, str]:
        """Note numbers with the digests of their rows. Return the earlier digests of numbers noted before."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO registry_order SELECT * FROM unnest(%s::text[], %s::text[])"
                " ON CONFLICT DO NOTHING RETURNING por_number",
                [list(digests), list(digests.values())],
            )
            before = digests.keys() - {number for (number,) in cursor.fetchall()}
            if not before:
                return {}
            cursor.execute(
                "SELECT por_number, digest FROM registry_order WHERE por_number = ANY(%s)", [list(before)]
            )
            return dict(cursor.fetchall())

    def rows_of(self, name: str, por_numbers: Iterable[str]) -> list[tuple[int, tuple[str, ...]]]:
        """The staged rows of these numbers (by key), sorted by line. The first cell is the key."""
        statement = sql.SQL("SELECT * FROM {} WHERE por_number = ANY(%s) ORDER BY line")
        with connection.cursor() as cursor:
            cursor.execute(statement.format(sql.Identifier(_STAGED[name])), [list(por_numbers)])
            return [(line, tuple(cells)) for line, *cells in cursor.fetchall()]

    def numbers_left(self, size: int) -> Iterator[list[str]]:
        """Numbers with staged rows but without a row of orders.csv, in batches."""
        last = ""
        with connection.cursor() as cursor:
            cursor.execute(_LEFT)
            while True:
                cursor.execute(
                    "SELECT por_number FROM registry_left WHERE por_number > %s ORDER BY por_number LIMIT %s",
                    [last, size],
                )
                if not (numbers := [number for (number,) in cursor.fetchall()]):
                    return
                yield numbers
                last = numbers[-1]

    def reject(self, rejects: Iterable[Reject]) -> None:
        """Note rejected rows."""
        with connection.cursor() as cursor, cursor.cursor.copy("COPY registry_reject FROM STDIN") as copy:
            for one in rejects:
                copy.write_row(one)

    def rejects(self) -> Iterator[Reject]:
        """All rejected rows by file and line, streamed, because there may be very many."""
        with connection.chunked_cursor() as cursor:
            cursor.execute(
                "SELECT file, line, code, detail FROM registry_reject"
                " ORDER BY array_position(%s, file), line, code",
                [list(files.NAMES)],
            )
            for row in cursor:
                yield Reject(*row)

    def counts(self) -> dict[str, int]:
        """The number of rejected rows by code."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT code, count(*) FROM registry_reject GROUP BY code ORDER BY code")
            return dict(cursor.fetchall())
