"""What the retention of cases needs to know from this app: when courts entered orders to practice."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from notifications.models import Rehearsal
from orders.services.retention import dispositions
from orders.services.retention.due import Rehearsed

#: Seconds after which the rest is left to the next run.
TIME_LIMIT = 120.0


def rehearsed() -> list[Rehearsed]:
    """Return the times of all rehearsals, each of a court or of the whole installation."""
    return [
        Rehearsed(court=one.agency_id, begins_at=one.starts_at, ends_at=one.ended_at or one.ends_at)
        for one in Rehearsal.objects.order_by("pk")
    ]


def carry_out(*, now: datetime, seconds: float = TIME_LIMIT) -> Counter[str]:
    """Delete the cases of approved lists; return how many were deleted and how many kept."""
    return dispositions.carry_out(now=now, rehearsed=rehearsed(), seconds=seconds)
