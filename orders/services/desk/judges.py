"""The judges who hear the cases of a person's courts."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import OuterRef, QuerySet

from orders.models import Hearing
from orders.services.desk.conditions import CourtDesk

#: A judge is offered for so long after the last hearing.
_RECENT = timedelta(days=400)
#: The most judges offered.
MOST_JUDGES = 60


def judges_of(desk: CourtDesk) -> list[str]:
    """Return the judges of recent and coming hearings in the person's courts, by name."""
    rows = desk.rows(Hearing).filter(scheduled_on__gte=desk.today - _RECENT).exclude(judge="")
    return list(rows.order_by("judge").values_list("judge", flat=True).distinct()[:MOST_JUDGES])


def heard_by(judge: str) -> QuerySet[Hearing]:
    """Return the hearings before a judge, of the order of an outer query."""
    return Hearing.objects.filter(order=OuterRef("pk"), judge=judge)
