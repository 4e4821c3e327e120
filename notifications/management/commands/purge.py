"""Delete data past its retention period."""

from __future__ import annotations

import json
import math
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from notifications.services.watch.purge import purge


class Command(BaseCommand):
    """`manage.py purge [--dry-run] [--json]`."""

    help = "Delete data past its retention period (notifications/data/retention.toml)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --dry-run and --json."""
        parser.add_argument("--dry-run", action="store_true", help="Count the rows and delete nothing.")
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete all expired rows and print the number for each class."""
        counts = purge(is_dry_run=options["dry_run"], seconds=math.inf)
        if options["json"]:
            self.stdout.write(json.dumps(counts))
            return
        verb = "to delete" if options["dry_run"] else "deleted"
        for name, count in counts.items():
            self.stdout.write(f"{name:<20}{count:>10,} {verb}")
