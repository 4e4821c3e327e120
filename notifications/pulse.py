"""A worker's own pulse: a thread in its main process that fires even when beat and broker are gone.

For workers of the thread or solo pool. A prefork worker's main process would hand its database connection to
every child it forks, so there the pulse stays off.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from typing import Any

from celery import bootsteps
from django.db import close_old_connections
from django.db.utils import Error

from notifications.services import pulse, sending
from notifications.tasks import firer, ring

logger = logging.getLogger(__name__)

#: Seconds between beats, more or less a fifth, so that many workers do not beat as one.
PERIOD = 1.0
JITTER = 0.2
#: Beats between looks for expired leases.
REAP_EVERY = 5


class Pulse(bootsteps.StartStopStep):
    """Starts the pulse with the worker and stops it with the worker."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, parent: Any) -> None:
        """Begins to beat."""
        if "prefork" in type(parent.pool).__module__:
            logger.warning("the pulse stays off in a prefork worker; run it with -P threads")
            return
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)
        self._thread.start()

    def stop(self, parent: Any) -> None:
        """Ends after the beat under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    terminate = stop

    def _run(self) -> None:
        beats = 0
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                close_old_connections()
                pulse.beat(firer, ring)
                if beats % REAP_EVERY == 0:
                    sending.reap()
            except Error as error:
                # The database is away. The next beat asks again; the health page tells the world.
                logger.error("a beat failed: %s", type(error).__name__)
            except Exception:
                # Whatever it is, a pulse that dies is worse; it is logged whole and the next beat comes.
                logger.exception("a beat failed")
            beats += 1
            wait = PERIOD * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret
            self._stop.wait(max(0.05, wait - (time.monotonic() - began)))
