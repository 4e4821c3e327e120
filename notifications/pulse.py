"""The step by which a Celery worker runs pulses.

Only for workers of the thread or solo pool: the main process of a prefork worker would pass its database
connection to every child it forks. `manage.py pulse` runs the same without Celery.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import bootsteps

from notifications.services.pulses import Pulses
from notifications.tasks import firer, periodic, send_hints

logger = logging.getLogger(__name__)


class PulseThread(bootsteps.StartStopStep):
    """Starts the threads with the worker and stops them with the worker."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._pulses: Pulses | None = None

    def start(self, parent: Any) -> None:
        """Start the threads, unless the worker is of the prefork pool."""
        if "prefork" in type(parent.pool).__module__:
            logger.warning("the pulse stays off in a prefork worker; run it with -P threads")
            return
        self._pulses = Pulses(firer, send_hints, periodic())
        self._pulses.start()

    def stop(self, parent: Any) -> None:
        """Stop after the current pulse."""
        if self._pulses is not None:
            self._pulses.stop()

    terminate = stop
