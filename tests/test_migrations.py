"""Migrations that run beside a running system: they lock no table for long and break no older process.

squawk reads the SQL of every migration that may meet a table with rows. docs/upgrade.md has the safe forms,
which `makemigrations` does not write.
"""

from __future__ import annotations

import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

#: The last migration of each app that runs on empty tables alone: it is older than the first installation.
BEFORE_FIRST_INSTALLATION = {"accounts": "0007", "notifications": "0010", "orders": "0021"}
#: What squawk asks for and why it does not apply here.
NOT_APPLICABLE = (
    # Django opens and closes the transaction.
    "transaction-nesting",
    # `ctcompliance.settings` sets both timeouts for every session.
    "require-lock-timeout",
    "require-statement-timeout",
    # Choices of types, without a lock.
    "prefer-text-field",
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "prefer-identity",
)


def _problems(sql: str, directory: Path) -> str:
    """Return what squawk finds in the SQL, a line each; an empty string if it finds nothing."""
    file = directory / "migration.sql"
    file.write_text("\n".join(line for line in sql.splitlines() if line not in ("BEGIN;", "COMMIT;")))
    squawk = Path(sys.executable).with_name("squawk")
    options = ["--pg-version=15", "--reporter=gcc", f"--exclude={','.join(NOT_APPLICABLE)}"]
    if "BEGIN;" in sql.splitlines():
        options.append("--assume-in-transaction")
    done = subprocess.run(
        [str(squawk), *options, str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return "\n".join(line for line in done.stdout.splitlines() if line.startswith(str(file)))


def _sql(app: str, name: str) -> str:
    written = StringIO()
    call_command("sqlmigrate", app, name, stdout=written, no_color=True)
    return written.getvalue()


# Outside a transaction, because an index is created concurrently.
@pytest.mark.django_db(transaction=True)
def test_no_migration_stops_a_running_system(tmp_path: Path) -> None:
    own = {config.label for config in apps.get_app_configs() if config.label in BEFORE_FIRST_INSTALLATION}
    found = {
        f"{app}.{name}": problems
        for app, name in sorted(MigrationLoader(connection).disk_migrations)
        if app in own and name[:4] > BEFORE_FIRST_INSTALLATION[app]
        if (problems := _problems(_sql(app, name), tmp_path))
    }

    assert found == {}


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("CREATE INDEX a ON t (b);", "require-concurrent-index-creation"),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (b > 0);", "constraint-missing-not-valid"),
        ("ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES u (id);", "adding-foreign-key-constraint"),
        # An older process does not know the column and gives it no value.
        ("ALTER TABLE t ADD COLUMN b integer NOT NULL;", "adding-required-field"),
        ("ALTER TABLE t DROP COLUMN b;", "ban-drop-column"),
        ("ALTER TABLE t RENAME COLUMN b TO c;", "renaming-column"),
        ("ALTER TABLE t ALTER COLUMN b TYPE bigint;", "changing-column-type"),
    ],
)
def test_what_would_stop_it_is_found(sql: str, rule: str, tmp_path: Path) -> None:
    assert rule in _problems(f"BEGIN;\n{sql}\nCOMMIT;", tmp_path)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON t (b);",
        "BEGIN;\nALTER TABLE t ADD CONSTRAINT c CHECK (b > 0) NOT VALID;\nCOMMIT;",
        "BEGIN;\nALTER TABLE t ADD COLUMN b integer DEFAULT 0 NOT NULL;\nCOMMIT;",
    ],
)
def test_the_safe_forms_pass(sql: str, tmp_path: Path) -> None:
    assert _problems(sql, tmp_path) == ""
