"""Count orders by the status of their surrender duty at an instant."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orders.rules.court_time import TimeError, parse_instant
from orders.services.planning.rulebooks import bundled
from orders.services.reports.compliance import Compliance, count_compliance


class Command(BaseCommand):
    """Print the counts at an instant, from facts dated at or before it."""

    help = "Count orders by the status of their surrender duty at an instant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the instant and the output format."""
        parser.add_argument(
            "--as-of",
            required=True,
            metavar="INSTANT",
            help="For example, 2026-11-01T12:00:00-05:00. Without a UTC offset, court time.",
        )
        parser.add_argument(
            "--state",
            default="us_ct",
            choices=sorted(bundled().jurisdictions),
            help="The state whose orders are counted, such as us_vt. Default: us_ct.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, **options: Any) -> None:
        """Print the counts."""
        state = bundled().jurisdictions[options["state"]]
        try:
            as_of = parse_instant(options["as_of"], state.zone)
        except TimeError as error:
            raise CommandError(f"--as-of: {error}") from error
        found = count_compliance(as_of, jurisdiction=state.id)
        self.stdout.write(json.dumps(_document(found)) if options["json"] else _table(found, state.name))


def _document(found: Compliance) -> dict[str, Any]:
    counted: dict[str, Any] = {}
    if found.rule is not None:
        counted[found.rule.id] = {"orders": sum(found.orders.values()), **found.orders}
    return {
        **counted,
        "firearms_outstanding_past_due": found.firearms_outstanding,
    }


def _table(found: Compliance, state: str) -> str:
    total = sum(found.orders.values())
    lines = [
        found.rule.id if found.rule else f"The rules of {state} set no time to surrender firearms.",
        *(
            f"  {standing.replace('_', ' '):<32}{count:>10,}{count / total if total else 0:>8.1%}"
            for standing, count in found.orders.items()
        ),
        f"  {'orders':<32}{total:>10,}",
        f"{'Firearms outstanding, past due':<34}{found.firearms_outstanding:>10,}",
        f"Firearms: {found.numbers}",
    ]
    return "\n".join(lines)
