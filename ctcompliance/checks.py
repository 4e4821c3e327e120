"""A system check of what production connects to, for `manage.py check --deploy`."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning


def broker_asks_for_a_password(**_options: Any) -> list[CheckMessage]:
    """Check that no one else on the network can read or write the broker's messages."""
    broker = urlsplit(settings.CELERY_BROKER_URL)
    if (
        broker.password
        or broker.scheme == "socket"
        or "+socket" in broker.scheme
        or _is_loopback(broker.hostname)
    ):
        return []
    return [
        CheckWarning(
            "CELERY_BROKER_URL has no password, so anyone on its network can send tasks to the workers.",
            hint="Set a password at the broker, and redis://:password@host/0 here.",
            id="ctcompliance.W001",
        )
    ]


def _is_loopback(host: str | None) -> bool:
    if host in (None, "localhost"):
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False
