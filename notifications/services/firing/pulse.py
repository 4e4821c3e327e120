"""A pulse: fire what is due, have it sent, and take the next escalation steps.

Several processes run pulses at once: each worker by itself, and any worker when Celery beat asks for one.
No process leads. If beat or the broker is down, or two beats run, pulses go on.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable
from functools import partial

from django.db import connection

from accounts.database import database_now
from accounts.isolation import run_parts
from notifications.services.contacts.answers import repeat_unanswered
from notifications.services.contacts.unreached import notify_advocates
from notifications.services.delivery.outbox import backlog_seconds
from notifications.services.delivery.sending import BATCH, drain
from notifications.services.escalation.cover import cover
from notifications.services.escalation.escalation import escalate
from notifications.services.fallbacks import notify_courts
from notifications.services.firing.fire import Fired, Firer

logger = logging.getLogger(__name__)

#: The name under which this process fires and leases.
NAME = f"{socket.gethostname()}:{os.getpid()}"

#: Seconds an alert may wait for a worker that got a hint before the pulse sends it.
PATIENCE = 2.0

_RECORD_PULSE = """
INSERT INTO notifications_heartbeat AS h (name, pulses, last_pulse_at)
VALUES (%s, 1, statement_timestamp())
ON CONFLICT (name) DO UPDATE SET pulses = h.pulses + 1, last_pulse_at = statement_timestamp()
"""


def run_pulse(firer: Firer, send_hints: Callable[[int], bool], *, drains: bool = True) -> Fired:
    """Fire what is due, hint to workers to send it, cover for people who cannot act, take the escalation
    steps whose time has come, and notify courts of what fell back and advocates of clients not reached.

    `send_hints` asks workers for that many drains and returns False if the broker did not take the hints.
    The pulse then sends by itself, and also when alerts have waited longer than `PATIENCE`, unless `drains`
    is False because another thread sends.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RECORD_PULSE, [firer.name])
    try:
        return _fire_and_send(firer, send_hints, drains=drains)
    finally:
        # Last, so that it delays nothing that fired, and also if firing or sending fails. The next pulse
        # sends what it writes.
        run_parts(cover, escalate, notify_courts, _look_after_clients)


def _fire_and_send(firer: Firer, send_hints: Callable[[int], bool], *, drains: bool) -> Fired:
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
    # One hint at least if another process fired or an earlier drain left something.
    is_hinted = send_hints(-(-fired.alerts // BATCH) or int(waiting > 0))
    if drains and (not is_hinted or waiting > PATIENCE):
        drain(worker=firer.name)
    return fired


def _look_after_clients() -> None:
    now = database_now()
    run_parts(partial(notify_advocates, now), partial(repeat_unanswered, now))


def sweep(firer: Firer) -> Fired:
    """Fire whatever is due, however long ago, without the low-water mark."""
    firer.forget()
    return firer.fire()


def fire_after_commit(**_: object) -> None:
    """Fire one batch at most of what is due; the process that committed something due waits for it.

    The next pulse, within a second, fires the rest and hints to workers to send.
    """
    Firer(NAME).fire(budget=0.0)
