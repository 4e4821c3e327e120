"""Verifies that nobody changed the record of who did and saw what."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import UTC
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Door
from accounts.services.sealing import Report, verify


class Command(BaseCommand):
    """The whole chain, from the first seal on. That it was verified is on record itself."""

    help = "Verifies the seals of the access log; exit 1 at the first that does not fit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The form of the answer."""
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, **options: Any) -> None:
        """Prints what was verified; exit 1 with the finding, if there is one."""
        report = verify(door=Door.COMMAND)
        if options["json"]:
            self.stdout.write(json.dumps(_document(report)))
        else:
            self.stdout.write(f"{report.seals:,} seals of {report.entries:,} entries fit.")
            if report.seals:
                self.stdout.write(f"The newest is seal {report.newest}, digest {report.digest}.")
            if report.unsealed:
                self.stdout.write(f"Not sealed yet: {report.unsealed:,}, the oldest since {_since(report)}.")
        if report.finding:
            raise CommandError(report.finding.words)


def _document(report: Report) -> dict[str, Any]:
    return {
        "ok": report.finding is None,
        "seals": report.seals,
        "entries": report.entries,
        "newest_seal": report.newest,
        "digest": report.digest,
        "finding": asdict(report.finding) if report.finding else None,
        "unsealed": report.unsealed,
        "unsealed_since": _since(report),
    }


def _since(report: Report) -> str | None:
    since = report.unsealed_since
    return since.astimezone(UTC).isoformat() if since else None
