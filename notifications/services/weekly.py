"""The weekly mail to each supervisor: what is open and for how long, what is unanswered, who stays away.

It holds figures alone, no name of anyone. Its page, behind sign-in, names the colleagues. One mail for a week
and a person, by the database's clock: the row `WeeklyReport` is written with it, or neither is.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from accounts.dates import COURT_TIME
from accounts.models import POLICE, Membership, Role, User
from notifications.models import Alert, Channel, PendingAcknowledgment, Via, WeeklyReport
from notifications.services.recipients.recipients import reachable_members
from notifications.services.sql import rows_of
from notifications.services.watch.isolation import parked_rows, parking
from orders.models import DeadlineState, FollowUp

#: Hours after the beginning of Monday, court time, at which the mails are written.
MONDAY_HOUR = 7
#: Who has not signed in for so long is named.
ABSENT_AFTER = timedelta(days=30)
#: The kind of a parked supervisor.
KIND = "weekly mail"
#: The ages of open follow-ups.
WEEK, MONTH = timedelta(days=7), timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures of a supervisor's agencies."""

    open_week: int
    open_month: int
    open_longer: int
    unanswered: int
    absent: int


def write_reports() -> int:
    """Write the mail of this week to each supervisor who did not get it yet; return how many.

    Safe to stop and to run in parallel.
    """
    ((now,),) = rows_of("SELECT statement_timestamp()", {})
    local = now.astimezone(COURT_TIME)
    week = local.date() - timedelta(days=local.weekday())
    if local.weekday() == 0 and local.hour < MONDAY_HOUR:
        return 0
    supervisors = reachable_members().filter(role=Role.SUPERVISOR, agency__kind__in=POLICE).values("user")
    waiting = User.objects.filter(pk__in=supervisors).exclude(
        pk__in=WeeklyReport.objects.filter(week=week).values("user")
    )
    rows = waiting.exclude(pk__in=parked_rows(KIND)).order_by("pk")
    return sum(_try_to_write(one, week, now) for one in rows)


def figures_of(user: User, now: datetime) -> Figures:
    """Return the figures of the agencies in which the user is a supervisor."""
    agencies = supervised(user)
    tasks = FollowUp.objects.filter(owner__in=agencies, closed_at=None, order__withdrawn_at=None)
    opened = tasks.aggregate(
        open_week=Count("pk", filter=Q(opened_at__gt=now - WEEK)),
        open_month=Count("pk", filter=Q(opened_at__lte=now - WEEK, opened_at__gt=now - MONTH)),
        open_longer=Count("pk", filter=Q(opened_at__lte=now - MONTH)),
    )
    unanswered = PendingAcknowledgment.objects.filter(
        agency__in=agencies,
        answered_at=None,
        order__withdrawn_at=None,
        checkpoint__deadline__state=DeadlineState.OVERDUE,
    )
    return Figures(**opened, unanswered=unanswered.count(), absent=absent_colleagues(user, now).count())


def supervised(user: User) -> list[int]:
    """Return the police agencies (by key) in which the user is a supervisor.

    Supervisors of advocates own no follow-up: the week and the figures are closed to them.
    """
    own = user.memberships.filter(role=Role.SUPERVISOR, agency__kind__in=POLICE)
    return sorted(own.values_list("agency", flat=True))


def absent_colleagues(user: User, now: datetime) -> QuerySet[User]:
    """Return the people of these agencies who have not signed in for 30 days, or never."""
    of_agency = Membership.objects.filter(agency__in=supervised(user))
    people = User.objects.filter(pk__in=of_agency.values("user"), is_active=True, is_system=False)
    is_away = Q(last_login__lte=now - ABSENT_AFTER) | Q(last_login=None, joined_at__lte=now - ABSENT_AFTER)
    return people.filter(is_away).exclude(pk=user.pk).order_by("name", "pk")


def week_fields(figures: str) -> dict[str, str]:
    """Return the fields of the message for the figures of its row, as JSON."""
    row = json.loads(figures)
    fields = {name: str(row[name]) for name in Figures.__dataclass_fields__}
    return {**fields, "link": f"{settings.BASE_URL}{reverse('week')}"}


def _try_to_write(user: User, week: date, now: datetime) -> int:
    with parking(KIND, user.pk, "a weekly mail was not written"):
        return _write(user, week, now)
    return 0


def _write(user: User, week: date, now: datetime) -> int:
    figures = asdict(figures_of(user, now))
    with transaction.atomic():
        report, is_new = WeeklyReport.objects.get_or_create(user=user, week=week, defaults=figures)
        if is_new:
            Alert.objects.create(
                weekly_report=report,
                recipient=user,
                via=Via.SUPERVISOR,
                channel=Channel.EMAIL,
                idem_key=f"week:{week}:u{user.pk}",
            )
    # Else another process wrote it.
    return int(is_new)
