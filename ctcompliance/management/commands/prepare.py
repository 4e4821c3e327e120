"""Makes a database ready: migrated, with the cache's table and the reference data of this version."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from psycopg.errors import LockNotAvailable

from accounts.services.reference import load_reference
from ctcompliance import unreachable
from notifications.services import canary
from notifications.services.escalation import load_steps
from orders.services.calendar import load_closings

#: Names the lock among all advisory locks of the database. Any number will do that nothing else uses.
LOCK = 0x63746370_72657061
#: How long one `prepare` waits for another.
PATIENCE = "600s"


class Command(BaseCommand):
    """Migrates and loads reference data. Harmless when repeated; of two at once, the second waits."""

    help = __doc__ or ""
    # The database may not be there yet, and the addresses of pages do not matter here.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One switch."""
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, **options: Any) -> None:
        """Prints what was done, as one line or one JSON document."""
        try:
            with _alone():
                done = self._prepare()
        except OperationalError as error:
            said = str(error).strip().splitlines()[0]
            raise CommandError(unreachable.sentence(error) or f"The database refused: {said}.") from error
        self.stdout.write(json.dumps(done) if options["json"] else _sentence(done))

    def _prepare(self) -> dict[str, Any]:
        self._progress("Migrating")
        migrations = _pending()
        call_command("migrate", interactive=False, verbosity=0)
        # What processes count together, such as calls of the API: a table that no migration makes.
        call_command("createcachetable", verbosity=0)
        self._progress("Loading towns, agencies and judicial districts")
        reference = {kind: asdict(counts) for kind, counts in load_reference().items()}
        self._progress("Loading court closings")
        closings = load_closings()
        with transaction.atomic():
            canary.make()
        self._progress("Loading who is asked when nobody answers")
        return {
            "migrations": migrations,
            "reference": reference,
            "closings": closings,
            "escalation_steps": load_steps(),
        }

    def _progress(self, step: str) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"{step} …", style_func=str)


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        # An index on a large table may take longer than a page ever should.
        cursor.execute("SELECT set_config('statement_timeout', '0', false)")
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [PATIENCE])
        try:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise CommandError(
                    "Another `prepare` is still at work. Try again when it has ended."
                ) from error
            raise
        cursor.execute("RESET lock_timeout")
    try:
        yield
    finally:
        # Should the session have died, so has its lock.
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
                cursor.execute("RESET statement_timeout")


def _pending() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _sentence(done: dict[str, Any]) -> str:
    totals = [
        f"{sum(counts[what] for counts in done['reference'].values())} {what}"
        for what in ("added", "updated", "unchanged", "kept")
    ]
    return (
        f"Ready: {done['migrations']} migrations applied; reference rows: {', '.join(totals)}; "
        f"court closings: {done['closings']}; "
        f"escalation steps: {done['escalation_steps']}."
    )
