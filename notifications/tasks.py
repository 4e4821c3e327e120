"""Doorbells: what Celery calls. Each does one thing that the database makes safe to do twice."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from notifications.services import (
    audits,
    canary,
    contacts,
    deliveries,
    delivering,
    printing,
    pulse,
    purge,
    sending,
    tallies,
)
from notifications.services.firing import Firer

logger = logging.getLogger(__name__)

#: This process's firer, shared by its own pulse and by the ticks it is sent.
firer = Firer(pulse.NAME)

#: Seconds that work over everything there is may take.
_LONG = 600


def ring(drains: int) -> bool:
    """Asks workers for so many drains; False when the broker did not take it."""
    try:
        for _ in range(drains):
            drain.apply_async(args=(sending.BATCH,), expires=30, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("no broker to ring: %s", type(error).__name__)
        return False
    return True


@shared_task(name="notifications.tick")
def tick() -> None:
    """One beat, on beat's hint."""
    pulse.beat(firer, ring)


@shared_task(name="notifications.sweep")
def sweep() -> None:
    """Everything due, however long ago."""
    pulse.sweep(firer)


@shared_task(name="notifications.reap")
def reap() -> None:
    """Expired leases freed, doubts decided, what nothing could carry put on paper."""
    sending.reap()
    printing.fall_back_to_paper()
    deliveries.reap()


@shared_task(name="notifications.drain")
def drain(limit: int) -> None:
    """Up to `limit` alerts sent; another drain is rung for while there are more."""
    if sending.drain(limit, worker=pulse.NAME) == limit:
        ring(1)


@shared_task(name="notifications.deliver_webhooks")
def deliver_webhooks() -> None:
    """Subscribed systems told of what happened, for as long as a beat lasts."""
    delivering.deliver()


@shared_task(name="notifications.canary")
def plant_canary() -> None:
    """The next canary is due."""
    canary.plant()


@shared_task(name="notifications.audit")
def audit() -> None:
    """Whether all is as it must be, asked once more."""
    audits.audit()


# Taken off the broker when it begins, and asked again when its time comes: it may take longer than a task
# that the broker asks for once more.
@shared_task(name="notifications.count", acks_late=False, time_limit=_LONG, soft_time_limit=_LONG - 30)
def count() -> None:
    """What is published, counted anew."""
    tallies.take()


@shared_task(name="notifications.purge", acks_late=False, time_limit=_LONG, soft_time_limit=_LONG - 30)
def purge_old() -> None:
    """What is kept for longer than it may be is gone."""
    contacts.end_lapsed(timezone.now())
    purge.purge()
