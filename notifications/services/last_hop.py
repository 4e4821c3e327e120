"""Watch the last hop: try the mail server, audit what is sent, and post what is found."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from django.db.utils import Error

from notifications.services.delivery import providers
from notifications.services.watch import audits, delivery, posting

logger = logging.getLogger(__name__)


def watch() -> None:
    """Watch once. Every few seconds some process does; each part runs in one process at a time.

    A part that fails does not stop the others. Raises only database errors.
    """
    for part in (providers.probe, _audit, _post):
        try:
            part()
        except Error:
            raise
        except Exception:
            logger.exception("a part of the watch failed")


def _audit() -> None:
    audits.audit(only=delivery.CHECKS.keys())


def _post() -> None:
    # The signature holds the time of this process: the receiver compares it with its own clock.
    posting.post_findings(at=datetime.now(UTC))
