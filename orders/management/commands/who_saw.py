"""Report who saw a case, when, from which address and through which entry point."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.dates import format_instant
from accounts.models import AuditAction, AuditEntry, EntryPoint
from accounts.services.access.access_log import record
from accounts.services.access.access_report import Question, every
from orders.models import Case
from orders.rules.court_time import TimeError, parse_instant
from orders.services.planning.explanations import find_orders


class Command(BaseCommand):
    """Print the access log of a case, the newest entry first. The log records this command, too."""

    help = "Report who saw a case, when, from which address and through which entry point."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the case, the period and the output format."""
        parser.add_argument(
            "case",
            metavar="CASE",
            help="The public id of a case or order, a registry number or a docket number.",
        )
        parser.add_argument(
            "--since", metavar="INSTANT", help="The start of the period. Default: a year ago."
        )
        parser.add_argument("--until", metavar="INSTANT", help="The end of the period. Default: now.")
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, **options: Any) -> None:
        """Print every entry of the case, or of each case of the docket."""
        cases = _cases(options["case"])
        if not cases:
            raise CommandError("No case found. Give a public id, registry number or docket number.")
        now = timezone.now()
        since = _instant(options["since"], "--since") or now - timedelta(days=366)
        until = _instant(options["until"], "--until") or now
        record(AuditAction.LOG_READ, EntryPoint.COMMAND, what="who_saw", cases=cases)
        found = {case: every(Question(since=since, until=until, case=case)) for case in cases}
        if options["json"]:
            lines = [{"case": str(case), "entries": list(map(_document, found[case]))} for case in cases]
            self.stdout.write(json.dumps({"cases": lines}))
            return
        for case in cases:
            self.stdout.write(f"Case {case}")
            for entry in found[case]:
                self.stdout.write(f"  {'  '.join(_words(entry))}")


def _cases(name: str) -> list[UUID]:
    try:
        found = Case.objects.filter(public_id=UUID(name.strip())).values_list("public_id", flat=True)
    except ValueError:
        found = Case.objects.none().values_list("public_id", flat=True)
    return list(found) or sorted({order.case.public_id for order in find_orders(name)})


def _instant(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_instant(text, ZoneInfo(settings.TIME_ZONE))
    except TimeError as error:
        raise CommandError(f"{option}: {error}") from error


def _document(entry: AuditEntry) -> dict[str, Any]:
    return {
        "at": entry.at.astimezone(UTC).isoformat(),
        "who": entry.actor.email if entry.actor else None,
        "token": str(entry.token.public_id) if entry.token else None,
        "action": entry.action,
        "entry_point": entry.entry_point,
        "what": entry.what,
        "address": entry.address,
        "succeeded": entry.succeeded,
    }


def _words(entry: AuditEntry) -> Iterator[str]:
    yield format_instant(entry.at, seconds=True)
    yield f"{entry.actor} <{entry.actor.email}>" if entry.actor else "the system"
    yield entry.title
    yield f"{entry.get_entry_point_display()} {entry.what}".strip()
    yield str(entry.address or "")
