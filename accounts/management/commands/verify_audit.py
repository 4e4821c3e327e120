"""Verify the audit chain of the access log."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import UTC
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import EntryPoint
from accounts.services.access.audit_chain import ChainReport, verify


class Command(BaseCommand):
    """Verify the chain from its first link. The access log records the verification too."""

    help = "Verifies the audit chain of the access log. Exits with 1 at the first fault."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the output format."""
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, **options: Any) -> None:
        """Print the result. Raises CommandError with the fault, if there is one."""
        report = verify(entry_point=EntryPoint.COMMAND)
        if options["json"]:
            self.stdout.write(json.dumps(_document(report)))
        else:
            self.stdout.write(f"{report.links:,} links with {report.entries:,} entries match.")
            if report.links:
                self.stdout.write(f"The newest is link {report.newest}, digest {report.digest}.")
            if report.unlinked:
                self.stdout.write(
                    f"Not yet in the chain: {report.unlinked:,}, the oldest since {_since(report)}."
                )
        if report.fault:
            raise CommandError(report.fault.message)


def _document(report: ChainReport) -> dict[str, Any]:
    return {
        "ok": report.fault is None,
        "links": report.links,
        "entries": report.entries,
        "newest_link": report.newest,
        "digest": report.digest,
        "fault": asdict(report.fault) if report.fault else None,
        "unlinked": report.unlinked,
        "unlinked_since": _since(report),
    }


def _since(report: ChainReport) -> str | None:
    since = report.unlinked_since
    return since.astimezone(UTC).isoformat() if since else None
