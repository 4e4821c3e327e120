"""The history of the demonstration: an act is recorded soon after its fact, as in a court, not at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db.models.signals import post_init

from orders.models import HistoryEntry

#: How long after the fact, or after the act before, an act is recorded.
_LATER = timedelta(minutes=4)


@contextmanager
def recorded_in_time(now: datetime) -> Iterator[None]:
    """A block in which what is appended to a history has the time at which a clerk would have recorded it.

    An act without a time of its own follows the act before. Nothing is recorded after `now`.
    """
    latest: dict[int, datetime] = {}

    def set_time(instance: HistoryEntry, **_: Any) -> None:
        if instance.pk is not None:
            return
        before = latest.get(instance.order_id)
        is_of_now = instance.occurred_at >= now and before is not None
        times = [time for time in (before, None if is_of_now else instance.occurred_at) if time is not None]
        instance.recorded_at = latest[instance.order_id] = min(max(times) + _LATER, now)
        if is_of_now:
            instance.occurred_at = instance.recorded_at

    post_init.connect(set_time, sender=HistoryEntry)
    try:
        yield
    finally:
        post_init.disconnect(set_time, sender=HistoryEntry)
