"""Whether deadlines are being kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.db.models.functions import Now

from notifications.models import Tally
from notifications.services.tallies import MAY_DIFFER, PUBLISHED

#: Seconds after which a pulse counts as stopped.
NO_PULSE = 10.0
#: Seconds that something due may wait.
NOT_FIRED = 30.0

# The oldest pending checkpoint by index, not a count: a count over the same rows is a hundred times dearer.
_ASK = """
SELECT
  (SELECT extract(epoch FROM statement_timestamp() - max(beat_at)) FROM notifications_heartbeat),
  (SELECT extract(epoch FROM statement_timestamp() - greatest(fires_at, planned_at)) FROM orders_checkpoint
   WHERE state = 0 ORDER BY fires_at, id LIMIT 1),
  (SELECT extract(epoch FROM statement_timestamp() - next_attempt_at) FROM notifications_alert
   WHERE state IN (0, 8) ORDER BY next_attempt_at, id LIMIT 1),
  (SELECT extract(epoch FROM statement_timestamp() - max(accepted_at)) FROM notifications_alert
   WHERE via = 'canary')
"""


@dataclass(frozen=True, kw_only=True)
class Health:
    """Seconds since the newest pulse and since the last canary arrived (None: there was none), how long the
    oldest due thing waits, and the published counts as they were last taken."""

    pulse_age: float | None
    due_lag: float
    outbox_lag: float
    canary_age: float | None
    counts: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    #: Counts that must be equal have differed for longer than they may.
    is_uneven: bool = False

    @property
    def is_well(self) -> bool:
        """True when a pulse is fresh, nothing due has waited too long and the counts agree."""
        is_beating = self.pulse_age is not None and self.pulse_age <= NO_PULSE
        return is_beating and self.due_lag <= NOT_FIRED and not self.is_uneven


def ask() -> Health:
    """How it stands by the database's clock. Nothing is counted here, however much there is."""
    with connection.cursor() as cursor:
        cursor.execute(_ASK)
        pulse_age, due_lag, outbox_lag, canary_age = cursor.fetchone()
    kept = {one.name: one for one in Tally.objects.filter(name__in=PUBLISHED)}
    return Health(
        pulse_age=None if pulse_age is None else round(float(pulse_age), 1),
        due_lag=round(max(float(due_lag or 0), 0.0), 1),
        outbox_lag=round(max(float(outbox_lag or 0), 0.0), 1),
        canary_age=None if canary_age is None else round(float(canary_age), 1),
        counts={name: (kept[name].value, kept[name].counted_at) for name in PUBLISHED if name in kept},
        is_uneven=Tally.objects.filter(name__in=PUBLISHED, differs_since__lt=Now() - MAY_DIFFER).exists(),
    )
