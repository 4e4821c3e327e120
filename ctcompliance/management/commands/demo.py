"""Loads the demonstration."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ctcompliance import demo


class Command(BaseCommand):
    """Invented people and orders, on the embedded database only. Harmless when repeated."""

    help = "Loads the demonstration: invented people and orders, two of them about to pass their deadline."

    def add_arguments(self, parser: CommandParser) -> None:
        """Takes `--week`."""
        parser.add_argument("--week", action="store_true", help="Load the orders of a court's week instead.")

    def handle(self, *, week: bool = False, **_options: Any) -> None:
        """Prints one line."""
        if not settings.IS_LOCAL:
            raise CommandError("`demo` writes to the embedded database only. Unset DATABASE_URL.")
        try:
            loaded = demo.load_week(timezone.now()) if week else demo.load(timezone.now())
        except demo.NotPreparedError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Demonstration: {loaded.people} people and {loaded.orders} orders added; "
            f"{loaded.ending_soon} orders whose 24 hours end within two minutes added."
        )
