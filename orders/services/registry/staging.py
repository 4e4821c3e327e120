"""What one run has read, kept in temporary tables of its session: memory does not grow with the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from django.db import connection, transaction
from psycopg import sql

from orders.services.registry import files
from orders.services.registry.parsing import Rejected, por_number_of

#: Names the lock among all advisory locks of the database: one import at a time.
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
def staging(folder: Path) -> Iterator[Staging]:
    """Reads all three files once, so that a broken one is found before anything is stored.

    Afterwards the tables are gone. Raises `ExportError`, `AlreadyImportingError`.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise AlreadyImportingError("Another import is at work. Start this one when it has ended.")
        try:
            cursor.execute(_DROP)
            cursor.execute(_TABLES)
            yield Staging(folder)
        finally:
            # Should the session have died, so have its tables and its lock.
            if connection.is_usable():
                cursor.execute(_DROP)
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


class Staging:
    """The rows of one run: firearms and receipts by registry number, the numbers seen, the rejects."""

    def __init__(self, folder: Path) -> None:
        self.total = sum(1 for _ in files.read(folder, files.ORDERS))
        for name in _STAGED:
            self._stage(folder, name)

    def _stage(self, folder: Path, name: str) -> None:
        table, width = sql.Identifier(_STAGED[name]), len(files.COLUMNS[name])
        rejects = []
        with transaction.atomic(), connection.cursor() as cursor:
            # One statement reads the whole file.
            cursor.execute("SET LOCAL statement_timeout = 0")
            with cursor.cursor.copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
                for line, cells in files.read(folder, name):
                    try:
                        por_number_of(cells, width)
                    except Rejected as error:
                        rejects.append(Reject(name, line, error.code, error.detail))
                    else:
                        copy.write_row((line, *(cells or ())))
            self.reject(rejects)
            cursor.execute(sql.SQL("CREATE INDEX ON {} (por_number)").format(table))
            # Nobody else looks at a temporary table, so its statistics come from here alone.
            cursor.execute(sql.SQL("ANALYZE {}").format(table))

    def claim(self, digests: Mapping[str, str]) -> dict[str, str]:
        """Notes numbers with their rows' digests; answers those of them noted before, as noted then."""
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
        """The staged rows of these numbers, in the order of the file."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT * FROM {_STAGED[name]} WHERE por_number = ANY(%s) ORDER BY line",  # noqa: S608
                [list(por_numbers)],
            )
            return [(line, tuple(cells)) for line, *cells in cursor.fetchall()]

    def numbers_left(self, size: int) -> Iterator[list[str]]:
        """The numbers, some at a time, that have staged rows but stood in no row of orders.csv taken."""
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
        """Notes rows that are not imported."""
        with connection.cursor() as cursor, cursor.cursor.copy("COPY registry_reject FROM STDIN") as copy:
            for one in rejects:
                copy.write_row(one)

    def rejects(self) -> Iterator[Reject]:
        """All that were noted, by file and line; streamed, for there may be as many as there are rows."""
        with connection.chunked_cursor() as cursor:
            cursor.execute(
                "SELECT file, line, code, detail FROM registry_reject"
                " ORDER BY array_position(%s, file), line, code",
                [list(files.COLUMNS)],
            )
            for row in cursor:
                yield Reject(*row)

    def counts(self) -> dict[str, int]:
        """How many rows were rejected, by code."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT code, count(*) FROM registry_reject GROUP BY code ORDER BY code")
            return dict(cursor.fetchall())
