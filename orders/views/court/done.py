"""What the people of a court recorded since yesterday, by case: the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from accounts.dates import format_short_instant
from accounts.models import Membership
from orders.display import event_words
from orders.models import HistoryEntry, Order
from orders.services.desk.conditions import COURT_ROLES, CourtDesk
from orders.services.desk.figures import day_span
from orders.services.orders.history_seen import seen_by

#: The newest entries that are read. An import alone writes hundreds.
MOST_READ = 100
#: The most cases that are listed.
MOST_CASES = 5
#: That someone read an alert, or that deadlines moved, is no work on a case.
_NO_WORK = ("acknowledged", "replanned")


@dataclass(kw_only=True)
class DoneCase:
    """What was recorded in one case: its newest entry, and how many kinds of entries came before it."""

    newest: HistoryEntry
    today: date
    others: int = 0

    @property
    def order(self) -> Order:
        """The order of the newest entry."""
        return self.newest.order

    @property
    def words(self) -> str:
        """What was recorded last."""
        return event_words(self.newest)

    @property
    def recorded(self) -> str:
        """When it was recorded, such as “today, 12:20 p.m.”."""
        return format_short_instant(self.newest.recorded_at, self.today)


def done_lately(desk: CourtDesk) -> list[DoneCase]:
    """Return what colleagues and the person recorded since the morning of yesterday, in one query."""
    yesterday, _ = day_span(desk.today - timedelta(days=1))
    colleagues = Membership.objects.filter(agency__in=desk.courts, role__in=COURT_ROLES).values("user")
    found = desk.rows(HistoryEntry).filter(actor__in=colleagues, recorded_at__gte=yesterday)
    seen = seen_by(found, desk.person.roles & COURT_ROLES).exclude(kind__in=_NO_WORK)
    entries = seen.select_related("actor", "order__case__respondent").order_by("-recorded_at", "-id")
    done: dict[int, DoneCase] = {}
    kinds: set[tuple[int, str]] = set()
    for one in entries[:MOST_READ]:
        case = one.order.case_id
        if case not in done and len(done) == MOST_CASES:
            continue
        line = done.setdefault(case, DoneCase(newest=one, today=desk.today))
        line.others += one is not line.newest and (case, one.kind) not in kinds
        kinds.add((case, one.kind))
    return list(done.values())
