"""How fast agencies answer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from notifications.services.statements import rows_of

# The times are of those who answered; how many never did stands beside them.
_COUNT = """
SELECT g.name, count(*), count(answered_at),
       count(*) FILTER (WHERE answered_at <= asked_at + interval '1 hour'),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM answered_at - asked_at)),
       percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM answered_at - asked_at))
FROM notifications_awaitedanswer w JOIN accounts_agency g ON g.id = w.agency_id
WHERE w.asked_at >= %(since)s AND w.asked_at < %(until)s
  AND (%(agencies)s::bigint[] IS NULL OR w.agency_id = ANY (%(agencies)s))
GROUP BY g.id, g.name
ORDER BY g.name
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseTime:
    """How an agency answered what it was asked in some time. Seconds are of those answered, if any."""

    agency: str
    asked: int
    answered: int
    within_the_hour: int
    median_seconds: float | None
    p90_seconds: float | None


def response_times(
    *, since: datetime, until: datetime, agencies: Collection[int] | None = None
) -> list[ResponseTime]:
    """One for each agency that was asked from `since` until before `until`; only these, if given."""
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
