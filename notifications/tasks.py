"""Doorbells: what Celery calls. Each does one thing that the database makes safe to do twice."""

from __future__ import annotations

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from notifications.services import deliveries, delivering, pulse, sending
from notifications.services.firing import Firer

logger = logging.getLogger(__name__)

#: This process's firer, shared by its own pulse and by the ticks it is sent.
firer = Firer(pulse.NAME)


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
    """Expired leases freed, doubts decided."""
    sending.reap()
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
