"""Verify the audit chain of the access log."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import EntryPoint
from accounts.services.access import audit_digests
from accounts.services.access.audit_chain import ChainReport, EndedEra, ended_eras, verify
from accounts.services.access.audit_digests import Comparison


class Command(BaseCommand):
    """Verify the chain from its first link. The access log records the verification too."""

    help = "Verifies the audit chain of the access log. Exits with 1 at the first fault."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the output format, and the digests to compare with."""
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")
        parser.add_argument(
            "--against",
            metavar="FILE",
            help="Compare with the digests that were sent out of the machine: a file, a saved mail, or - for "
            "standard input.",
        )

    def handle(self, **options: Any) -> None:
        """Print the result. Raises CommandError with the fault, if there is one."""
        compared = _compared(options["against"]) if options["against"] else None
        report = verify(entry_point=EntryPoint.COMMAND)
        eras = ended_eras()
        if options["json"]:
            self.stdout.write(json.dumps(_document(report, eras, compared)))
        else:
            self.stdout.write("\n".join(_sentences(report, eras, compared)))
        if report.fault:
            raise CommandError(report.fault.message)
        if compared and compared.differing:
            raise CommandError(compared.fault())


def _compared(name: str) -> Comparison:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise CommandError(f"--against: cannot read {name} ({error.strerror}). Name another file.") from error
    noted = list(audit_digests.read(text.splitlines()))
    if not noted:
        raise CommandError(f"--against: {name} has no digest. Name the file or the mail that has them.")
    return audit_digests.compare(noted)


def _sentences(report: ChainReport, eras: Sequence[EndedEra], compared: Comparison | None) -> list[str]:
    lines = [f"{report.links:,} links with {report.entries:,} entries match."]
    if report.links:
        lines.append(f"The newest is link {report.newest}, digest {report.digest}.")
    lines += [
        f"Link {one.link} of {_utc(one.at)} ends an era of the chain: {one.reason}. Database {one.before} "
        f"became {one.after}."
        for one in eras
    ]
    if report.unlinked:
        since = report.unlinked_since
        lines.append(
            f"Not yet in the chain: {report.unlinked:,}, the oldest since {_utc(since) if since else ''}."
        )
    if compared:
        lines.append(f"{compared.matching:,} noted digests match.")
    if compared and compared.lost:
        first = compared.lost[0]
        lines.append(
            f"{len(compared.lost):,} noted digests are of links that a restore lost; the first is link "
            f"{first.link} of {_utc(first.at)}. What was logged since then is not in this database."
        )
    return lines


def _document(report: ChainReport, eras: Sequence[EndedEra], compared: Comparison | None) -> dict[str, Any]:
    found = {
        "ok": report.fault is None and not (compared and compared.differing),
        "links": report.links,
        "entries": report.entries,
        "newest_link": report.newest,
        "digest": report.digest,
        "fault": asdict(report.fault) if report.fault else None,
        "unlinked": report.unlinked,
        "unlinked_since": _utc(report.unlinked_since) if report.unlinked_since else None,
        "eras_ended": [
            {
                "link": one.link,
                "at": _utc(one.at),
                "reason": one.reason,
                "before": one.before,
                "after": one.after,
            }
            for one in eras
        ],
    }
    if compared:
        found["noted"] = {
            "matching": compared.matching,
            "differing": [one.link for one in compared.differing],
            "lost": [one.link for one in compared.lost],
        }
    return found


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()
