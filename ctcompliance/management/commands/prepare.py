"""Make a database ready: run migrations, create the cache table and load this version's reference data."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from accounts.services.agencies.reference import load_reference
from ctcompliance import database_roles, unreachable
from notifications.services.escalation.escalation import load_steps
from notifications.services.restored import confirm_first
from notifications.services.watch import canary
from orders.services.planning.rulebooks import load_closings

#: The key of the advisory lock. Any number that nothing else uses is fine.
LOCK = 0x63746370_72657061
#: How long one `prepare` waits for another, as PostgreSQL writes a duration.
PATIENCE = "600s"


class Command(BaseCommand):
    """Migrate and load reference data. It can be repeated; of two at once, the second waits."""

    help = __doc__ or ""
    # The database may not exist yet, and the checks of URLs are not needed here.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--json`."""
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, **options: Any) -> None:
        """Print what was done, as one line or one JSON document."""
        try:
            with _alone():
                done = self._prepare()
        except OperationalError as error:
            reason = str(error).strip().splitlines()[0]
            raise CommandError(unreachable.sentence(error) or f"The database refused: {reason}.") from error
        self.stdout.write(json.dumps(done) if options["json"] else _sentence(done))

    def _prepare(self) -> dict[str, Any]:
        self._progress("Migrating")
        migrations = _pending()
        call_command("migrate", interactive=False, verbosity=0)
        # Processes share counters in it, such as API calls. No migration creates this table.
        call_command("createcachetable", verbosity=0)
        self._progress("Loading towns, agencies and judicial districts")
        reference = {kind: asdict(counts) for kind, counts in load_reference().items()}
        self._progress("Loading court closings")
        closings = load_closings()
        with transaction.atomic():
            canary.make()
        # A demonstration may be moved about; its mail goes nowhere.
        confirm_first(timezone.now(), again=settings.IS_LOCAL)
        self._progress("Loading the escalation steps")
        steps = load_steps()
        # Last, so that it finds every table.
        if settings.APP_ROLE:
            try:
                database_roles.grant(settings.APP_ROLE, settings.APP_PASSWORD)
            except database_roles.RolesError as error:
                raise CommandError(str(error)) from error
        return {
            "migrations": migrations,
            "reference": reference,
            "closings": closings,
            "escalation_steps": steps,
        }

    def _progress(self, step: str) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"{step} …", style_func=str)


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        # Building an index on a large table may take longer than the limit for pages.
        cursor.execute("SELECT set_config('statement_timeout', '0', false)")
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [PATIENCE])
        try:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise CommandError(
                    "Another `prepare` is still running. Try again when it has ended."
                ) from error
            raise
        cursor.execute("RESET lock_timeout")
    try:
        yield
    finally:
        # The lock ends with its session, if that has died.
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
