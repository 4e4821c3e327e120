"""Stops what runs below the local folder, whoever started it and however that one ended."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from ctcompliance import local
from ctcompliance.embedded import processes

#: Everything that is ever written below the folder.
DATA = ("postgres", "postgres.*", "redis.*", "sockets", "mailbox", "beat-schedule*", "up.lock")


class Command(BaseCommand):
    """No process uses the folder, and the embedded servers are stopped. Harmless when repeated."""

    help = "Stops every process that uses the local folder, and the embedded servers. The data stay."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One switch."""
        parser.add_argument("--remove-data", action="store_true", help="Remove the folder's data as well.")

    def handle(self, **options: Any) -> None:
        """Says how many processes it found."""
        folder = Path(settings.LOCAL_DIR)
        ended = processes.end_all(folder)
        servers = (local.redis(folder), local.postgres(folder))
        running = [server for server in servers if server.is_running]
        for server in running:
            server.stop()
        self.stdout.write(f"Stopped {ended} processes and {len(running)} embedded servers below {folder}.")
        if options["remove_data"]:
            remove(folder, servers[0].sockets)
            self.stdout.write(f"Removed the data below {folder}.")


def remove(folder: Path, sockets: Path) -> None:
    """Nothing of this project is below the folder. A stranger's file in it, and then the folder, stays."""
    for path in [sockets, *(found for pattern in DATA for found in folder.glob(pattern))]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
