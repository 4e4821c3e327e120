"""The message on the terminal when the database cannot be reached."""

from __future__ import annotations

import psycopg
from django.conf import settings
from django.db import Error

#: SQLSTATE classes about the connection (lost, refused, shut down). All others are about a statement.
CONNECTION = ("08", "28", "3D", "57P")


def sentence(error: Error) -> str | None:
    """Return one sentence without user and password, or None if the error is not about the connection."""
    cause = error.__cause__
    if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return None
    if cause.sqlstate is not None and not cause.sqlstate.startswith(CONNECTION):
        return None
    return f"Cannot reach the database {place()}: {reason(cause)}. Check DATABASE_URL."


def place() -> str:
    """Return the database and host of `DATABASE_URL`."""
    database = settings.DATABASES["default"]
    port = f":{database['PORT']}" if database.get("PORT") else ""
    return f"“{database['NAME']}” at {database['HOST'] or 'the local socket'}{port}"


def reason(cause: psycopg.Error) -> str:
    """Return the last part of the error message, after the addresses that were tried."""
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    message = next((line for line in lines if "failed: " in line), lines[0] if lines else "no answer")
    return message.rpartition("failed: ")[2].removeprefix("FATAL:").strip().rstrip(".")
