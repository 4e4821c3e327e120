"""Reminders of follow-ups: one that a person sends now, and one after the next action has passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.dispatch import Signal

from accounts.dates import at_the_end, format_instant
from accounts.isolation import isolated
from accounts.models import User
from orders.errors import InvalidFact, NotYours
from orders.models import FollowUp, HistoryEntry
from orders.services.court_days import zone_of
from orders.services.follow_ups.actions import acting_on

#: The shortest time between two reminders that people send.
REMIND_EVERY = timedelta(hours=1)
#: How long after the next action the owner and its supervisors are alerted.
PASSED_AFTER = timedelta(days=1)
#: Follow-ups that one transaction looks at.
BATCH = 200

#: The kind of a follow-up that cannot be noted.
KIND = "follow-up whose action passed"

#: Sent with the `follow_up` and `now` in the transaction that records the reminder, so that the alerts are
#: written together with it or not at all.
reminded = Signal()
passed = Signal()


def remind(follow_up: FollowUp, *, by: User, now: datetime) -> FollowUp:
    """Have the owner reminded now, once an hour at most. Raises `InvalidFact`.

    There is nothing to undo: it records no fact, and a message that has left cannot be called back.
    """
    with acting_on(follow_up, "follow_up_reminded", by=by, now=now) as (change, row):
        if not by.agencies_for("remind", "follow_up"):
            raise NotYours("follow_up", "not_yours", "Only court, police and prosecutors send reminders.")
        if row.reminded_at is not None and now < (again := row.reminded_at + REMIND_EVERY):
            zone = zone_of(change.order)
            raise InvalidFact(
                "follow_up",
                "reminded_lately",
                f"The owner was reminded on {format_instant(row.reminded_at, zone)}, so the next reminder "
                f"cannot be sent before {at_the_end(format_instant(again, zone))}",
            )
        row.reminded_at = now
        row.save(update_fields=["reminded_at"])
        reminded.send(sender=None, follow_up=row, now=now)
    return row


def note_passed(*, now: datetime) -> int:
    """Have the owner and its supervisors alerted of each next action that passed a day ago; return how many.

    Once for each next action. Safe to stop and to run in parallel: rows that a service holds wait for the
    next run. One that fails stops no other.
    """
    found = 0
    while batch := _note_batch(now):
        found += batch
        if batch < BATCH:
            break
    return found


def _note_batch(now: datetime) -> int:
    with transaction.atomic():
        rows = list(
            FollowUp.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
            .filter(closed_at=None, passed_at=None, next_action_at__lte=now - PASSED_AFTER)
            .filter(order__withdrawn_at=None)
            .select_related("order", "owner", "deadline")
            .order_by("next_action_at", "id")[:BATCH]
        )
        by_key = {row.pk: row for row in rows}
        done = isolated(KIND, list(by_key), lambda some: _note([by_key[pk] for pk in some], now))
    return sum(done)


def _note(rows: Sequence[FollowUp], now: datetime) -> int:
    for row in rows:
        row.passed_at = now
        passed.send(sender=None, follow_up=row, now=now)
    FollowUp.objects.bulk_update(rows, ["passed_at"])
    HistoryEntry.objects.bulk_create(
        HistoryEntry(
            order=row.order,
            kind="next_action_passed",
            occurred_at=now,
            data={"rule": row.deadline.rule_id},
        )
        for row in rows
    )
    return len(rows)
