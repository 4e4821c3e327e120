"""Figures of police agencies: what is open and for how long, what was recovered, what was returned.

They count the orders and follow-ups that the reader sees, and name no one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Greatest

from accounts.access import MATRIX
from accounts.models import Agency, User
from orders.errors import InvalidFact
from orders.models import (
    Attempt,
    AttemptResult,
    CustodyRequest,
    CustodyRequestKind,
    Firearm,
    FirearmReturn,
    FirearmSource,
    FirearmStatus,
    FollowUp,
    OpenCeiling,
    Order,
)
from orders.querysets import order_visibility
from orders.services.firearms.surrender import surrender_rules
from orders.services.follow_ups.actions import check_for

#: The period of attempts and answers, and that of orders and returns.
QUARTER, YEAR = timedelta(days=90), timedelta(days=365)
#: The weeks of the burn-down.
WEEKS = 12
#: The ages of what is open, in days: from, to.
AGES = ((0, 1), (1, 7), (7, 30), (30, None))
#: The highest ceiling.
HIGHEST = 100_000

#: Items that are accounted for by proof, not by a word.
_RECOVERED = (
    FirearmStatus.SURRENDERED,
    FirearmStatus.SOLD,
    FirearmStatus.TRANSFERRED,
    FirearmStatus.RETURNED,
    FirearmStatus.DESTROYED,
)
_POLICE = MATRIX.resources["attempt"].actions["add"]


@dataclass(frozen=True, kw_only=True)
class Age:
    """How many follow-ups have been open for so many days."""

    words: str
    count: int


@dataclass(frozen=True, kw_only=True)
class WeekEnd:
    """How many follow-ups of a surrender were open at an instant."""

    at: datetime
    count: int


@dataclass(frozen=True, kw_only=True)
class PoliceFigures:
    """The figures of some agencies at an instant."""

    ages: Sequence[Age]
    weeks: Sequence[WeekEnd]
    ceiling: int | None
    alleged: int
    listed: int
    recovered: int
    attempts: int
    recoveries: int
    returned: int
    returned_after_request: int

    @property
    def open_now(self) -> int:
        """How many are open."""
        return sum(one.count for one in self.ages)

    @property
    def is_above(self) -> bool:
        """True if more are open than the agency allows itself."""
        return self.ceiling is not None and self.open_now > self.ceiling

    @property
    def highest(self) -> int:
        """The end of the scale of the burn-down."""
        return max([1, self.ceiling or 0, *(one.count for one in self.weeks)])

    @property
    def attempts_per_recovery(self) -> str:
        """How many attempts one recovery took, to a tenth; empty without a recovery."""
        return f"{self.attempts / self.recoveries:.1f}" if self.recoveries else ""


def agencies_of(person: User) -> frozenset[int]:
    """Return the police agencies (by key) whose figures the person sees."""
    return person.agencies_for("add", "attempt")


def police_figures(person: User, now: datetime) -> PoliceFigures:
    """Return the figures of the person's police agencies."""
    agencies = agencies_of(person)
    tasks = FollowUp.objects.filter(
        owner__in=agencies, order__withdrawn_at=None, deadline__rule_id__in=surrender_rules()
    )
    seen = order_visibility(person, roles=_POLICE).by_agency("order_id")
    return PoliceFigures(
        ages=_ages(tasks, now),
        weeks=_weeks(tasks, now),
        ceiling=ceiling_of(agencies),
        **_recovered(person, now),
        **Attempt.objects.filter(follow_up__owner__in=agencies, attempted_at__gt=now - QUARTER).aggregate(
            attempts=Count("pk"), recoveries=Count("pk", filter=Q(result=AttemptResult.RECOVERED))
        ),
        **FirearmReturn.objects.filter(seen, agency__in=agencies, returned_at__gt=now - YEAR).aggregate(
            returned=Count("pk"), returned_after_request=Count("pk", filter=Q(_was_requested()))
        ),
    )


def _ages(tasks: QuerySet[FollowUp], now: datetime) -> list[Age]:
    counted: dict[str, Count] = {}
    for first, last in AGES:
        within = Q(opened_at__lte=now - timedelta(days=first))
        if last is not None:
            within &= Q(opened_at__gt=now - timedelta(days=last))
        counted[f"from_{first}"] = Count("pk", filter=within)
    found = tasks.filter(closed_at=None).aggregate(**counted)
    return [Age(words=_age_words(first, last), count=found[f"from_{first}"]) for first, last in AGES]


def _age_words(first: int, last: int | None) -> str:
    if last is None:
        return f"More than {first} days"
    return "Up to a day" if not first else f"{first} to {last} days" if first > 1 else f"1 to {last} days"


def _weeks(tasks: QuerySet[FollowUp], now: datetime) -> list[WeekEnd]:
    ends = [now - timedelta(weeks=number) for number in reversed(range(WEEKS))]
    is_open = {
        f"week_{number}": Count("pk", filter=Q(opened_at__lte=at) & (Q(closed_at=None) | Q(closed_at__gt=at)))
        for number, at in enumerate(ends)
    }
    found = tasks.filter(Q(closed_at=None) | Q(closed_at__gt=ends[0])).aggregate(**is_open)
    return [WeekEnd(at=at, count=found[f"week_{number}"]) for number, at in enumerate(ends)]


def _recovered(person: User, now: datetime) -> dict[str, int]:
    since = (now - YEAR).date()
    visible = order_visibility(person, roles=_POLICE)
    cases = Order.objects.filter(visible.by_agency("pk"), issued_on__gt=since).values("case")
    # An application that lists firearms alleges them, also without their number.
    named = (
        Firearm.objects.filter(visible.by_agency("order_id"), source=FirearmSource.APPLICATION)
        .filter(order__case=OuterRef("case"), order__withdrawn_at=None)
        .order_by()
        .values("order__case")
        .annotate(many=Count("pk"))
        .values("many")
    )
    stated = cases.annotate(most=Greatest(Max("firearms_alleged_count"), Subquery(named)))
    alleged = stated.aggregate(all=Sum("most"))["all"]
    items = Firearm.objects.filter(
        visible.by_agency("order_id"), order__withdrawn_at=None, order__issued_on__gt=since
    ).exclude(status=FirearmStatus.NOT_HELD)
    counts = items.aggregate(listed=Count("pk"), recovered=Count("pk", filter=Q(status__in=_RECOVERED)))
    return {"alleged": alleged or 0, **counts}


def _was_requested() -> Exists:
    return Exists(
        CustodyRequest.objects.filter(
            order__case=OuterRef("order__case"),
            kind=CustodyRequestKind.RETURN,
            recorded_at__lt=OuterRef("returned_at"),
        )
    )


def ceiling_of(agencies: Collection[int]) -> int | None:
    """Return the most that the agencies want open; None if one of them has set no number."""
    latest = OpenCeiling.objects.filter(agency__in=agencies).order_by("agency_id", "-set_at", "-pk")
    found = list(latest.distinct("agency_id").values_list("most_open", flat=True))
    return sum(found) if agencies and len(found) == len(agencies) else None


def set_ceiling(agency: Agency, *, most_open: int, by: User, now: datetime) -> OpenCeiling:
    """Set the most follow-ups that the agency wants open at once. Raises `InvalidFact`."""
    check_for(agency.pk, by, "add", "open_ceiling")
    if not 0 <= most_open <= HIGHEST:
        raise InvalidFact("most_open", "out_of_range", f"Enter a number from 0 to {HIGHEST}.")
    return OpenCeiling.objects.create(agency=agency, most_open=most_open, set_at=now, set_by=by)
