"""Alerts about a follow-up: a person has its owner reminded, or its next action passed a day ago.

Call both functions in the transaction that records it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from notifications.models import FollowUpNote, Via
from notifications.services.direct_alerts import write_alerts
from notifications.services.priority import priority_of
from notifications.services.recipients.recipients import Recipient, members_by_rung
from notifications.services.transfers import owner_capacity, recipients_of_owner
from orders.models import FollowUp
from orders.rules.vocabulary import Purpose


def notify_of_reminder(follow_up: FollowUp, now: datetime, **_: object) -> None:
    """Notify the person who has it, else the owner's recipients."""
    _write(follow_up, FollowUpNote.REMINDED, recipients_of_owner(follow_up, follow_up.owner), now, now)


def notify_of_passed_action(follow_up: FollowUp, now: datetime, **_: object) -> None:
    """Notify the same, and the supervisors of the owner."""
    above = members_by_rung(follow_up.owner, owner_capacity(follow_up)).get(Via.SUPERVISOR, [])
    recipients = recipients_of_owner(follow_up, follow_up.owner)
    _write(follow_up, FollowUpNote.PASSED, [*recipients, *above], follow_up.next_action_at, now)


def _write(
    follow_up: FollowUp, note: FollowUpNote, recipients: Iterable[Recipient], about: datetime, now: datetime
) -> None:
    """Write one alert to each recipient by each channel; `about` keeps apart those of one kind."""
    write_alerts(
        recipients,
        key=f"follow-up:{follow_up.public_id}:{note}:{about:%Y%m%dT%H%M%S%f}",
        now=now,
        follow_up=follow_up,
        note=note,
        order=follow_up.order,
        priority=priority_of(follow_up.deadline.rule_id, Purpose.CHECK.value),
    )
