"""Watch the last hop: try the mail server, audit what is sent, and post what is found."""

from __future__ import annotations

from accounts.database import database_now
from accounts.isolation import run_parts
from notifications.services.delivery import providers
from notifications.services.watch import audits, delivery, posting


def watch() -> None:
    """Watch once. Every few seconds some process does; each part runs in one process at a time.

    A part that fails does not stop the others; the first error is raised at the end.
    """
    run_parts(providers.probe, _audit, _post)


def _audit() -> None:
    audits.audit(only=delivery.CHECKS.keys())


def _post() -> None:
    # The signature holds the time, which the receiver compares with its own clock.
    posting.post_findings(at=database_now())
