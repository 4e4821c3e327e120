"""Celery tasks. The database makes each of them safe to run twice."""

from __future__ import annotations

import logging
import time
from functools import cache, partial
from typing import Any

from celery import current_app, shared_task
from celery.signals import task_success
from django.db.utils import Error

from accounts.database import database_now
from accounts.isolation import run_parts
from notifications.services import dispositions
from notifications.services.contacts import contacts
from notifications.services.delivery import account_reminders, audit_digests, printing, sending
from notifications.services.firing import pulse as pulses
from notifications.services.firing.fire import Firer
from notifications.services.periodic import Periodic, record
from notifications.services.release_notices import warn_of_ends
from notifications.services.watch import audits, canary, counters, purge
from notifications.services.webhooks import dispatch, outbox
from notifications.services.weekly import write_reports

logger = logging.getLogger(__name__)

#: The firer of this process, shared by its own pulses and those that beat asks for.
firer = Firer(pulses.NAME)

#: Tasks that every process with pulses runs by itself.
_IN_PULSES = frozenset({"notifications.pulse", "notifications.drain"})

#: Time limit in seconds of tasks that read whole tables.
_LONG = 600


#: Seconds that a broker may take for all hints of a pulse.
_HINTS_WITHIN = 1.0


def send_hints(drains: int) -> bool:
    """Ask workers for that many drains; False if the broker did not take the hints, or not at once."""
    ends = time.monotonic() + _HINTS_WITHIN
    try:
        for _ in range(drains):
            drain.apply_async(args=(sending.BATCH,), expires=30, retry=False)
            if time.monotonic() > ends:
                logger.warning("the broker is slow to take hints")
                return False
    except Exception as error:  # noqa: BLE001 - a broker that refuses writes raises what its client has for it
        logger.warning("no broker for hints: %s", type(error).__name__)
        return False
    return True


def periodic() -> list[Periodic]:
    """Return the periodic tasks of beat's schedule, but for the pulse, which every process runs."""
    current_app.loader.import_default_modules()
    return [
        Periodic(
            name=entry["task"],
            seconds=float(entry["schedule"]),
            run=partial(current_app.tasks[entry["task"]].run, *entry.get("args", ())),
        )
        for entry in current_app.conf.beat_schedule.values()
        if isinstance(entry["schedule"], (int, float)) and entry["task"] not in _IN_PULSES
    ]


@task_success.connect
def record_run(sender: Any, **_: object) -> None:
    """Record when a periodic task ran, by the database's clock."""
    if sender.name in _periodic_names():
        try:
            record(sender.name)
        except Error as error:
            logger.warning("the run of %s is not recorded: %s", sender.name, type(error).__name__)


@cache
def _periodic_names() -> frozenset[str]:
    return frozenset(one.name for one in periodic())


@shared_task(name="notifications.pulse")
def pulse() -> None:
    """Run one pulse; Celery beat asks for it every second."""
    pulses.run_pulse(firer, send_hints)


@shared_task(name="notifications.sweep")
def sweep() -> None:
    """Fire everything due, however long ago."""
    pulses.sweep(firer)


@shared_task(name="notifications.reap")
def reap() -> None:
    """Free expired leases, decide alerts in doubt, and write printed notices for what could not be sent."""
    run_parts(sending.reap, printing.fall_back_to_paper, outbox.reap)


@shared_task(name="notifications.drain")
def drain(limit: int) -> None:
    """Send up to `limit` alerts; ask for another drain if there may be more."""
    if sending.drain(limit, worker=pulses.NAME) == limit:
        send_hints(1)


@shared_task(name="notifications.deliver_webhooks")
def deliver_webhooks() -> None:
    """Send webhooks to subscribed systems until beat asks for the next run."""
    dispatch.deliver()


@shared_task(name="notifications.canary")
def plant_canary() -> None:
    """Plan the next canary."""
    canary.plant()


@shared_task(name="notifications.audit")
def audit() -> None:
    """Run the audits and record what they find."""
    audits.audit()


@shared_task(name="notifications.send_audit_digests")
def send_audit_digests() -> None:
    """Send the digest of the access log out of the machine, to each destination whose interval is over."""
    audit_digests.send_digests(at=database_now())


@shared_task(name="notifications.remind_of_ends")
def remind_of_ends() -> None:
    """Mail the reminders that temporary accounts end soon."""
    account_reminders.send_reminders(database_now())


@shared_task(name="notifications.warn_of_releases")
def warn_of_releases() -> None:
    """Write the warnings that releases end soon."""
    warn_of_ends(database_now())


@shared_task(name="notifications.weekly_reports")
def weekly_reports() -> None:
    """Write the weekly mails to supervisors that are due."""
    write_reports()


# Acknowledged early: it may run longer than the broker waits before it delivers a message again. Beat asks
# for the next run in any case.
@shared_task(name="notifications.count", acks_late=False, time_limit=_LONG, soft_time_limit=_LONG - 30)
def count() -> None:
    """Count again the figures that are published."""
    counters.take()


@shared_task(name="notifications.purge", acks_late=False, time_limit=_LONG, soft_time_limit=_LONG - 30)
def purge_old() -> None:
    """Erase what has been kept for as long as it may be."""
    now = database_now()
    run_parts(partial(contacts.end_lapsed, now), purge.purge, partial(dispositions.carry_out, now=now))
