"""One beat of a pulse: look at the clock, fire, and see that what was fired is sent.

Several pulses run at once, one in each worker and one driven by Celery beat; none leads. With beat dead, or
two of it, or no broker, the others carry on.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable

from django.db import connection

from notifications.services.escalation import escalate
from notifications.services.firing import Fired, Firer
from notifications.services.outbox import backlog_seconds
from notifications.services.sending import BATCH, drain

logger = logging.getLogger(__name__)

#: This process, as it signs what it fires and leases.
NAME = f"{socket.gethostname()}:{os.getpid()}"

#: Seconds an alert may wait for a worker's hint before the pulse itself sends it.
PATIENCE = 2.0

_BEAT = """
INSERT INTO notifications_heartbeat AS h (name, beats, beat_at)
VALUES (%s, 1, statement_timestamp())
ON CONFLICT (name) DO UPDATE SET beats = h.beats + 1, beat_at = statement_timestamp()
"""


def beat(firer: Firer, ring: Callable[[int], bool]) -> Fired:
    """Fires what is due and rings for senders; sends by itself where none of them comes; goes up a step where
    nobody answered.

    `ring` asks for so many drains and answers whether the broker took them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, [firer.name])
    fired = firer.fire()
    if fired.checkpoints:
        logger.info(
            "fired %d checkpoints, %d now overdue, %d alerts, latest by %.1f s",
            fired.checkpoints,
            fired.overdue,
            fired.alerts,
            fired.worst_late,
        )
    waiting = backlog_seconds()
    # One at least, where another process fired or an earlier drain left something.
    heard = ring(-(-fired.alerts // BATCH) or int(waiting > 0))
    try:
        if not heard or waiting > PATIENCE:
            drain(worker=firer.name)
    finally:
        # After what fired is on its way, and whatever became of that. The next beat rings for what it writes.
        escalate()
    return fired


def sweep(firer: Firer) -> Fired:
    """Fires whatever is due, however long ago, without the low-water mark."""
    firer.forget()
    return firer.fire()


def fire_at_once(**_: object) -> None:
    """Fires what is due, for whoever just committed something that is: a batch at most, as they wait for it.

    The next pulse, within a second, rings for senders and fires the rest.
    """
    Firer(NAME).fire(budget=0.0)
