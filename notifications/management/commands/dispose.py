"""List the cases whose retention period is over, and delete those of approved lists."""

from __future__ import annotations

import json
import math
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from notifications.services.dispositions import carry_out, rehearsed
from orders.services.retention import dispositions
from orders.services.retention.classes import ClassesError
from orders.services.retention.due import REASON_WORDS


class Command(BaseCommand):
    """`manage.py dispose [--dry-run | --list] [--json]`."""

    help = "List cases past their retention period for approval, or delete those of approved lists."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --dry-run, --list and --json."""
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--dry-run", action="store_true", help="Count the cases and change nothing.")
        what.add_argument("--list", action="store_true", help="Make lists for an administrator to approve.")
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and print the counts."""
        try:
            counts = self._run(**options)
        except ClassesError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(counts))
            return
        for name, count in counts.items():
            self.stdout.write(f"{REASON_WORDS.get(name, name):<80}{count:>8,}")
        if not counts:
            self.stdout.write("Nothing to do.")

    def _run(self, *, dry_run: bool, **options: Any) -> dict[str, int]:
        now = timezone.now()
        if dry_run:
            found = dispositions.survey(now=now, rehearsed=rehearsed())
            return {**found.to_list, **found.kept}
        if options["list"]:
            made = dispositions.list_due(now=now, rehearsed=rehearsed())
            return {f"{one}: {one.retention_class}": one.cases.count() for one in made}
        return dict(carry_out(now=now, seconds=math.inf))
