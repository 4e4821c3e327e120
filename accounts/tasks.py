"""Periodic tasks of accounts and of the access log."""

from __future__ import annotations

import logging
import time

from celery import shared_task
from kombu.exceptions import OperationalError

from accounts.database import database_now
from accounts.isolation import run_parts
from accounts.models import EntryPoint
from accounts.services import held_forms, password_reset, people, sign_in
from accounts.services.access import audit_chain, idempotency
from accounts.sessions import SessionStore

logger = logging.getLogger(__name__)

#: Seconds after which a task leaves the rest to the next run; far below Celery's limit.
SECONDS = 20.0


@shared_task(name="accounts.extend_audit_chain")
def extend_audit_chain() -> None:
    """Add entries to the audit chain, in batches."""
    ends = time.monotonic() + SECONDS
    while audit_chain.extend_chain() >= audit_chain.BATCH and time.monotonic() < ends:
        pass


@shared_task(name="accounts.verify_audit")
def verify_audit(after: int | None = None, *, is_whole: bool = False) -> None:
    """Verify the audit chain after the link `after`; by default, what is new since the last verification.

    `is_whole`: the links before were verified by the run that asked for this one.
    """
    is_whole = is_whole or after == 0
    report = audit_chain.verify(
        entry_point=EntryPoint.SYSTEM, after=after, seconds=SECONDS, is_whole=is_whole
    )
    if not report.is_finished:
        verify_audit.apply_async(
            args=(report.newest,), kwargs={"is_whole": is_whole}, expires=3600, retry=False
        )


def request_reset_link(user: int) -> None:
    """Ask a worker to mail a link to the person, or for 0 to do nothing, so that both take the same time."""
    try:
        mail_reset_link.apply_async(args=(user,), expires=600, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("no broker: %s", type(error).__name__)


@shared_task(name="accounts.mail_reset_link")
def mail_reset_link(user: int) -> None:
    """Mail a link to the person with this key."""
    password_reset.mail_link(user, now=database_now())


@shared_task(name="accounts.release_locks")
def release_locks() -> None:
    """End locks and temporary accounts whose time is over, so that alerts go to the right people."""
    run_parts(people.release_locks, people.end_temporary)


@shared_task(name="accounts.tidy")
def tidy() -> None:
    """Disable unused accounts, and delete what has expired: attempts, sessions, records, held forms."""
    run_parts(
        people.disable_unused,
        sign_in.delete_old_attempts,
        SessionStore.clear_expired,
        idempotency.delete_expired,
        held_forms.delete_expired,
    )
