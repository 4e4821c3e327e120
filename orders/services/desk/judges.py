"""The judges who hear the cases of a person's courts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import OuterRef, QuerySet

from orders.models import Hearing
from orders.services.desk.conditions import CourtDesk

#: A judge is offered for so long after the last hearing.
_RECENT = timedelta(days=400)
#: The most judges offered.
MOST_JUDGES = 60

#: Each step goes to the next name in the index `order_urgency_judge`: as many steps as judges, however many
#: orders. The order of the index gives the latest hearing of a judge first.
_JUDGES = """
WITH RECURSIVE known (court_id, judge, heard_on) AS (
  SELECT first.* FROM unnest(%(courts)s::bigint[]) AS court (id) CROSS JOIN LATERAL (
    SELECT court_id, judge, heard_on FROM orders_orderurgency
    WHERE court_id = court.id AND judge <> ''
    ORDER BY judge DESC, heard_on DESC LIMIT 1
  ) first
  UNION ALL
  SELECT next.* FROM known CROSS JOIN LATERAL (
    SELECT court_id, judge, heard_on FROM orders_orderurgency
    WHERE court_id = known.court_id AND judge <> '' AND judge < known.judge
    ORDER BY judge DESC, heard_on DESC LIMIT 1
  ) next
)
SELECT judge FROM known WHERE heard_on >= %(since)s GROUP BY judge ORDER BY judge LIMIT %(most)s
"""


def judges_of(desk: CourtDesk, days: tuple[date, date] | None = None) -> list[str]:
    """Return the judges of recent and coming hearings in the person's courts, by name.

    Of each order, the latest hearing that names a judge counts. Of the days from the first to the last of
    `days`, which a page shows, every hearing counts.
    """
    if not desk.courts:
        return []
    facts: dict[str, Any] = {"courts": desk.courts, "since": desk.today - _RECENT, "most": MOST_JUDGES}
    with connection.cursor() as cursor:
        cursor.execute(_JUDGES, facts)
        found = {judge for (judge,) in cursor.fetchall()}
    if days is not None:
        shown = desk.rows(Hearing).filter(scheduled_on__range=days).exclude(judge="")
        found |= set(shown.order_by().values_list("judge", flat=True).distinct())
    return sorted(found)


def heard_by(judge: str) -> QuerySet[Hearing]:
    """Return the hearings before a judge, of the order of an outer query."""
    return Hearing.objects.filter(order=OuterRef("pk"), judge=judge)
