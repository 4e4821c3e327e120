"""A migrated database that the databases of tests are copied from: migrations take most of half a minute."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection

_ROOT = Path(__file__).resolve().parent.parent
#: What a migrated database depends on.
_SOURCES = ("accounts", "ctcompliance", "guidance", "notifications", "orders", "requirements-dev.lock")
_PREFIX = "migrated_"
#: Any number: the key of an advisory lock, by which one of several processes migrates.
_LOCK = 7_411
#: What `migrate` writes and no test changes. Django's `flush` writes it again each time.
_KEPT = {"django_content_type", "auth_permission"}


def empty() -> None:
    """Empty all tables but those that `migrate` fills and no test changes."""
    tables = set(connection.introspection.django_table_names(only_existing=True)) - _KEPT
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(map(connection.ops.quote_name, sorted(tables)))}")


def migrated() -> str:
    """Return the name of a database with all migrations, and make it first unless this code has one."""
    name = _PREFIX + _digest()[:16]
    # A connection to no database of ours: a database that is copied must have no session.
    with connection._nodb_cursor() as cursor:
        # Another process may migrate for longer than a page may take.
        cursor.execute(
            "SELECT set_config('lock_timeout', '0', false), set_config('statement_timeout', '0', false)"
        )
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{_PREFIX}%"])
        found = {one for (one,) in cursor.fetchall()}
        if name not in found:
            for older in found:
                cursor.execute(f'DROP DATABASE "{older}"')
            _migrate(cursor, f"{_PREFIX}draft")
            cursor.execute(f'ALTER DATABASE "{_PREFIX}draft" RENAME TO "{name}"')
        cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
    return name


def _migrate(cursor: Any, name: str) -> None:
    cursor.execute(f'CREATE DATABASE "{name}"')
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _digest() -> str:
    """Return a digest of the code that migrates, and of what it loads."""
    digest = hashlib.sha256()
    for source in _SOURCES:
        place = _ROOT / source
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        for file in files:
            if file.is_file() and file.suffix != ".pyc":
                digest.update(f"{file.relative_to(_ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()
