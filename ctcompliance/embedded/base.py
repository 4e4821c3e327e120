"""Django's PostgreSQL backend for the embedded server. A process's first connection starts the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base

from ctcompliance.embedded.postgres import Postgres


class DatabaseWrapper(base.DatabaseWrapper):
    """Connects to the server below the folder `settings_dict["FOLDER"]`."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        Postgres(Path(self.settings_dict["FOLDER"])).use()
        return super().get_new_connection(conn_params)
