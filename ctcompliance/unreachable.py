"""What a reader of the terminal is told when the database cannot be reached."""

from __future__ import annotations

import psycopg
from django.conf import settings
from django.db import Error

#: Classes of SQLSTATE that speak of the connection: lost, refused, shut down. Any other is about a statement.
CONNECTION = ("08", "28", "3D", "57P")


def sentence(error: Error) -> str | None:
    """One sentence with neither user nor password; None when the error is not about reaching the database."""
    cause = error.__cause__
    if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return None
    if cause.sqlstate is not None and not cause.sqlstate.startswith(CONNECTION):
        return None
    return f"Cannot reach the database {place()}: {reason(cause)}. Check DATABASE_URL."


def place() -> str:
    """Which database, as `DATABASE_URL` names it."""
    database = settings.DATABASES["default"]
    port = f":{database['PORT']}" if database.get("PORT") else ""
    return f"“{database['NAME']}” at {database['HOST'] or 'the local socket'}{port}"


def reason(cause: psycopg.Error) -> str:
    """The last thing that the server or the library said: addresses that were tried come before it."""
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    said = next((line for line in lines if "failed: " in line), lines[0] if lines else "no answer")
    return said.rpartition("failed: ")[2].removeprefix("FATAL:").strip().rstrip(".")
