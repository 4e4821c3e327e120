"""A migrated database and a prepared server, to be copied: migrations take most of half a minute."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

_ROOT = Path(__file__).resolve().parent.parent
#: What a migrated database depends on.
_SOURCES = ("accounts", "ctcompliance", "guidance", "notifications", "orders", "requirements-dev.lock")
_PREFIX = "migrated_"
#: Any number: the key of an advisory lock, by which one of several processes migrates.
_LOCK = 7_411
#: What `migrate` writes and no test changes. Django's `flush` writes it again each time.
_KEPT = {"django_content_type", "auth_permission"}

#: What a power cut takes from a test is made again. A database in use needs them all: docs/deploy.md.
_RELAXED = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_wal_size": "'4GB'"}


def empty() -> None:
    """Empty all tables but those that `migrate` fills and no test changes.

    TRUNCATE makes the files of every table and index again, also of the many that are empty.
    """
    quote = connection.ops.quote_name
    tables = sorted(set(connection.introspection.django_table_names(only_existing=True)) - _KEPT)
    some = " UNION ALL ".join(f"SELECT '{one}' WHERE EXISTS (SELECT FROM {quote(one)})" for one in tables)
    with transaction.atomic(), connection.cursor() as cursor:
        # A request that is still being answered ends first.
        cursor.execute(f"LOCK TABLE {', '.join(map(quote, tables))} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(some)
        filled = [name for (name,) in cursor.fetchall()]
        # Without triggers, which protect foreign keys and histories.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name in filled:
            cursor.execute(f"DELETE FROM {quote(name)}")


def relax() -> None:
    """Let the tests' server write to its disk when it likes, and tests empty any table."""
    # Here, because the tests of `make mutants` have neither the rest of the code nor time for the driver.
    import psycopg

    from ctcompliance import local

    server = local.postgres(settings.LOCAL_DIR)
    server.use()
    where: dict[str, Any] = {"host": str(server.host), "port": server.port, "dbname": "postgres"}
    with psycopg.connect(user="postgres", autocommit=True, **where) as superuser:
        superuser.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        for name, value in _RELAXED.items():
            superuser.execute(f"ALTER SYSTEM SET {name} = {value}")
        superuser.execute("SELECT pg_reload_conf()")
        superuser.execute(f"GRANT SET ON PARAMETER session_replication_role TO {server.role}")


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


def give_prepared(folder: Path) -> None:
    """Give a folder the data of a prepared server. The first caller makes them, unless this code has some."""
    home = Path(settings.LOCAL_DIR)
    # `make clean` removes it by its name.
    kept = home / f"postgres.prepared-{_digest()[:16]}"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "postgres.preparing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            for older in home.glob("postgres.prepared-*"):
                shutil.rmtree(older)
            _prepare(home / "postgres.draft")
            (home / "postgres.draft").rename(kept)
    folder.mkdir(parents=True, exist_ok=True)
    # With their owner: PostgreSQL does not run as root.
    subprocess.run(["cp", "--archive", str(kept / "postgres"), str(folder)], check=True)


def _prepare(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    names = ("DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    for command in ("prepare", "down"):
        subprocess.run(
            [sys.executable, "manage.py", command],
            cwd=_ROOT,
            env=environment | {"CTC_LOCAL": str(folder)},
            capture_output=True,
            check=True,
        )


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
