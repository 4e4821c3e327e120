"""Give the application's database role its privileges, and create it if it is missing."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.utils import DatabaseError

from ctcompliance import database_roles


class Command(BaseCommand):
    """Run it as the owner of the tables; `prepare` does it at its end if CTC_APP_ROLE is set."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the role and the output format."""
        parser.add_argument("--role", default=settings.APP_ROLE, help="Default: CTC_APP_ROLE.")
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, **options: Any) -> None:
        """Print what was granted."""
        if not options["role"]:
            raise CommandError("CTC_APP_ROLE: empty; set it, or name the role with --role.")
        try:
            granted = database_roles.grant(options["role"], settings.APP_PASSWORD)
        except database_roles.RolesError as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            reason = str(error).strip().splitlines()[0]
            raise CommandError(
                f"The database refused: {reason}. Run this as the owner of the tables, who may create roles; "
                "or create the role first."
            ) from error
        made = "created" if granted.is_new else "was there"
        sentence = f"The role {granted.role} {made} and has its privileges on {granted.tables} tables."
        self.stdout.write(json.dumps(asdict(granted)) if options["json"] else sentence)
