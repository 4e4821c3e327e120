"""What only the database knows: the time by which everything is decided, and which database it is."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

#: SQL. A dump that was loaded has another database id or another cluster; a recovered base backup and a
#: standby that took over have another timeline.
IDENTITY = """concat_ws('.', (SELECT system_identifier FROM pg_control_system()),
  left(pg_walfile_name(pg_current_wal_lsn()), 8),
  (SELECT oid FROM pg_database WHERE datname = current_database()))"""


def database_now() -> datetime:
    """Return the time by the database's clock, in UTC.

    Periodic work runs by it, because the clock of the machine of a worker may be wrong.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def difference(before: str, after: str) -> str:
    """Return how a database with one identity became one with another."""
    was, is_now = before.split("."), after.split(".")
    if was[0] != is_now[0]:
        return "the data were restored into another server"
    if was[1:2] == is_now[1:2]:
        return "the data were restored into another database of the same server"
    return "the server was recovered from a backup, or a standby took over"
