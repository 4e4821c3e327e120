"""Run pulses without Celery, so that firing and sending need no broker at all."""

from __future__ import annotations

import signal
import socket
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models.functions import Now

from notifications.models import Heartbeat
from notifications.services.pulses import Pulses
from notifications.tasks import firer, periodic, send_hints

#: How long ago the last pulse of a living process may be.
RECENT = timedelta(seconds=30)


class Command(BaseCommand):
    """`manage.py pulse [--check]`: until SIGTERM or Ctrl-C."""

    help = "Fires and sends every second until it is stopped. Needs the database, and no broker."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--check`."""
        parser.add_argument(
            "--check", action="store_true", help="Only check that a process of this machine runs pulses."
        )

    def handle(self, **options: Any) -> None:
        """Run the pulses of one process, or check them."""
        if options["check"]:
            recent = Heartbeat.objects.filter(last_pulse_at__gt=Now() - RECENT)
            if not recent.filter(name__startswith=f"{socket.gethostname()}:").exists():
                raise CommandError("No process of this machine has run a pulse in the last 30 seconds.")
            return
        pulses = Pulses(firer, send_hints, periodic())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: pulses.stop())
        pulses.start()
        pulses.wait()
