"""Which database this is, by the identity that PostgreSQL gives it."""

from __future__ import annotations

#: SQL. A dump that was loaded has another database id or another cluster; a recovered base backup and a
#: standby that took over have another timeline.
IDENTITY = """concat_ws('.', (SELECT system_identifier FROM pg_control_system()),
  left(pg_walfile_name(pg_current_wal_lsn()), 8),
  (SELECT oid FROM pg_database WHERE datname = current_database()))"""


def difference(before: str, after: str) -> str:
    """Return how a database with one identity became one with another."""
    was, is_now = before.split("."), after.split(".")
    if was[0] != is_now[0]:
        return "the data were restored into another server"
    if was[1:2] == is_now[1:2]:
        return "the data were restored into another database of the same server"
    return "the server was recovered from a backup, or a standby took over"
