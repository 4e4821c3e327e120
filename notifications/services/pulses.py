"""The threads of a process that runs pulses, even when Celery beat and the broker are down.

One fires, one hints to workers, one sends, one watches the last hop, one sends canaries by mail, one runs
periodic work that is overdue. They are apart because hints, sending and reading mail wait for other servers,
and nothing may delay firing.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence

from django.db import close_old_connections
from django.db.utils import Error

from notifications.services.delivery import sending
from notifications.services.delivery.outbox import backlog_seconds
from notifications.services.firing.fire import Firer
from notifications.services.firing.pulse import PATIENCE, run_pulse
from notifications.services.last_hop import watch
from notifications.services.mail_canary import fly
from notifications.services.periodic import Periodic, run_overdue

logger = logging.getLogger(__name__)

#: Seconds between pulses, varied by a fifth so that many processes do not run theirs at the same moment.
PERIOD = 1.0
JITTER = 0.2
_random = secrets.SystemRandom()
#: Every so many pulses expired leases are freed.
REAP_EVERY = 5
#: Seconds between two looks at the last hop, and between two looks for overdue work.
WATCH_EVERY = 4.0
PERIODIC_EVERY = 3.0


class Pulses:
    """Starts the threads, and stops them."""

    def __init__(
        self, firer: Firer, send_hints: Callable[[int], bool], periodic: Sequence[Periodic] = ()
    ) -> None:
        self._firer, self._send_hints, self._periodic = firer, send_hints, periodic
        self._is_hinted = True
        self._drains = 0
        self._asked = threading.Event()
        self._pulses = 0
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=[name, period, work], name=name, daemon=True)
            for name, period, work in (
                ("pulse", PERIOD, self._pulse),
                ("hint", 0.0, self._send_asked),
                ("send", PERIOD / 2, self._send),
                ("watch", WATCH_EVERY, watch),
                ("mailbox", WATCH_EVERY, fly),
                ("periodic", PERIODIC_EVERY, self._run_overdue),
            )
        ]

    def start(self) -> None:
        """Start the threads."""
        for one in self._threads:
            one.start()

    def stop(self) -> None:
        """Stop after the current pulse."""
        self._stop.set()
        self._asked.set()
        for one in self._threads:
            if one.name in ("pulse", "send"):
                one.join(timeout=5)

    def wait(self) -> None:
        """Return when `stop` is called."""
        self._stop.wait()

    def _repeat(self, name: str, period: float, work: Callable[[], object]) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                close_old_connections()
                work()
            except Error as error:
                # The database is down. The next run tries again; the health page shows the state.
                logger.error("%s failed: %s", _SAID.get(name, name), type(error).__name__)
            except Exception:
                # A thread that ends would be worse than any error, so the error is logged and the next run
                # comes.
                logger.exception("%s failed", _SAID.get(name, name))
            wait = period * _random.uniform(1 - JITTER, 1 + JITTER)
            self._stop.wait(max(0.05, wait - (time.monotonic() - began)))

    def _pulse(self) -> None:
        self._pulses += 1
        run_pulse(self._firer, self._hint, drains=False)
        if self._pulses % REAP_EVERY == 1:
            sending.reap()

    def _hint(self, drains: int) -> bool:
        """Leave the hints to their own thread: a broker may take seconds for each."""
        self._drains = drains
        if drains:
            self._asked.set()
        return self._is_hinted

    def _send_asked(self) -> None:
        """Send the hints of the latest pulse once it asks for some."""
        self._asked.wait()
        self._asked.clear()
        if not self._stop.is_set():
            self._is_hinted = self._send_hints(self._drains)

    def _send(self) -> None:
        """Send what no worker took in time, or all without a broker."""
        while not self._stop.is_set():
            waiting = backlog_seconds()
            if waiting <= (PATIENCE if self._is_hinted else 0.0):
                return
            if not sending.drain(worker=self._firer.name):
                return

    def _run_overdue(self) -> None:
        run_overdue(self._periodic)


_SAID = {"pulse": "a pulse"}
