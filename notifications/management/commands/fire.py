"""`manage.py fire`: fire what is due, once."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications.services.firing.fire import Fired, Firer
from notifications.services.firing.pulse import NAME
from orders.rules.court_time import TimeError, parse_instant


class Command(BaseCommand):
    """`manage.py fire [--now INSTANT] [--json]`."""

    help = "Fires what is due, once: marks deadlines overdue, opens follow-ups, writes alerts."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--now` and `--json`."""
        parser.add_argument("--now", help="An instant that replaces the database's clock.")
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fire until nothing is due."""
        now = self._now(options["now"])
        firer = Firer(NAME)
        total = Fired()
        while (one := firer.fire(now=now)).checkpoints:
            total += one
        if options["json"]:
            self.stdout.write(json.dumps(asdict(total)))
        else:
            self.stdout.write(
                f"Fired {total.checkpoints} checkpoints: {total.overdue} deadlines now overdue, "
                f"{total.alerts} alerts written."
            )

    def _now(self, text: str | None) -> datetime | None:
        if text is None:
            return None
        try:
            return parse_instant(text, ZoneInfo(settings.TIME_ZONE))
        except TimeError as error:
            raise CommandError(f"--now: {error}") from error
