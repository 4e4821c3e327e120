"""Doorbells for accounts, and for the record of who did what."""

from __future__ import annotations

import time

from celery import shared_task

from accounts.models import Door
from accounts.services import answers, people, sealing, sign_in
from accounts.sessions import SessionStore

#: Seconds that one task works before it leaves the rest to the next; far below Celery's limit.
SECONDS = 20.0


@shared_task(name="accounts.seal")
def seal() -> None:
    """What can be sealed is, in batches."""
    ends = time.monotonic() + SECONDS
    while sealing.seal() >= sealing.BATCH and time.monotonic() < ends:
        pass


@shared_task(name="accounts.verify_audit")
def verify_audit(after: int | None = None) -> None:
    """The record after the seal `after` is verified, or what is new since the last time."""
    report = sealing.verify(door=Door.SYSTEM, after=after, seconds=SECONDS)
    if not report.is_finished:
        verify_audit.apply_async(args=(report.newest,), expires=3600, retry=False)


@shared_task(name="accounts.tidy")
def tidy() -> None:
    """Accounts unused for long are disabled; what ended or counts no more is gone."""
    people.disable_unused()
    sign_in.forget()
    SessionStore.clear_expired()
    answers.forget()
