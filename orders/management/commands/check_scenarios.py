"""Run the scenarios of a folder against the rules."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orders.rules.scenarios import ScenarioError, load, run
from orders.services.planning.rulebooks import bundled


class Command(BaseCommand):
    """Plan each scenario of DIR and compare the result. No database is used."""

    help = "Run every scenario file below a folder, without a database; exit 1 if one fails."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the folder and the form of the output."""
        parser.add_argument(
            "folder", metavar="DIR", type=Path, help="The folder with scenario files (*.toml)."
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, **options: Any) -> None:
        """Print the differences. Raise `CommandError`, exit 1, if there are any."""
        try:
            outcomes = [run(scenario, bundled()) for scenario in load(options["folder"])]
        except ScenarioError as error:
            raise CommandError(str(error)) from error
        failed = [one for one in outcomes if one.differences]
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "passed": len(outcomes) - len(failed),
                        "failed": len(failed),
                        "scenarios": [
                            {"id": one.id, "ok": not one.differences, "differences": list(one.differences)}
                            for one in outcomes
                        ],
                    },
                    ensure_ascii=False,
                )
            )
        else:
            for one in failed:
                for difference in one.differences:
                    self.stdout.write(f"{one.id}: {difference}")
            self.stdout.write(f"{len(outcomes) - len(failed)} scenarios pass, {len(failed)} fail.")
        if failed:
            raise CommandError(f"{len(failed)} of {len(outcomes)} scenarios fail.")
