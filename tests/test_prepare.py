"""`prepare` makes a database ready. It can be repeated, and two never run at the same time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from accounts.models import Town
from ctcompliance.management.commands import prepare


@pytest.fixture
def another_session(db: None) -> Iterator[psycopg.Connection]:
    """A second connection to the same database."""
    with psycopg.connect(**connection.get_connection_params()) as session:
        yield session


def test_the_second_time_changes_nothing_and_prints_so(db: None) -> None:
    first, second = _prepared(), _prepared()

    assert first["reference"]["towns"] == {"added": 432, "updated": 0, "unchanged": 0, "kept": 0}
    assert second["reference"]["towns"] == {"added": 0, "updated": 0, "unchanged": 432, "kept": 0}
    assert (second["migrations"], second["closings"]) == (0, 0)
    assert Town.objects.count() == 432


def test_it_prints_one_line_for_people(db: None) -> None:
    printed = StringIO()

    call_command("prepare", stdout=printed)

    assert printed.getvalue().startswith("Ready: 0 migrations applied; reference rows: 597 added, ")
    assert printed.getvalue().count("\n") == 1


def test_a_fresh_database_gets_the_table_of_the_cache(db: None) -> None:
    with connection.cursor() as cursor:
        # The database of the tests has it from Django; one of production has it from here.
        cursor.execute("DROP TABLE cache")

    _prepared()

    cache.set("calls", 1)
    assert cache.get("calls") == 1


def test_it_waits_while_another_is_at_work(
    another_session: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "PATIENCE", "50ms")
    another_session.execute("SELECT pg_advisory_lock(%s)", [prepare.LOCK])

    with pytest.raises(CommandError, match="still running"):
        _prepared()


def test_it_leaves_the_lock_and_the_sessions_limits_as_they_were(
    another_session: psycopg.Connection,
) -> None:
    _prepared()

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
        assert cursor.fetchone() == ("30s", "5s")
    free = another_session.execute("SELECT pg_try_advisory_lock(%s)", [prepare.LOCK]).fetchone()
    assert free == (True,)


def _prepared() -> Any:
    printed = StringIO()
    call_command("prepare", "--json", stdout=printed)
    return json.loads(printed.getvalue())
