"""The hearings of a court: five weeks as a calendar, with the days on which it is closed, or as a list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from accounts.access import MATRIX
from accounts.dates import format_clock, format_short_day
from accounts.models import User
from accounts.narrowing import expect
from accounts.services.access.access_log import log_access
from accounts.text import clean
from orders.models import Deadline, DeadlineState, Hearing, HearingOutcome, Order, ProofStatus
from orders.services.desk.conditions import CourtDesk, heard_within, is_not_served, is_surrender_overdue
from orders.services.desk.figures import closed_days
from orders.services.desk.judges import judges_of
from orders.services.firearms.surrender import surrender_deadline, surrender_rules
from orders.views.court.rows import RELATED, CourtOrderRow, load_rows
from orders.views.court.words import NextAct, button_of, hearing_step, order_page
from orders.views.court_day import PAPERS
from orders.views.parts import Part

#: The calendar shows so many weeks.
WEEKS = 5
#: The most hearings of one day in the calendar; the day beside it has all.
MOST_IN_DAY = 4
#: The most hearings of one page.
MOST = 1000
_WEEK = 7
#: Years that an address may ask for.
_YEARS = range(2000, 2100)

#: The shapes of the calendar, with the words that a screen reader has for them.
SHAPES = {
    "missing": "Outcome missing",
    "overdue": "Firearms overdue",
    "runs": "Time still runs, or not served",
    "sworn": "Sworn, not verified",
    "clear": "Proven, or found by the court",
    "nothing": "No surrender is due",
}

#: Green is only for what police, a dealer or the court confirmed.
_CONFIRMED = (ProofStatus.PROVEN, ProofStatus.FOUND)


@dataclass(kw_only=True)
class HearingRow:
    """One hearing, as the calendar and the list show it."""

    hearing: Hearing
    desk: CourtDesk
    shape: str = "nothing"
    row: CourtOrderRow | None = None

    @property
    def order(self) -> Order:
        """The order."""
        return self.hearing.order

    @property
    def name(self) -> str:
        """The respondent's name."""
        return self.order.case.respondent.name

    @property
    def clock(self) -> str:
        """The time of day, if it is known."""
        return format_clock(self.hearing.scheduled_time) if self.hearing.scheduled_time else ""

    @property
    def shape_words(self) -> str:
        """The shape in words."""
        return SHAPES[self.shape]

    @property
    def address(self) -> str:
        """The address of the order's page."""
        return order_page(self.order)

    @property
    def outcome(self) -> str:
        """The outcome, or an empty text."""
        return str(self.hearing.get_outcome_display()) if self.hearing.outcome else ""

    @property
    def act(self) -> NextAct | None:
        """The next act: the outcome, once the day has come."""
        if self.hearing.outcome or self.hearing.scheduled_on > self.desk.today:
            return None
        return button_of(self.order, hearing_step(self.hearing), self.desk.person)


@dataclass(kw_only=True)
class CalendarDay:
    """One day of the calendar."""

    day: date
    words: str
    closed: str
    is_today: bool
    is_chosen: bool
    hearings: list[HearingRow] = field(default_factory=list)

    @property
    def shown(self) -> list[HearingRow]:
        """The first hearings."""
        return self.hearings[:MOST_IN_DAY]

    @property
    def more(self) -> int:
        """How many are not shown."""
        return max(0, len(self.hearings) - MOST_IN_DAY)

    @property
    def more_late(self) -> int:
        """How many of those that are not shown are overdue or have no outcome."""
        return sum(one.shape in ("missing", "overdue") for one in self.hearings[MOST_IN_DAY:])


@dataclass(frozen=True, kw_only=True)
class DayPaper:
    """A paper of one day, and where it is made."""

    title: str
    address: str


@dataclass(kw_only=True)
class HearingCalendar:
    """Five weeks of hearings from a Sunday on, and one chosen day."""

    desk: CourtDesk
    first: date
    chosen: date
    #: Only the hearings of this judge; empty: of all.
    judge: str = ""

    @property
    def last(self) -> date:
        """The last day shown."""
        return self.first + timedelta(days=_WEEK * WEEKS - 1)

    @property
    def before(self) -> date:
        """The first day of the weeks before."""
        return self.first - timedelta(weeks=WEEKS)

    @property
    def after(self) -> date:
        """The first day of the weeks after."""
        return self.first + timedelta(weeks=WEEKS)

    @cached_property
    def rows(self) -> Part[HearingRow]:
        """The hearings of these weeks by day and time, without those that were moved or canceled."""
        found = self.desk.rows(Hearing).filter(scheduled_on__gte=self.first, scheduled_on__lte=self.last)
        found = found.exclude(outcome__in=[HearingOutcome.CONTINUED, HearingOutcome.VACATED])
        if self.judge:
            found = found.filter(judge=self.judge)
        found = found.select_related(*(f"order__{one}" for one in RELATED))
        rows = [
            HearingRow(hearing=one, desk=self.desk)
            for one in found.order_by("scheduled_on", "scheduled_time", "id")[: MOST + 1]
        ]
        shown = Part(rows, most=MOST)
        self._shape(shown)
        return shown

    def _shape(self, rows: Sequence[HearingRow]) -> None:
        """Set the shape of each hearing from the surrender of its order."""
        deadlines: defaultdict[int, list[Deadline]] = defaultdict(list)
        of_orders = Deadline.objects.filter(
            order__in={row.order.pk for row in rows}, rule_id__in=surrender_rules()
        )
        for one in of_orders:
            deadlines[one.order_id].append(one)
        for row in rows:
            first = surrender_deadline(deadlines[row.order.pk], self.desk.now)
            if not row.hearing.outcome and row.hearing.scheduled_on < self.desk.today:
                row.shape = "missing"
            elif first is not None and first.is_overdue(self.desk.now):
                row.shape = "overdue"
            elif first is not None and first.proof in _CONFIRMED and first.state == DeadlineState.MET:
                row.shape = "clear"
            elif first is not None and (first.proof or first.state == DeadlineState.MET):
                row.shape = "sworn"
            elif first is not None or row.order.served_at is None:
                row.shape = "runs"

    @cached_property
    def judges(self) -> list[str]:
        """The judges to choose from."""
        return judges_of(self.desk, (self.first, self.last))

    @property
    def papers(self) -> list[DayPaper]:
        """The papers of the chosen day. A person of several courts chooses the court on their page."""
        if len(self.desk.courts) != 1 or not MATRIX.may(self.desk.person.roles, "court_day", "document"):
            return []
        (court,) = self.desk.courts
        asked = {"court": court, "day": self.chosen.isoformat(), "judge": self.judge}
        of_hearings = [one for one in ("docket", "bench") if self.of_chosen]
        return [
            DayPaper(
                title=PAPERS[one], address=f"{reverse('court-day')}?{urlencode({**asked, 'paper': one})}"
            )
            for one in (*of_hearings, "calendar")
        ]

    @property
    def kept(self) -> str:
        """The chosen judge, for the addresses of the page."""
        return f"&{urlencode({'judge': self.judge})}" if self.judge else ""

    @cached_property
    def weeks(self) -> list[list[CalendarDay]]:
        """The weeks, each with its days."""
        closed = closed_days(self.desk, self.first, _WEEK * WEEKS)
        days = [
            CalendarDay(
                day=day,
                words=format_short_day(day, self.desk.today),
                closed=closed.get(day, ""),
                is_today=day == self.desk.today,
                is_chosen=day == self.chosen,
            )
            for day in (self.first + timedelta(days=number) for number in range(_WEEK * WEEKS))
        ]
        by_day = {one.day: one for one in days}
        for row in self.rows:
            by_day[row.hearing.scheduled_on].hearings.append(row)
        return [days[start : start + _WEEK] for start in range(0, len(days), _WEEK)]

    @cached_property
    def of_chosen(self) -> list[HearingRow]:
        """The hearings of the chosen day, with the firearms of their orders."""
        return self.with_firearms([one for one in self.rows if one.hearing.scheduled_on == self.chosen])

    def with_firearms(self, rows: list[HearingRow]) -> list[HearingRow]:
        """Add to each hearing what a list shows of its order."""
        orders = list({row.order.pk: row.order for row in rows}.values())
        by_order = {one.order.pk: one for one in load_rows(orders, now=self.desk.now)}
        for row in rows:
            row.row = by_order[row.order.pk]
        return rows

    @cached_property
    def before_next(self) -> dict[str, int]:
        """What is open before the hearings of the next seven days."""
        soon = self.desk.orders().filter(heard_within(_WEEK)(self.desk))
        return {
            "unserved": soon.filter(is_not_served(self.desk)).count(),
            "overdue": soon.filter(is_surrender_overdue(self.desk)).count(),
        }

    @cached_property
    def missing(self) -> int:
        """How many hearings of these weeks have passed without an outcome."""
        return sum(one.shape == "missing" for one in self.rows)


@require_safe
def hearings(request: HttpRequest) -> HttpResponse:
    """Show the hearings of the person's courts."""
    desk = CourtDesk(person=expect(User, request.user), now=timezone.now())
    if not desk.courts or not desk.person.is_staff:
        raise Http404
    today = desk.today
    day = _day(request.GET.get("day", "")) or today
    asked = _day(request.GET.get("from", "")) or min(day, today)
    # Weeks begin on Sunday.
    first = asked - timedelta(days=(asked.weekday() + 1) % _WEEK)
    judge = clean(request.GET.get("judge", ""))[:120]
    calendar = HearingCalendar(desk=desk, first=first, chosen=day, judge=judge)
    log_access(request, [one.order.case.public_id for one in calendar.rows])
    context: dict[str, Any] = {"calendar": calendar, "shapes": SHAPES}
    if request.GET.get("show") == "list":
        context["rows"] = calendar.with_firearms(calendar.rows)
        return render(request, "orders/court/hearing_list.html", context)
    return render(request, "orders/court/hearings.html", context)


def _day(text: str) -> date | None:
    """Return the day, or None if the text is no day or is too far from now."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day is not None and day.year in _YEARS else None
