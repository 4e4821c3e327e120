"""FIRE: what is due becomes overdue deadlines, follow-ups, history and alerts, in one statement.

Each checkpoint fires exactly once: one atomic statement claims it and writes all that follows, and touches
nothing outside the database. So it needs no lease, and any number of pulses may run it at once. A checkpoint
at which the statement fails is parked, and the others fire.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.utils import Error

from notifications.services.firing.fire_sql import CLAIM, FIRE, IS_ANYTHING_DUE, KIND, PARAMETERS
from notifications.services.sql import rows_of
from notifications.services.watch.isolation import rows_isolating
from orders.services.planning.rulebooks import alarm_rules, awaited_answers, naming_rules, urgent_news

#: Checkpoints that one statement claims.
BATCH = 500
#: Seconds for which one call fires before it leaves the rest to the next pulse.
BUDGET = 0.8
#: How far the low-water mark stays behind the newest claim, for checkpoints that are committed a little late.
MARGIN = timedelta(seconds=5)
#: How often the mark is forgotten, so that a checkpoint planned in the past is found within that time. The
#: mark serves the batches of one burst. One look behind it each second is cheap, even if a held snapshot
#: keeps in the index what has fired.
SWEEP_EVERY = timedelta(seconds=1)

_BEGINNING = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Fired:
    """What firing did: counts, and by how many seconds the latest checkpoint was late."""

    checkpoints: int = 0
    overdue: int = 0
    alerts: int = 0
    worst_late: float = 0.0

    def __add__(self, other: Fired) -> Fired:
        """Add the counts; keep the larger delay."""
        return Fired(
            checkpoints=self.checkpoints + other.checkpoints,
            overdue=self.overdue + other.overdue,
            alerts=self.alerts + other.alerts,
            worst_late=max(self.worst_late, other.worst_late),
        )


class Firer:
    """Fires for one process, and remembers how far it got so that it need not look behind.

    Safe to share between threads. To forget the mark costs time, never an alert.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._low_water = _BEGINNING
        self._swept_at = 0.0
        self._lock = threading.Lock()

    def fire(self, *, now: datetime | None = None, budget: float = BUDGET) -> Fired:
        """Fire everything due, or as much as `budget` seconds allow, but one batch at least.

        `now` replaces the database's clock.
        """
        self._forget_in_time()
        total = Fired()
        began = time.monotonic()
        try:
            while self._is_anything_due(now):
                one = self._fire_batch(now)
                total += one
                if not one.checkpoints or time.monotonic() - began > budget:
                    break
        except Error:
            self.forget()
            raise
        return total

    def forget(self) -> None:
        """Let the next call look at everything that is due, however long ago."""
        with self._lock:
            self._low_water = _BEGINNING

    def _forget_in_time(self) -> None:
        if time.monotonic() - self._swept_at >= SWEEP_EVERY.total_seconds():
            self._swept_at = time.monotonic()
            self.forget()

    def _is_anything_due(self, now: datetime | None) -> bool:
        parameters = {**PARAMETERS, "now": now, "low_water": self._low_water}
        return bool(rows_of(IS_ANYTHING_DUE, parameters)[0][0])

    def _fire_batch(self, now: datetime | None) -> Fired:
        parameters = {
            **PARAMETERS,
            "alarm_rules": [*alarm_rules(), *urgent_news()],
            "naming_rules": list(naming_rules()),
            "waiting_rules": list(awaited_answers()),
            "awaited_rules": list(awaited_answers().values()),
            "now": now,
            "low_water": self._low_water,
            "limit": BATCH,
            "by": self.name,
        }
        total = Fired()
        for checkpoints, overdue, alerts, newest, late in rows_isolating(KIND, FIRE, parameters, claim=CLAIM):
            if newest is not None:
                with self._lock:
                    self._low_water = max(self._low_water, newest - MARGIN)
            total += Fired(
                checkpoints=checkpoints, overdue=overdue, alerts=alerts, worst_late=float(late or 0)
            )
        return total
