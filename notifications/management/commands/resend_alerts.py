"""Send failed alerts again."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from notifications.management.administrator import administrator
from notifications.services.delivery.resend import resend, unsent_alert, unsent_between
from orders.errors import InvalidFact
from orders.rules.court_time import TimeError, parse_instant


class Command(BaseCommand):
    """`manage.py resend_alerts --by EMAIL [--since INSTANT] [--until INSTANT] [--in-doubt] [--alert ID]`."""

    help = "Sends alerts again that failed, on record in the history of their orders."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("--by", required=True, help="The administrator who decides it, by email address.")
        parser.add_argument("--since", help="Alerts created from this instant on; default: 24 hours ago.")
        parser.add_argument("--until", help="Alerts created before this instant; default: now.")
        parser.add_argument("--in-doubt", action="store_true", help="Also those that may have arrived.")
        parser.add_argument("--alert", help="This alert only, by its id.")
        parser.add_argument("--dry-run", action="store_true", help="Count the alerts and send nothing.")
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, **options: Any) -> None:
        """Send again, and print how many."""
        now = timezone.now()
        by = administrator(options["by"])
        try:
            if options["alert"]:
                alerts = unsent_alert(UUID(options["alert"]))
            else:
                since = _instant("--since", options["since"]) or now - timedelta(days=1)
                until = _instant("--until", options["until"]) or now
                alerts = unsent_between(since, until, in_doubt=options["in_doubt"])
        except InvalidFact as error:
            raise CommandError(str(error)) from error
        except ValueError as error:
            raise CommandError("--alert: not an id. Copy it from the list of alerts.") from error
        if options["dry_run"]:
            self.stdout.write(f"{alerts.count()} alerts would be sent again.")
            return
        done = resend(alerts, by=by, now=now)
        if options["json"]:
            self.stdout.write(json.dumps(asdict(done)))
        else:
            self.stdout.write(
                f"Sent again: {done.failed} that failed, {done.in_doubt} that may have arrived."
            )


def _instant(option: str, text: str | None) -> datetime | None:
    try:
        return parse_instant(text, ZoneInfo(settings.TIME_ZONE)) if text else None
    except TimeError as error:
        raise CommandError(f"{option}: {error}") from error
