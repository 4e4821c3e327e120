"""Measure whether deadlines are being processed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from string import Template

from django.db.models.functions import Now

from notifications.models import Counter
from notifications.services.sql import rows_of
from notifications.services.watch import delivery, mailbox
from notifications.services.watch.counters import MAY_DIFFER, PUBLISHED

#: Seconds after which a pulse counts as stopped.
NO_PULSE = 10.0
#: Seconds that a due checkpoint may wait.
NOT_FIRED = 30.0

# The oldest pending checkpoint by index, not a count: a count over the same rows is a hundred times dearer.
_MEASURE = Template("""
SELECT
  (SELECT extract(epoch FROM statement_timestamp() - max(last_pulse_at)) FROM notifications_heartbeat),
  (SELECT extract(epoch FROM statement_timestamp() - greatest(fires_at, planned_at)) FROM orders_checkpoint
   WHERE state = %(checkpoint_pending)s ORDER BY fires_at, id LIMIT 1),
  (SELECT extract(epoch FROM statement_timestamp() - max(accepted_at)) FROM notifications_alert
   WHERE via = 'canary'),
  CASE WHEN %(has_mailbox)s THEN $age END
""").substitute(age=mailbox.AGE)


@dataclass(frozen=True, kw_only=True)
class Health:
    """Times in seconds, and the published counts as last taken.

    `pulse_age`: since the newest pulse; `canary_age`: since the last canary arrived; None if there was none.
    `due_lag`: how long the oldest due checkpoint has waited. `outbox_lag`: how long the oldest unsent alert
    has waited, however often it was tried; those held by their recipient's hours or server do not count.
    `channels_down`: the channels without a provider that is up. `mailbox_age`: since the newest canary was
    sent by mail that came back; None without a mailbox. `rehearsals`: what is in rehearsal, each the key of
    an agency, or None for the whole installation.
    """

    pulse_age: float | None
    due_lag: float
    outbox_lag: float
    canary_age: float | None
    mailbox_age: float | None = None
    channels_down: list[str] = field(default_factory=list)
    rehearsals: list[int | None] = field(default_factory=list)
    counts: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    #: True if counts that must be equal have differed for longer than allowed.
    counts_differ: bool = False

    @property
    def is_healthy(self) -> bool:
        """True if a pulse is recent, nothing due or unsent has waited too long, and the counts agree."""
        has_pulse = self.pulse_age is not None and self.pulse_age <= NO_PULSE
        return has_pulse and self.due_lag <= NOT_FIRED and self.is_delivering and not self.counts_differ

    @property
    def is_delivering(self) -> bool:
        """True if each channel has a provider that is up, no alert has waited too long for one, and mail
        arrives.
        """
        is_mail_lost = (self.mailbox_age or 0) > mailbox.NOT_RETURNED
        return self.outbox_lag <= delivery.NOT_SENT and not self.channels_down and not is_mail_lost


def measure() -> Health:
    """Measure by the database's clock. Counts nothing, so it is fast with any number of rows."""
    ((pulse_age, due_lag, canary_age, mailbox_age),) = rows_of(
        _MEASURE, {"has_mailbox": mailbox.is_configured()}
    )
    _, outbox_lag = delivery.oldest_unsent()
    kept = {one.name: one for one in Counter.objects.filter(name__in=PUBLISHED)}
    return Health(
        pulse_age=None if pulse_age is None else round(float(pulse_age), 1),
        due_lag=round(max(float(due_lag or 0), 0.0), 1),
        outbox_lag=round(max(outbox_lag, 0.0), 1),
        channels_down=delivery.channels_down(),
        rehearsals=delivery.in_rehearsal(),
        canary_age=None if canary_age is None else round(float(canary_age), 1),
        mailbox_age=None if mailbox_age is None else round(float(mailbox_age), 1),
        counts={name: (kept[name].value, kept[name].counted_at) for name in PUBLISHED if name in kept},
        counts_differ=Counter.objects.filter(
            name__in=PUBLISHED, differs_since__lt=Now() - MAY_DIFFER
        ).exists(),
    )
