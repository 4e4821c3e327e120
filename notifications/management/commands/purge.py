"""Takes away what is kept for longer than it may be."""

from __future__ import annotations

import json
import math
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from notifications.services.purge import purge


class Command(BaseCommand):
    """`manage.py purge [--dry-run] [--json]`."""

    help = "Takes away what is kept for longer than notifications/data/retention.toml says."

    def add_arguments(self, parser: CommandParser) -> None:
        """Takes whether anything is to go, and the form of the answer."""
        parser.add_argument("--dry-run", action="store_true", help="Only count what would go.")
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Goes on until all of it is gone, and prints how many rows of each class that were."""
        counts = purge(is_dry_run=options["dry_run"], seconds=math.inf)
        if options["json"]:
            self.stdout.write(json.dumps(counts))
            return
        word = "would go" if options["dry_run"] else "gone"
        for name, count in counts.items():
            self.stdout.write(f"{name:<20}{count:>10,} {word}")
