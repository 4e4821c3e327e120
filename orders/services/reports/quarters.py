"""Count the surrender duties of one quarter by court and by police agency, for figures that are published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import Agency, AgencyKind, State
from accounts.models.agencies import POLICE
from orders.models import (
    Attempt,
    Capacity,
    Deadline,
    DeadlineState,
    Firearm,
    OrderAgency,
    Permit,
    ProofStatus,
)
from orders.services.reports.compliance import surrender_rule

#: A follow-up counts if its first attempt was within this time after the duty was due.
FOLLOWED_WITHIN = timedelta(hours=48)

#: The row of orders without police of Connecticut. With it the table of police adds up to the state.
ELSEWHERE = "Police of other states, or not known"


@dataclass(frozen=True, kw_only=True)
class QuarterCounts:
    """The true counts. `courts` and `agencies` have for each name its orders, and those proven in time.

    Each order is in one row of either table, so both add up to the same numbers.
    """

    orders: int
    filed: int
    verified: int
    followed_up: int
    courts: dict[str, tuple[int, int]]
    agencies: dict[str, tuple[int, int]]


def count_quarter(since: datetime, until: datetime) -> QuarterCounts:
    """Count Connecticut's orders that were served from `since` until before `until`.

    Counted are orders for which the court file, a listed firearm or a permit indicates firearms, and whose
    duty the plan has. Proven means a receipt of police or a dealer; a statement proves nothing.
    """
    rule = surrender_rule(State.CONNECTICUT)
    has_item = Exists(Firearm.objects.filter(order=OuterRef("order"))) | Exists(
        Permit.objects.filter(order=OuterRef("order"))
    )
    duties = Deadline.objects.filter(
        Q(order__firearms_indicated=True) | Q(order__permit_indicated=True) | has_item,
        rule_id=rule.id if rule else "",
        order__jurisdiction=State.CONNECTICUT,
        order__withdrawn_at=None,
        order__served_at__gte=since,
        order__served_at__lt=until,
        state__in=[DeadlineState.OPEN, DeadlineState.OVERDUE, DeadlineState.MET],
    ).order_by()
    met = Q(state=DeadlineState.MET, proof=ProofStatus.PROVEN)
    in_time = met & Q(met_in_time=True)
    attempted = Attempt.objects.filter(
        follow_up__deadline=OuterRef("pk"), attempted_at__lte=OuterRef("due_at") + FOLLOWED_WITHIN
    )
    whole = duties.aggregate(
        orders=Count("pk"),
        filed=Count("pk", filter=~Q(proof="")),
        verified=Count("pk", filter=met),
        followed_up=Count("pk", filter=Q(Exists(attempted), proof="")),
    )
    counted = {"orders": Count("pk", distinct=True), "proven": Count("pk", filter=in_time, distinct=True)}
    by_court = duties.values(name=F("order__case__court__name")).annotate(**counted)
    police = OrderAgency.objects.filter(
        order=OuterRef("order"),
        capacity=Capacity.RESPONDENT_POLICE,
        agency__jurisdiction=State.CONNECTICUT,
    ).order_by("-pk")
    one_police = Coalesce(Subquery(police.values("agency__name")[:1]), Value(ELSEWHERE))
    by_police = duties.values(name=one_police).annotate(**counted)
    offices = Agency.objects.filter(jurisdiction=State.CONNECTICUT)
    return QuarterCounts(
        **whole,
        courts=_with_all(by_court, offices.filter(kind=AgencyKind.COURT)),
        agencies=_with_all(by_police, offices.filter(kind__in=POLICE), ELSEWHERE),
    )


def _with_all(
    rows: QuerySet[Any, Any], offices: QuerySet[Agency], *others: str
) -> dict[str, tuple[int, int]]:
    """Return the counts by name, with zero for an office without orders: a missing row would show that."""
    found = {row["name"]: (row["orders"], row["proven"]) for row in rows}
    names = sorted({*offices.values_list("name", flat=True), *others, *found})
    return {name: found.get(name, (0, 0)) for name in names}
