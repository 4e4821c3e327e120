"""A year of the courts: each day on which those of a state are closed, and who may take one back."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import MATRIX
from accounts.models import State, User
from accounts.narrowing import expect
from orders.models import CourtClosing
from orders.services.court_days import states_of
from orders.services.desk.conditions import CourtDesk
from orders.services.planning.rulebooks import closed_days, is_proclaimed

#: Weeks begin on Sunday.
_WEEKS = Calendar(firstweekday=6)
#: Years that the page shows.
_YEARS = range(2000, 2100)


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of a month; `why` is empty if the courts are open, apart from weekends."""

    number: int
    why: str = ""
    is_today: bool = False


@dataclass(frozen=True, kw_only=True)
class Month:
    """A month as a table. Days of other months are None."""

    first: date
    weeks: Sequence[Sequence[Day | None]]

    @property
    def closed(self) -> list[Day]:
        """The days on which the courts are closed."""
        return [day for week in self.weeks for day in week if day is not None and day.why]


@require_safe
def closing_year(request: HttpRequest) -> HttpResponse:
    """Show the closed days of a year, in one state of the person's courts."""
    person = expect(User, request.user)
    desk = CourtDesk(person=person, now=timezone.now())
    if not desk.courts or not person.is_staff:
        raise Http404
    states = states_of(desk.courts)
    state = request.GET.get("state", "")
    state = state if state in states else states[0]
    typed = request.GET.get("year", "")
    year = int(typed) if typed.isdecimal() and len(typed) == len("2026") else desk.today.year
    if year not in _YEARS:
        raise Http404
    added = CourtClosing.objects.filter(jurisdiction=state, closed_on__year=year).order_by("closed_on")
    context: dict[str, Any] = {
        "year": year,
        "before": year - 1 if year - 1 in _YEARS else None,
        "after": year + 1 if year + 1 in _YEARS else None,
        "state": state,
        "states": [(one, State(one).label) for one in states] if len(states) > 1 else [],
        "state_words": State(state).label,
        "months": _months(year, closed_days(state, year), desk.today),
        "added": [one for one in added if not is_proclaimed(one)],
        "may_change": MATRIX.may(person.roles, "add", "court_closing"),
    }
    return render(request, "orders/court/closings.html", context)


def _months(year: int, closed: Mapping[date, str], today: date) -> list[Month]:
    def day(one: date, month: int) -> Day | None:
        if one.month != month:
            return None
        return Day(number=one.day, why=closed.get(one, ""), is_today=one == today)

    return [
        Month(
            first=date(year, month, 1),
            weeks=[[day(one, month) for one in week] for week in _WEEKS.monthdatescalendar(year, month)],
        )
        for month in range(1, 13)
    ]
