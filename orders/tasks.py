"""Doorbells for work on orders."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from orders.services import unowned
from orders.services.registry import jobs
from orders.services.upkeep import replan_stale as replan_some

logger = logging.getLogger(__name__)


def ring_import(job_id: int) -> None:
    """Asks a worker for one import; without a broker the sweep finds it."""
    try:
        run_import.apply_async(args=(job_id,), expires=60, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("no broker to ring: %s", type(error).__name__)


#: Seconds that an import may take: many hours, for a million orders take one.
_LONG = 12 * 3600


# Longer than any task that is asked again when it has not ended: it is taken off the broker when it begins,
# and the row says whether it ended.
@shared_task(name="orders.run_import", acks_late=False, time_limit=_LONG, soft_time_limit=_LONG)
def run_import(job_id: int) -> None:
    """One import that was asked for."""
    jobs.run(job_id, now=timezone.now())


@shared_task(name="orders.sweep_imports", acks_late=False, time_limit=_LONG, soft_time_limit=_LONG)
def sweep_imports() -> None:
    """Imports that nobody took, or that were cut off."""
    jobs.sweep(timezone.now())


@shared_task(name="orders.replan_stale")
def replan_stale() -> None:
    """Orders planned with an older rulebook are planned anew, some at a time."""
    if replan_some(now=timezone.now()):
        replan_stale.apply_async(expires=3600, retry=False)


@shared_task(name="orders.check_unowned")
def check_unowned(after: int = 0) -> None:
    """Overdue deadlines that nobody answers for or was told of are seen to, some at a time."""
    found = unowned.check_unowned(now=timezone.now(), after=after)
    if found.opened or found.given or found.armed or found.untold:
        logger.warning(
            "unowned: %d follow-ups opened, %d given to another owner, %d checks armed, %d without a check",
            found.opened,
            found.given,
            found.armed,
            found.untold,
        )
    if found.after is not None:
        check_unowned.apply_async(args=(found.after,), expires=3600, retry=False)
