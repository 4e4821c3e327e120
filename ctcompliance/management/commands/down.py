"""Stop every process that uses the local folder, also after a hard kill."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from ctcompliance import local
from ctcompliance.embedded import processes

#: Everything that the project writes below the folder.
DATA = ("postgres", "postgres.*", "valkey.*", "sockets", "mailbox", "beat-schedule*", "up.lock")


class Command(BaseCommand):
    """Stop the folder's processes and embedded servers. It can be repeated."""

    help = "Stop every process that uses the local folder, and the embedded servers. The data stay."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--remove-data`."""
        parser.add_argument("--remove-data", action="store_true", help="Remove the folder's data as well.")

    def handle(self, **options: Any) -> None:
        """Print how many processes and servers were stopped."""
        folder = Path(settings.LOCAL_DIR)
        ended = processes.end_all(folder)
        servers = (local.valkey(folder), local.postgres(folder))
        running = [server for server in servers if server.is_running]
        for server in running:
            server.stop()
        self.stdout.write(f"Stopped {ended} processes and {len(running)} embedded servers below {folder}.")
        if options["remove_data"]:
            remove(folder, servers[0].sockets)
            self.stdout.write(f"Removed the data below {folder}.")


def remove(folder: Path, sockets: Path) -> None:
    """Remove the project's data from the folder, and the folder if it is empty then. Other files stay."""
    for path in [sockets, *(found for pattern in DATA for found in folder.glob(pattern))]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
