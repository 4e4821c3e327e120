"""Celery tasks for orders. The rows hold the work; a lost message only delays it."""

from __future__ import annotations

import logging
from functools import partial

from celery import shared_task
from kombu.exceptions import OperationalError

from accounts.database import database_now
from accounts.isolation import run_parts
from orders.services.attachments.sweep import sweep_files as sweep_stored
from orders.services.follow_ups import orphaned, reminders
from orders.services.planning.replan_stale import replan_stale as replan_some
from orders.services.planning.urgency import write_ended
from orders.services.registry import jobs, preview

logger = logging.getLogger(__name__)


def request_import(job_id: int) -> None:
    """Ask a worker to run one import. Without a broker the sweep finds it."""
    try:
        run_import.apply_async(args=(job_id,), expires=60, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("no broker: %s", type(error).__name__)


#: The time limit of an import in seconds. A million orders take an hour.
_LONG = 12 * 3600


# An import runs longer than the broker waits before it redelivers a task. So the message is acknowledged at
# the start, and the row shows whether the import ended.
@shared_task(name="orders.run_import", acks_late=False, time_limit=_LONG, soft_time_limit=_LONG)
def run_import(job_id: int) -> None:
    """Run one requested import."""
    jobs.run(job_id, now=database_now())


def request_preview(job_id: int) -> None:
    """Ask a worker to try one import. Without a broker the sweep finds it."""
    try:
        preview_import.apply_async(args=(job_id,), expires=60, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("no broker: %s", type(error).__name__)


@shared_task(name="orders.preview_import", acks_late=False, time_limit=_LONG, soft_time_limit=_LONG)
def preview_import(job_id: int) -> None:
    """Try one import and keep what it would do."""
    preview.try_out(job_id, now=database_now())


@shared_task(name="orders.sweep_imports", acks_late=False, time_limit=_LONG, soft_time_limit=_LONG)
def sweep_imports() -> None:
    """Run and try imports that are waiting or were interrupted."""
    now = database_now()
    run_parts(partial(jobs.sweep, now), partial(preview.sweep, now))


@shared_task(name="orders.replan_stale")
def replan_stale() -> None:
    """Replan a batch of orders planned with an older rulebook, and continue with the next batch.

    Orders that have ended since are listed by what still matters of them.
    """
    now = database_now()
    if write_ended(now) + replan_some(now=now):
        replan_stale.apply_async(expires=3600, retry=False)


@shared_task(name="orders.note_passed_actions")
def note_passed_actions() -> None:
    """Alert the owners of follow-ups whose next action passed, and their supervisors."""
    reminders.note_passed(now=database_now())


@shared_task(name="orders.check_orphaned")
def check_orphaned(after: int = 0) -> None:
    """Repair overdue deadlines without an owner or an alert, and continue with the next batch."""
    repairs = orphaned.check_orphaned(now=database_now(), after=after)
    if repairs.opened or repairs.reassigned or repairs.armed or repairs.without_check:
        logger.warning(
            "orphaned: %d follow-ups opened, %d reassigned, %d checks armed, %d without a check",
            repairs.opened,
            repairs.reassigned,
            repairs.armed,
            repairs.without_check,
        )
    if repairs.after is not None:
        check_orphaned.apply_async(args=(repairs.after,), expires=3600, retry=False)


@shared_task(name="orders.sweep_files")
def sweep_files() -> None:
    """Remove stored files that no row needs, and log how many rows have lost their file."""
    swept = sweep_stored(now=database_now())
    if swept.removed:
        logger.info("files: %d removed that no row needs", swept.removed)
    if swept.missing:
        logger.error("files: %d of orders are missing in the folder", swept.missing)
