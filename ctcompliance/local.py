"""Defaults for one machine without servers: ports, and the embedded servers of a folder.

`database` and `broker_url` describe a server and start nothing. `postgres(folder)` and `valkey(folder)` are
the servers, with `use`, `start`, `stop`, `pid` and `url`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ctcompliance.embedded.errors import Unavailable
from ctcompliance.embedded.postgres import Postgres
from ctcompliance.embedded.valkey import Valkey

__all__ = ["Unavailable", "broker_url", "database", "postgres", "valkey"]

#: Not a secret: it protects only a demonstration on this machine.
SECRET_KEY = "local-demonstration-only-never-used-with-DATABASE_URL"  # noqa: S105 - of the embedded database only
WEB_PORT = 8000
SMTP_PORT = 8025
FLOWER_PORT = 5555


def postgres(folder: Path) -> Postgres:
    """The embedded PostgreSQL below `folder`."""
    return Postgres(folder)


def valkey(folder: Path) -> Valkey:
    """The embedded Valkey below `folder`."""
    return Valkey(folder)


def database(folder: Path) -> dict[str, Any]:
    """Django's settings for the embedded database below `folder`."""
    server = postgres(folder)
    return {
        "ENGINE": "ctcompliance.embedded",
        "NAME": server.database,
        "USER": server.role,
        "HOST": str(server.host),
        "PORT": str(server.port),
        "FOLDER": str(folder),
    }


def broker_url(folder: Path) -> str:
    """The address of the embedded Valkey below `folder`."""
    return valkey(folder).url
