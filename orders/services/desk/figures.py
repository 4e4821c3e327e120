"""Figures of a court's day: the next seven days, what is overdue, and what was proven in time by week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncDate, TruncWeek

from accounts.dates import COURT_TIME, court_date
from accounts.models import Agency
from orders.models import RUNNING, Deadline, DeadlineState, Hearing, ProofStatus
from orders.rules.court_time import at_wall
from orders.services.desk.conditions import CourtDesk, still_matters
from orders.services.firearms.surrender import surrender_rules
from orders.services.planning.duties import duties_for_court
from orders.services.planning.rulebooks import current_rulebook

#: The rows of the ages: words, and the least and the most days late.
AGES = (("Under 1 day", 0, 1), ("1 to 3 days", 1, 4), ("4 to 7 days", 4, 8), ("Over 7 days", 8, None))
#: How many weeks the chart shows.
WEEKS = 12


@dataclass(frozen=True, kw_only=True)
class DayAhead:
    """One day of the next seven."""

    day: date
    due: int
    hearings: int
    closed: str
    is_today: bool


@dataclass(frozen=True, kw_only=True)
class AgeBar:
    """How many surrenders are overdue for so long."""

    words: str
    count: int
    share: int


@dataclass(frozen=True, kw_only=True)
class WeekBar:
    """The surrenders whose time ended in one week, and those that were proven in time."""

    monday: date
    proven: int
    whole: int

    @property
    def percent(self) -> int:
        """The share in percent."""
        return round(100 * self.proven / self.whole) if self.whole else 0


def closed_days(desk: CourtDesk, first: date, days: int) -> dict[date, str]:
    """Return why the person's courts are closed, by day. Of courts in several states, the first counts."""
    state = Agency.objects.filter(pk__in=desk.courts).order_by("pk").values_list("jurisdiction", flat=True)
    calendar = current_rulebook().jurisdictions[state.first() or "us_ct"].calendar
    span = [first + timedelta(days=number) for number in range(days)]
    return {day: why for day in span if (why := calendar.closed_because(day))}


def _starts(day: date) -> datetime:
    return at_wall(day, time(), COURT_TIME)


def day_span(day: date) -> tuple[datetime, datetime]:
    """Return the instants at which a day in court time starts and is over."""
    return _starts(day), _starts(day + timedelta(days=1))


def days_ahead(desk: CourtDesk, days: int = 7) -> list[DayAhead]:
    """Return what is due and what is heard on each of the next days."""
    today = desk.today
    ends = _starts(today + timedelta(days=days))
    # The first condition follows from the others, and has an index.
    near = desk.rows(Deadline).filter(order__urgency__due_at__lte=ends)
    running = near.filter(still_matters(desk)).filter(
        state__in=RUNNING, rule_id__in=duties_for_court(), due_at__gt=_starts(today), due_at__lte=ends
    )
    # A deadline of a whole day is due when the day is over, which is midnight of the next one.
    due: Counter[date] = Counter()
    for at, on in running.values_list("due_at", "due_on"):
        due[on or court_date(at)] += 1
    heard = desk.rows(Hearing).filter(
        outcome="", scheduled_on__gte=today, scheduled_on__lt=today + timedelta(days=days)
    )
    hearings = Counter(heard.values_list("scheduled_on", flat=True))
    closed = closed_days(desk, today, days)
    span = [today + timedelta(days=number) for number in range(days)]
    return [
        DayAhead(
            day=day,
            due=due[day],
            hearings=hearings[day],
            closed=closed.get(day, ""),
            is_today=day == today,
        )
        for day in span
    ]


def ages(due: Iterable[datetime], now: datetime) -> list[AgeBar]:
    """Return how many surrenders that were due at these times are overdue, by how long."""
    days = [(now - at).days for at in due]
    counts = [sum(least <= one and (most is None or one < most) for one in days) for _, least, most in AGES]
    longest = max(counts, default=0) or 1
    return [
        AgeBar(words=words, count=count, share=round(100 * count / longest))
        for (words, _, _), count in zip(AGES, counts, strict=True)
    ]


def proven_by_week(desk: CourtDesk, weeks: int = WEEKS) -> Sequence[WeekBar]:
    """Return for each of the last weeks how many surrenders fell due and how many were proven in time."""
    monday = desk.today - timedelta(days=desk.today.weekday())
    first = monday - timedelta(weeks=weeks - 1)
    fell_due = desk.rows(Deadline).filter(
        rule_id__in=surrender_rules(),
        state__in=(*RUNNING, DeadlineState.MET),
        due_at__gte=_starts(first),
        due_at__lte=desk.now,
    )
    in_time = Q(state=DeadlineState.MET, met_in_time=True, proof=ProofStatus.PROVEN)
    rows = (
        fell_due.annotate(week=TruncDate(TruncWeek("due_at", tzinfo=COURT_TIME), tzinfo=COURT_TIME))
        .order_by()
        .values("week")
        .annotate(whole=Count("pk"), proven=Count("pk", filter=in_time))
    )
    found = {row["week"]: (row["proven"], row["whole"]) for row in rows}
    span = [first + timedelta(weeks=number) for number in range(weeks)]
    return [
        WeekBar(monday=day, proven=found.get(day, (0, 0))[0], whole=found.get(day, (0, 0))[1]) for day in span
    ]
