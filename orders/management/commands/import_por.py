"""Imports an export of the Protection Order Registry."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, OperationalError
from django.utils import timezone
from psycopg.errors import DeadlockDetected, LockNotAvailable
from tqdm import tqdm

from orders.services.registry.files import ExportError
from orders.services.registry.importing import Import, importing
from orders.services.registry.staging import AlreadyImportingError


class Command(BaseCommand):
    """The orders of DIR are stored with their firearms and receipts; rows that cannot be are listed."""

    help = "Imports orders.csv, firearms.csv and receipts.csv of a folder, in any repetition with one result."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The folder, and the form of the answer."""
        parser.add_argument("folder", metavar="DIR", type=Path, help="The folder of the three files.")
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")

    def handle(self, **options: Any) -> None:
        """Prints counts and rejects. Rejected rows are no failure: the exit is 0."""
        try:
            with importing(options["folder"], now=timezone.now()) as run:
                # Django's own stream would end every state of the bar with a line break.
                with tqdm(total=run.total, unit=" orders", disable=not sys.stderr.isatty()) as bar:
                    for rows in run.batches():
                        bar.update(rows)
                for part in _json(run) if options["json"] else _text(run):
                    self.stdout.write(part, ending="")
        except (ExportError, AlreadyImportingError) as error:
            raise CommandError(str(error)) from error
        except (IntegrityError, OperationalError) as error:
            if not isinstance(error, IntegrityError) and not isinstance(
                error.__cause__, DeadlockDetected | LockNotAvailable
            ):
                raise
            raise CommandError(
                "Somebody changed the same orders for too long. What is imported stands; import again."
            ) from error


def _json(run: Import) -> Iterator[str]:
    """One document in parts: as many rejects as there may be, none of it is held in memory."""
    head = {
        "imported": run.imported,
        "updated": run.updated,
        "unchanged": run.unchanged,
        "rejected": run.rejected,
    }
    yield f'{json.dumps(head)[:-1]}, "rejects": ['
    separator = ""
    for reject in run.rejects():
        yield separator + json.dumps(reject._asdict(), ensure_ascii=False)
        separator = ", "
    yield f"], {json.dumps({'firearms': run.firearms, 'receipts': run.receipts})[1:]}\n"


def _text(run: Import) -> Iterator[str]:
    for reject in run.rejects():
        yield f"{reject.file}, line {reject.line}: {reject.code}: {reject.detail}\n"
    rejected = run.rejected
    yield (
        f"Orders: {run.imported} imported, {run.updated} updated, {run.unchanged} unchanged. "
        f"Rows rejected: {sum(rejected.values())}.\n"
        f"Stored now: {run.firearms} firearms, {run.receipts} receipts and statements.\n"
    )
