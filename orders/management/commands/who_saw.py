"""Says who saw a case, when, from where and by which door."""

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

from accounts.models import Act, AuditEntry, Door
from accounts.services.access_report import Question, every
from accounts.services.audit import record
from orders.models import Case
from orders.rules.court_time import TimeError, parse_instant
from orders.services.explaining import find_orders


class Command(BaseCommand):
    """The newest first. That it was asked is on record itself."""

    help = "Says who saw a case, when, from where and by which door."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The case, the time, and the form of the answer."""
        parser.add_argument(
            "case", metavar="CASE", help="A public id of a case or order, a registry or docket number."
        )
        parser.add_argument("--since", metavar="INSTANT", help="A year ago unless given.")
        parser.add_argument("--until", metavar="INSTANT", help="Now unless given.")
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, **options: Any) -> None:
        """Prints every entry of the case, or of each case of the docket."""
        cases = _cases(options["case"])
        if not cases:
            raise CommandError("There is no such case. Give a public id, registry number or docket number.")
        now = timezone.now()
        since = _instant(options["since"], "--since") or now - timedelta(days=366)
        until = _instant(options["until"], "--until") or now
        record(Act.LOG_READ, Door.COMMAND, what="who_saw", cases=cases)
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
        "act": entry.act,
        "door": entry.door,
        "what": entry.what,
        "address": entry.address,
        "succeeded": entry.succeeded,
    }


def _words(entry: AuditEntry) -> Iterator[str]:
    yield f"{entry.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    yield f"{entry.actor} <{entry.actor.email}>" if entry.actor else "the system"
    yield entry.get_act_display() if entry.succeeded else f"{entry.get_act_display()}, in vain"
    yield f"{entry.get_door_display()} {entry.what}".strip()
    yield str(entry.address or "")
