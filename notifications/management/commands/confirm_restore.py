"""Let messages leave a restored database."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from notifications.management.administrator import administrator
from notifications.services.firing.fire import Firer
from notifications.services.restored import Confirmation, confirm, is_held
from orders.errors import InvalidFact


class Command(BaseCommand):
    """`manage.py confirm_restore [--by EMAIL] [--log FILE] [--json]`. Without `--by` it only looks."""

    help = "Lets messages leave a restored database, and marks those that may reach someone twice."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("--by", help="The administrator who confirms it, by email address.")
        parser.add_argument("--log", help="The mail server's log since the backup.")
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, **options: Any) -> None:
        """Confirm, and print how many alerts wait and how many of them are marked."""
        if not options["by"]:
            self.stdout.write(_STATE[is_held()])
            return
        by = administrator(options["by"])
        # What was due since the backup becomes an alert now, so that it is marked with the others.
        Firer("confirm_restore").fire()
        try:
            found = _confirmed(options["log"], by=by)
        except InvalidFact as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"--log: cannot read the file: {error.strerror}.") from error
        self.stdout.write(
            json.dumps(asdict(found))
            if options["json"]
            else f"Confirmed. {found.waiting} alerts wait to be sent; {found.marked} may be repeats."
        )


_STATE = {
    True: "This database is a restored copy, and nothing is sent. Name yourself with --by to confirm it.",
    False: "This database is confirmed. Messages are not held.",
}


def _confirmed(log: str | None, *, by: Any) -> Confirmation:
    if log is None:
        return confirm(by=by, now=timezone.now())
    with Path(log).open(encoding="utf-8", errors="replace") as lines:
        return confirm(by=by, now=timezone.now(), log=lines)
