"""Two database roles: the owner migrates; the application reads, writes, and only appends to records."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from psycopg import sql

FILE = Path(__file__).with_name("grants.toml")

#: What each list of the file grants.
PRIVILEGES = {
    "append": ("SELECT", "INSERT"),
    "read": ("SELECT",),
    "change": ("SELECT", "INSERT", "UPDATE", "DELETE"),
}
#: From this version on PostgreSQL lets another role than the owner analyze a table, which imports do.
_MAINTAIN_SINCE = 170000


class RolesError(Exception):
    """The roles cannot be set up. The message names the reason and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Granted:
    """What was set up: the role, whether it is new, and the tables it may use."""

    role: str
    is_new: bool
    tables: int


def listed() -> dict[str, str]:
    """Return the list of the file that names each table. Raises `RolesError` if two lists name one."""
    found: dict[str, str] = {}
    for kind, names in tomllib.loads(FILE.read_text(encoding="utf-8")).items():
        for name in names:
            if name in found:
                raise RolesError(f"{FILE.name} names {name} twice. Remove one.")
            found[name] = kind
    return found


def tables() -> set[str]:
    """Return the tables of this database's schema."""
    with connection.cursor() as cursor:
        return set(connection.introspection.table_names(cursor))


def grant(role: str, password: str = "") -> Granted:
    """Give `role` exactly the privileges of the file; create it with the password if it is missing.

    Raises `RolesError` if a table is not listed, or if the role owns the tables or may do everything.
    """
    kinds, present = listed(), tables()
    if unlisted := sorted(present - kinds.keys()):
        raise RolesError(f"{FILE.name} does not list {', '.join(unlisted)}. Add each to one of its lists.")
    with transaction.atomic(), connection.cursor() as cursor:
        is_new = _make(cursor, role, password)
        for statement in _statements(cursor, role, {name: kinds[name] for name in sorted(present)}):
            cursor.execute(statement)
    return Granted(role=role, is_new=is_new, tables=len(present))


def _make(cursor: Any, role: str, password: str) -> bool:
    """Create the role if it is missing. Raises `RolesError` if it could do what this file denies."""
    cursor.execute(
        "SELECT rolsuper, pg_has_role(rolname, current_user, 'MEMBER') FROM pg_roles WHERE rolname = %s",
        [role],
    )
    found = cursor.fetchone()
    if found is None:
        name = sql.Identifier(role)
        make = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT").format(name)
        cursor.execute(make + sql.SQL(" PASSWORD {}").format(sql.Literal(password)) if password else make)
        return True
    if any(found):
        raise RolesError(
            f"CTC_APP_ROLE: {role} owns the tables or may do everything, so it could change the access log. "
            "Name another role than that of DATABASE_URL."
        )
    return False


def _statements(cursor: Any, role: str, kinds: dict[str, str]) -> Iterator[sql.Composable]:
    to = sql.Identifier(role)
    yield sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(to)
    yield sql.SQL("REVOKE CREATE ON SCHEMA public FROM {}, PUBLIC").format(to)
    yield sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(to)
    yield sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(to)
    cursor.execute("SELECT current_setting('server_version_num')::int")
    may_maintain = cursor.fetchone()[0] >= _MAINTAIN_SINCE
    for name, kind in kinds.items():
        privileges = [*PRIVILEGES[kind], *(["MAINTAIN"] if may_maintain and kind == "change" else [])]
        words = sql.SQL(", ").join(sql.SQL(one) for one in privileges)
        yield sql.SQL("GRANT {} ON TABLE {} TO {}").format(words, sql.Identifier(name), to)
