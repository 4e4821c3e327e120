"""Scenarios that put the stack's database into trouble, or read what periodic work did.

Each of `locked`, `few_connections` and `full` begins a trouble that ends by itself.
"""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import psycopg
from django.conf import settings
from django.db import connection
from django.utils import timezone

from notifications.models import PeriodicRun


def _superuser() -> psycopg.Connection[tuple[object, ...]]:
    given = settings.DATABASES["default"]
    return psycopg.connect(
        host=given["HOST"], port=given["PORT"], user="postgres", dbname=given["NAME"], autocommit=True
    )


def locked(table: str, seconds: float) -> dict[str, object]:
    """Hold a lock on the table in another session for that many seconds."""
    held = threading.Event()

    def hold() -> None:
        with _superuser() as session, session.transaction():
            session.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            held.set()
            time.sleep(seconds)

    threading.Thread(target=hold, daemon=True).start()
    return {"held": held.wait(30)}


def few_connections(most: int, seconds: float) -> dict[str, object]:
    """Let the role have only so many connections for that many seconds, and cut all it has."""
    connection.close()
    role = settings.DATABASES["default"]["USER"]
    with _superuser() as session:
        session.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT {most}')
        _cut(session)

    def end() -> None:
        with _superuser() as session:
            session.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT -1')

    threading.Timer(seconds, end).start()
    return {}


_FULL = """
CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF clock_timestamp() < '{until}'::timestamptz THEN
    RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full';
  END IF;
  RETURN NEW;
END $$
"""
_FULL_TABLE = """
CREATE OR REPLACE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table}
FOR EACH ROW EXECUTE FUNCTION full_disk()
"""


def full(seconds: float) -> dict[str, object]:
    """Refuse every new row for that many seconds, as a database does whose disk is full."""
    with _superuser() as session:
        until = timezone.now() + timedelta(seconds=seconds)
        session.execute(_FULL.format(until=until.isoformat()))
        found = session.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename ~ '^(orders|notifications)_' ORDER BY tablename"
        ).fetchall()
        # One by one: all their locks together could deadlock with what runs.
        for (table,) in found:
            session.execute(_FULL_TABLE.format(table=table))
    return {"tables": len(found)}


def cut() -> dict[str, object]:
    """Cut every connection to the database, as its restart does."""
    connection.close()
    with _superuser() as session:
        return {"cut": _cut(session)}


def _cut(session: psycopg.Connection[tuple[object, ...]]) -> int:
    found = session.execute(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ).fetchone()
    return int(str(found[0])) if found else 0


def no_runs() -> dict[str, object]:
    """Forget when periodic work ran."""
    return {"forgotten": PeriodicRun.objects.all().delete()[0]}


def runs() -> dict[str, object]:
    """Return the seconds since each periodic task ran, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, extract(epoch FROM statement_timestamp() - ran_at)::float "
            "FROM notifications_periodicrun"
        )
        return {"ages": dict(cursor.fetchall())}
