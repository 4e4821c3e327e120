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
    """Fires what is due, goes up a step where nobody answered, and rings for senders; sends by itself where
    none of them comes.

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
    written = fired.alerts + escalate()
    heard = not written or ring(-(-written // BATCH))
    if not heard or backlog_seconds() > PATIENCE:
        drain(worker=firer.name)
    return fired


def sweep(firer: Firer) -> Fired:
    """Fires whatever is due, however long ago, without the low-water mark."""
    firer.forget()
    return firer.fire()
