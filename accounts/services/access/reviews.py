"""The weekly review of the access log: its figures, what is unusual, and an auditor's sign-off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Q
from django.utils import timezone

from accounts.dates import COURT_TIME, court_date
from accounts.models import AuditAction, AuditEntry, AuditReview, User

WEEK = timedelta(days=7)
#: A week that ended this long ago must have been reviewed.
PATIENCE = timedelta(days=7)
#: The most weeks that are listed, and that a finding counts.
WEEKS = 12
#: The most people or cases of one list.
LISTED = 10
#: More cases than this in a week, and this many times the average of the four weeks before, are unusual.
MANY_CASES, TIMES = 20, 3
#: One case that more people than this viewed is unusual.
MANY_PEOPLE = 8
#: More refusals of one person than this are unusual, and so is any block.
MANY_REFUSALS = 10
#: Court time at which work begins and ends; Saturday and Sunday are outside.
BEGINS, ENDS = 6, 20

_CASES_BY_PERSON = """
SELECT actor_id,
       count(DISTINCT one) FILTER (WHERE at >= %(start)s),
       count(DISTINCT one) FILTER (WHERE at < %(start)s)
FROM accounts_auditentry CROSS JOIN unnest(cases) one
WHERE at >= %(before)s AND at < %(end)s AND actor_id IS NOT NULL AND action IN ('seen', 'done')
GROUP BY actor_id
ORDER BY 2 DESC, 1 LIMIT %(listed)s
"""

_PEOPLE_BY_CASE = """
SELECT one::text, count(DISTINCT actor_id)
FROM accounts_auditentry CROSS JOIN unnest(cases) one
WHERE at >= %(start)s AND at < %(end)s AND action IN ('seen', 'done')
GROUP BY one HAVING count(DISTINCT actor_id) > %(many)s
ORDER BY 2 DESC, 1 LIMIT %(listed)s
"""

_OUTSIDE_HOURS = """
SELECT actor_id, count(*)
FROM (
  SELECT actor_id, at AT TIME ZONE %(zone)s AS local FROM accounts_auditentry
  WHERE at >= %(start)s AND at < %(end)s AND actor_id IS NOT NULL AND action IN ('seen', 'done')
    AND entry_point IN ('page', 'admin')
) entry
WHERE extract(isodow FROM local) > 5
   OR extract(hour FROM local) < %(begins)s OR extract(hour FROM local) >= %(ends)s
GROUP BY actor_id ORDER BY 2 DESC, 1 LIMIT %(listed)s
"""


@dataclass(frozen=True, kw_only=True)
class PersonFigure:
    """One person's number in a list; `usual` is the weekly average of the four weeks before, if it counts."""

    person: int
    count: int
    usual: float | None = None
    is_unusual: bool = False


@dataclass(frozen=True, kw_only=True)
class CaseFigure:
    """How many people viewed or changed one case, by its public id."""

    case: str
    people: int


@dataclass(frozen=True, kw_only=True)
class WeekFigures:
    """The figures of one week of the log."""

    entries: int
    sign_ins: int
    failed_sign_ins: int
    locked: int
    refused: int
    blocked: int
    accounts_read: int
    log_read: int
    failed_verifications: int
    cases: Sequence[PersonFigure]
    refusals: Sequence[PersonFigure]
    account_readers: Sequence[PersonFigure]
    outside_hours: Sequence[PersonFigure]
    crowded: Sequence[CaseFigure]

    @property
    def unusual(self) -> int:
        """How many figures are unusual."""
        people = [*self.cases, *self.refusals]
        return (
            sum(one.is_unusual for one in people)
            + len(self.crowded)
            + self.blocked
            + self.locked
            + self.failed_verifications
        )


@dataclass(frozen=True, kw_only=True)
class ReviewWeek:
    """A week that ended, and its review if there is one."""

    monday: date
    review: AuditReview | None
    is_overdue: bool


def monday_of(instant: datetime) -> date:
    """Return the Monday of the week of an instant, by court time."""
    local = court_date(instant)
    return local - timedelta(days=local.weekday())


def span(monday: date) -> tuple[datetime, datetime]:
    """Return the beginning and the end of a week, by court time."""
    days = (monday, monday + WEEK)
    start, end = (datetime.combine(day, time(), COURT_TIME) for day in days)
    return start, end


def weeks(now: datetime | None = None) -> list[ReviewWeek]:
    """Return the weeks that ended since the log began, newest first, at most `WEEKS`."""
    now = now or timezone.now()
    first = AuditEntry.objects.order_by("at", "id").values_list("at", flat=True).first()
    if first is None:
        return []
    begins, current = monday_of(first), monday_of(now)
    mondays = [day for n in range(1, WEEKS + 1) if (day := current - n * WEEK) >= begins]
    reviews = AuditReview.objects.select_related("reviewed_by").in_bulk(mondays, field_name="week")
    return [
        ReviewWeek(
            monday=day,
            review=reviews.get(day),
            is_overdue=day not in reviews and span(day)[1] + PATIENCE <= now,
        )
        for day in mondays
    ]


def overdue_weeks(now: datetime | None = None) -> list[date]:
    """Return the weeks that should have been reviewed and were not, oldest first."""
    return sorted(one.monday for one in weeks(now) if one.is_overdue)


def figures_of(monday: date) -> WeekFigures:
    """Count the figures of a week."""
    start, end = span(monday)
    within = AuditEntry.objects.filter(at__gte=start, at__lt=end)
    counts = within.aggregate(
        entries=Count("pk"),
        sign_ins=Count("pk", filter=Q(action=AuditAction.SIGN_IN)),
        failed_sign_ins=Count("pk", filter=Q(action=AuditAction.SIGN_IN_FAILED)),
        locked=Count("pk", filter=Q(action=AuditAction.LOCKED)),
        refused=Count("pk", filter=Q(action=AuditAction.REFUSED)),
        blocked=Count("pk", filter=Q(action=AuditAction.ENUMERATION)),
        accounts_read=Count("pk", filter=Q(action=AuditAction.ACCOUNTS_READ)),
        log_read=Count("pk", filter=Q(action=AuditAction.LOG_READ)),
        failed_verifications=Count("pk", filter=Q(action=AuditAction.LOG_VERIFIED, succeeded=False)),
    )
    values = {
        "start": start,
        "end": end,
        "before": start - 4 * WEEK,
        "listed": LISTED,
        "many": MANY_PEOPLE,
        "zone": COURT_TIME.key,
        "begins": BEGINS,
        "ends": ENDS,
    }
    return WeekFigures(
        **counts,
        cases=[_of_cases(*row) for row in _rows(_CASES_BY_PERSON, values) if row[1]],
        refusals=_by_person(within.filter(action=AuditAction.REFUSED), MANY_REFUSALS),
        account_readers=_by_person(within.filter(action=AuditAction.ACCOUNTS_READ)),
        outside_hours=[PersonFigure(person=who, count=n) for who, n in _rows(_OUTSIDE_HOURS, values)],
        crowded=[CaseFigure(case=case, people=n) for case, n in _rows(_PEOPLE_BY_CASE, values)],
    )


def sign_off(monday: date, *, by: User, notes: str, is_followed_up: bool) -> AuditReview:
    """Record that `by` reviewed the week. Raises ValidationError if it is not over, or was reviewed."""
    if monday.weekday() or monday not in {one.monday for one in weeks()}:
        raise ValidationError(
            "This week is not over, or the log has no entry of it. Choose a week of the list."
        )
    figures = asdict(figures_of(monday))
    try:
        with transaction.atomic():
            return AuditReview.objects.create(
                week=monday, figures=figures, notes=notes, is_followed_up=is_followed_up, reviewed_by=by
            )
    except IntegrityError as error:
        raise ValidationError("This week was reviewed already. Open it to read the review.") from error


def _of_cases(person: int, count: int, before: int) -> PersonFigure:
    usual = before / 4
    return PersonFigure(
        person=person, count=count, usual=usual, is_unusual=count > MANY_CASES and count > TIMES * usual
    )


def _by_person(found: Any, many: int | None = None) -> list[PersonFigure]:
    rows = (
        found.exclude(actor=None)
        .order_by()
        .values_list("actor")
        .annotate(n=Count("pk"))
        .order_by("-n", "actor")
    )
    return [
        PersonFigure(person=who, count=n, is_unusual=many is not None and n > many)
        for who, n in rows[:LISTED]
    ]


def _rows(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
