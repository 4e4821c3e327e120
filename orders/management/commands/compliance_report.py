"""Counts how orders stood to the surrender of firearms at an instant."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orders.rules.court_time import TimeError, parse_instant
from orders.services.calendar import bundled
from orders.services.compliance import RULE, Compliance, count_compliance


class Command(BaseCommand):
    """The counts at the instant asked for, from facts dated at or before it."""

    help = "Counts how orders stood to the surrender of firearms at an instant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The instant, and the form of the answer."""
        parser.add_argument(
            "--as-of",
            required=True,
            metavar="INSTANT",
            help="Such as 2026-11-01T12:00:00-05:00; without an offset it is the court's wall time.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, **options: Any) -> None:
        """Prints the counts."""
        rulebook = bundled()
        zone = rulebook.jurisdictions[rulebook.by_id[RULE].jurisdiction].zone
        try:
            as_of = parse_instant(options["as_of"], zone)
        except TimeError as error:
            raise CommandError(f"--as-of: {error}") from error
        found = count_compliance(as_of)
        self.stdout.write(json.dumps(_document(found)) if options["json"] else _table(found))


def _document(found: Compliance) -> dict[str, Any]:
    return {
        RULE: {"orders": sum(found.orders.values()), **found.orders},
        "firearms_outstanding_past_due": found.firearms_outstanding,
    }


def _table(found: Compliance) -> str:
    total = sum(found.orders.values())
    lines = [
        RULE,
        *(
            f"  {standing.replace('_', ' '):<32}{count:>10,}{count / total if total else 0:>8.1%}"
            for standing, count in found.orders.items()
        ),
        f"  {'orders':<32}{total:>10,}",
        f"{'Firearms outstanding, past due':<34}{found.firearms_outstanding:>10,}",
    ]
    return "\n".join(lines)
