"""Import an export of the Protection Order Registry."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected, LockNotAvailable
from tqdm import tqdm

from orders.models import ReviewItem, ReviewKind
from orders.services.registry.files import Export, ExportError
from orders.services.registry.importing import Import, importing
from orders.services.registry.layout import Layout, LayoutError, read_layout
from orders.services.registry.staging import AlreadyImportingError
from orders.services.registry.writing import write_rejects, write_template


class Command(BaseCommand):
    """Store the orders of an export with their firearms and receipts, and list the other rows."""

    help = (
        "Import orders.csv, firearms.csv and receipts.csv from a folder, or one of them. Importing the same "
        "export again changes nothing. docs/import.md describes the format."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the folder and the options."""
        parser.add_argument(
            "path", metavar="DIR", type=Path, nargs="?", help="Folder of the files, or one file."
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Check everything and print the result, but store nothing."
        )
        parser.add_argument("--map", metavar="FILE", type=Path, help="TOML file that describes the layout.")
        parser.add_argument(
            "--rejects",
            metavar="FOLDER",
            type=Path,
            help="Write rejected rows as CSV, with reason and remedy, to correct and import again.",
        )
        parser.add_argument(
            "--template",
            metavar="FOLDER",
            type=Path,
            help="Write empty files and a description of each column.",
        )

    def handle(self, **options: Any) -> None:
        """Print counts and rejects. Rejected rows are no failure: the exit code is 0."""
        if options["template"]:
            write_template(options["template"])
            self.stdout.write(
                f"Empty files and a description of their columns are in {options['template']}.\n"
            )
            return
        if options["path"] is None:
            raise CommandError("Name the folder of the files, or --template FOLDER to get empty ones.")
        try:
            layout = read_layout(options["map"]) if options["map"] else Layout()
            for warning in layout.warnings:
                self.stderr.write(f"Warning: {warning}")
            self._import(Export(options["path"], layout), options)
        except (ExportError, LayoutError, AlreadyImportingError) as error:
            raise CommandError(str(error)) from error
        except (IntegrityError, OperationalError) as error:
            if not isinstance(error, IntegrityError) and not isinstance(
                error.__cause__, DeadlockDetected | LockNotAvailable
            ):
                raise
            raise CommandError(
                "Someone changed the same orders for too long. What was imported is stored; import again."
            ) from error

    def _import(self, export: Export, options: dict[str, Any]) -> None:
        is_dry_run = options["dry_run"]
        with (
            importing(export, now=timezone.now()) as run,
            transaction.atomic() if is_dry_run else nullcontext(),
        ):
            # Django's own stream would end every state of the bar with a line break.
            with tqdm(total=run.total, unit=" orders", disable=not sys.stderr.isatty()) as bar:
                for rows in run.batches():
                    bar.update(rows)
            if options["rejects"]:
                write_rejects(options["rejects"], export, run.rejects())
            if is_dry_run and not options["json"]:
                self.stdout.write("Dry run: nothing is stored.\n")
            for part in _json(run) if options["json"] else _text(run):
                self.stdout.write(part, ending="")
            if is_dry_run:
                transaction.set_rollback(True)


def _json(run: Import) -> Iterator[str]:
    """One document in parts, so that no list of it is held in memory."""
    head = {
        "imported": run.imported,
        "updated": run.updated,
        "unchanged": run.unchanged,
        "rejected": run.rejected,
        "beyond_rule": run.beyond_rule,
        "unusual_dockets": run.unusual_dockets,
    }
    yield f'{json.dumps(head)[:-1]}, "rejects": ['
    yield from _listed(reject._asdict() for reject in run.rejects())
    kinds = {
        "doubtful": ReviewKind.DOUBTFUL,
        "near_matches": ReviewKind.NEAR_MATCH,
        "other_respondents": ReviewKind.OTHER_RESPONDENT,
    }
    for name, kind in kinds.items():
        yield f'], "{name}": ['
        yield from _listed(_row(item) for item in run.reviews() if item.kind == kind)
    yield f"], {json.dumps({'firearms': run.firearms, 'receipts': run.receipts})[1:]}\n"


def _listed(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    separator = ""
    for row in rows:
        yield separator + json.dumps(row, ensure_ascii=False)
        separator = ", "


def _row(item: ReviewItem) -> dict[str, Any]:
    return {"file": item.file, "line": item.line, "code": item.code, "detail": item.detail}


def _text(run: Import) -> Iterator[str]:
    for reject in run.rejects():
        yield f"{reject.file}, line {reject.line}: {reject.code}: {reject.detail}\n"
    waiting = 0
    for item in run.reviews():
        waiting += 1
        place = f"{item.file}, line {item.line}: " if item.file else ""
        yield f"{place}waits for a clerk: {item.code}: {item.detail}\n"
    yield (
        f"Orders: {run.imported} imported, {run.updated} updated, {run.unchanged} unchanged. "
        f"Rows rejected: {sum(run.rejected.values())}. Rows that wait for a clerk: {waiting}.\n"
        f"New orders with a date beyond a rule of law: {run.beyond_rule}. Their pages show it.\n"
        f"New orders with a docket number in an unusual form: {run.unusual_dockets}.\n"
        f"Stored now: {run.firearms} firearms, {run.receipts} receipts and statements.\n"
    )
