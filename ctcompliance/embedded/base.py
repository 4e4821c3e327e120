"""Django's PostgreSQL backend on the embedded server, which starts with the first connection of a process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base

from ctcompliance.embedded.postgres import Postgres


class DatabaseWrapper(base.DatabaseWrapper):
    """`settings_dict["FOLDER"]` names the folder below which the server lives."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        Postgres(Path(self.settings_dict["FOLDER"])).use()
        return super().get_new_connection(conn_params)
