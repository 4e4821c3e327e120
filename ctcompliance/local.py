"""What runs on one machine without any server: addresses, ports, and the embedded servers by folder.

Describing a server (`database`, `broker_url`) starts nothing. `postgres(folder)` and `redis(folder)` are the
servers themselves: `use`, `start`, `stop`, `pid`, `url`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ctcompliance.embedded.errors import Unavailable
from ctcompliance.embedded.postgres import Postgres
from ctcompliance.embedded.redis import Redis

__all__ = ["Unavailable", "broker_url", "database", "postgres", "redis"]

#: Not a secret: it guards nothing but a demonstration on this machine.
SECRET_KEY = "local-demonstration-only-never-used-with-DATABASE_URL"  # noqa: S105
WEB_PORT = 8000
SMTP_PORT = 8025
FLOWER_PORT = 5555


def postgres(folder: Path) -> Postgres:
    """The embedded PostgreSQL below `folder`."""
    return Postgres(folder)


def redis(folder: Path) -> Redis:
    """The embedded Redis below `folder`."""
    return Redis(folder)


def database(folder: Path) -> dict[str, Any]:
    """Django's description of the embedded database below `folder`."""
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
    """The address of the embedded Redis below `folder`."""
    return redis(folder).url
