"""Encrypt with the current key what an earlier key encrypted."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.crypto import current_key_id
from accounts.models import AuditAction, EntryPoint
from accounts.services.access.access_log import record
from accounts.services.rotation import Rotated, rotate
from notifications.services.delivery import sms_opt_out


class Command(BaseCommand):
    """`manage.py rotate_keys [--dry-run] [--json]`. It can be stopped and run again."""

    help = "Encrypts again what was encrypted with an earlier key, or stored before its column was encrypted."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --dry-run and --json."""
        parser.add_argument("--dry-run", action="store_true", help="Count the rows and change nothing.")
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, **options: Any) -> None:
        """Print a line for each column. Exit with 1 if a row is left that this run could not encrypt."""
        found = []
        for one in rotate(is_dry_run=options["dry_run"]):
            found.append(one)
            if not options["json"]:
                self.stdout.write(_line(one, is_dry_run=options["dry_run"]))
        if not options["dry_run"]:
            sms_opt_out.renew_known()
            record(
                AuditAction.DONE,
                EntryPoint.COMMAND,
                what="rotate_keys",
                detail={"key": current_key_id(), "rows": sum(one.done for one in found)},
            )
        opted_out = sms_opt_out.under_other_keys()
        if options["json"]:
            columns = [asdict(one) for one in found]
            self.stdout.write(
                json.dumps({"key": current_key_id(), "columns": columns, "opted_out_numbers": opted_out})
            )
        else:
            self.stdout.write(_sentence(found, opted_out, is_dry_run=options["dry_run"]))
        left = sum(one.waiting - one.done for one in found)
        if left and not options["dry_run"]:
            raise CommandError(
                f"{left} values are left. Unreadable: set their key in CTC_ENCRYPTION_KEYS again. "
                "Twice: two people have one number; correct one. Otherwise another process changed the row: "
                "run this again."
            )


def _line(one: Rotated, *, is_dry_run: bool) -> str:
    if is_dry_run:
        return f"{one.column:<50}{one.waiting:>10,} to encrypt"
    return f"{one.column:<50}{one.done:>10,} encrypted{one.unreadable:>10,} unreadable{one.twice:>10,} twice"


def _sentence(found: list[Rotated], opted_out: int, *, is_dry_run: bool) -> str:
    parts = [f"The current key is {current_key_id()}."]
    if all(one.is_complete for one in found):
        parts.append("Every stored value is encrypted with it.")
    elif is_dry_run:
        parts.append("Run this without --dry-run.")
    if opted_out:
        parts.append(
            f"{opted_out} numbers that replied STOP are known by a digest under an earlier key: keep that "
            "key, or text messages would go to them again."
        )
    return " ".join(parts)
