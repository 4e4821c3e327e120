"""Load the courts, agencies and places of a state from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services.agencies.state_file import EXAMPLE, StateFileError, load_state


class Command(BaseCommand):
    """Load a file, or print one to start from."""

    help = (
        "Loads the courts, agencies and places of a state from a TOML file. Its courts can then enter orders."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file and what to do with it."""
        parser.add_argument("file", nargs="?", type=Path, help="the TOML file; see --example")
        parser.add_argument("--dry-run", action="store_true", help="check the file and store nothing")
        parser.add_argument("--example", action="store_true", help="print a file with every key")

    def handle(self, **options: Any) -> None:
        """Raises CommandError if the file cannot be loaded."""
        if options["example"]:
            self.stdout.write(EXAMPLE)
            return
        if options["file"] is None:
            raise CommandError("Give the file, or --example.")
        try:
            loaded = load_state(options["file"], dry_run=options["dry_run"])
        except StateFileError as error:
            raise CommandError(str(error)) from error
        for line in loaded.lines:
            self.stdout.write(line)
        stored = "would change" if options["dry_run"] else "changed"
        self.stdout.write(
            f"{loaded.state.label}: {len(loaded.lines)} {stored}, {loaded.unchanged} right already."
        )
