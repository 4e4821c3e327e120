"""Whether deadlines are being kept."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

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
   WHERE state IN (0, 8) ORDER BY next_attempt_at, id LIMIT 1)
"""


@dataclass(frozen=True, kw_only=True)
class Health:
    """Seconds since the newest pulse (None: there was none), and how long the oldest due thing waits."""

    pulse_age: float | None
    due_lag: float
    outbox_lag: float

    @property
    def is_well(self) -> bool:
        """True when a pulse is fresh and nothing due has waited too long."""
        return self.pulse_age is not None and self.pulse_age <= NO_PULSE and self.due_lag <= NOT_FIRED


def ask() -> Health:
    """How it stands by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(_ASK)
        pulse_age, due_lag, outbox_lag = cursor.fetchone()
    return Health(
        pulse_age=None if pulse_age is None else round(float(pulse_age), 1),
        due_lag=round(max(float(due_lag or 0), 0.0), 1),
        outbox_lag=round(max(float(outbox_lag or 0), 0.0), 1),
    )
