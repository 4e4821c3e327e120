"""Compile the catalogs of translated texts: `manage.py catalogs`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ctcompliance.catalogs import catalogs, compiled, read


class Command(BaseCommand):
    """Write the `.mo` file beside each `.po` file."""

    help = "Compile the translated texts of the pages, without GNU gettext."
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Compile, and print what was written."""
        for file in catalogs():
            entries = read(file)
            file.with_suffix(".mo").write_bytes(compiled(entries))
            self.stdout.write(f"{file.parent.parent.name}: {len(entries) - 1} texts compiled.")
