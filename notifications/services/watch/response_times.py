"""How fast agencies acknowledge."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from string import Template

from notifications.services.sql import rows_of
from orders.predicates import not_in_error_sql

# Times include acknowledged alerts only; the counts show how many were never acknowledged. Orders that were
# entered in error do not count.
_COUNT = Template("""
SELECT g.name, count(*), count(answered_at),
       count(*) FILTER (WHERE answered_at <= asked_at + interval '1 hour'),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM answered_at - asked_at)),
       percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM answered_at - asked_at))
FROM notifications_pendingacknowledgment w JOIN accounts_agency g ON g.id = w.agency_id
WHERE w.asked_at >= %(since)s AND w.asked_at < %(until)s
  AND (%(agencies)s::bigint[] IS NULL OR w.agency_id = ANY (%(agencies)s))
  AND $not_in_error
GROUP BY g.id, g.name
ORDER BY g.name
""").substitute(not_in_error=not_in_error_sql("w.order_id"))


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseTime:
    """An agency's acknowledgments in a period. The seconds are None if nothing was acknowledged."""

    agency: str
    asked: int
    answered: int
    within_the_hour: int
    median_seconds: float | None
    p90_seconds: float | None


def response_times(
    *, since: datetime, until: datetime, agencies: Collection[int] | None = None
) -> list[ResponseTime]:
    """Return one row for each agency notified from `since` to before `until`; only `agencies`, if given."""
    asked = {
        "since": since,
        "until": until,
        "agencies": None if agencies is None else list(agencies),
    }
    return [
        ResponseTime(
            agency=name,
            asked=count,
            answered=answered,
            within_the_hour=within,
            median_seconds=median,
            p90_seconds=p90,
        )
        for name, count, answered, within, median, p90 in rows_of(_COUNT, asked)
    ]
