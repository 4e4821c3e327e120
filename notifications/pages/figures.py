"""Figures of a police agency for its people, and what a supervisor does about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.dates import COURT_TIME, court_date, format_day
from accounts.models import Agency, User
from accounts.narrowing import expect
from accounts.services.access.access_log import log_access
from notifications.forms.figures import CeilingForm, ReassignForm
from notifications.services.absences import absences_for, not_over
from notifications.services.escalation.escalation import ladder_of
from notifications.services.watch.response_times import ResponseTime, response_times
from notifications.services.weekly import supervised
from orders.display import span_words
from orders.services.follow_ups.figures import (
    QUARTER,
    PoliceFigures,
    agencies_of,
    police_figures,
)
from orders.services.follow_ups.reassigning import colleagues_of, open_of
from orders.services.follow_ups.second_looks import (
    LookFigures,
    listed,
    look_figures,
    looks_of,
    sample_of_denials,
)
from orders.views.csv_response import csv_response

#: The most absences that the page names.
MOST_AWAY = 50


@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """Show the figures of the person's police agencies; to a supervisor also who has what."""
    return _page(request)


@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Return the figures as a CSV file. It names no one."""
    person, now = _person(request), timezone.now()
    rows = _rows(police_figures(person, now), _answers(person, now), look_figures(looks_of(person, now)))
    return csv_response(f"figures-{court_date(now)}.csv", ["Figure", "Value"], rows)


@require_POST
def set_ceiling(request: HttpRequest, agency: int) -> HttpResponse:
    """Store how many follow-ups the agency wants open at most."""
    own = _led(request, agency)
    form = CeilingForm(request.POST, agency=own, prefix=f"ceiling-{own.pk}")
    if form.is_valid() and form.record(by=_person(request), now=timezone.now()):
        messages.success(request, "The ceiling is set.")
        return redirect("figures")
    return _page(request, refused=form)


@require_POST
def reassign(request: HttpRequest, agency: int) -> HttpResponse:
    """Give all open follow-ups of one person to another."""
    own = _led(request, agency)
    form = ReassignForm(request.POST, agency=own, prefix=f"give-{own.pk}")
    if form.is_valid() and (given := form.record(by=_person(request), now=timezone.now())) is not None:
        messages.success(request, f"{given} follow-up{'' if given == 1 else 's'} given.")
        return redirect("figures")
    return _page(request, refused=form)


def _person(request: HttpRequest) -> User:
    person = expect(User, request.user)
    if not agencies_of(person):
        raise Http404
    return person


def _led(request: HttpRequest, key: int) -> Agency:
    """Return the agency, in which the person is a supervisor. Raises `Http404`."""
    led = set(supervised(_person(request))) & agencies_of(expect(User, request.user))
    return get_object_or_404(Agency, pk=key, pk__in=led)


def _answers(person: User, now: datetime) -> list[ResponseTime]:
    return response_times(since=now - QUARTER, until=now, agencies=agencies_of(person))


def _page(request: HttpRequest, *, refused: CeilingForm | ReassignForm | None = None) -> HttpResponse:
    person, now = _person(request), timezone.now()
    found = police_figures(person, now)
    context: dict[str, Any] = {
        "figures": found,
        "answers": [
            (one, _span(one.median_seconds), _span(one.p90_seconds)) for one in _answers(person, now)
        ],
        "weeks": [(format_day(court_date(one.at)), one.count) for one in found.weeks],
    }
    led = Agency.objects.filter(pk__in=set(supervised(person)) & agencies_of(person)).order_by("name")
    if led:
        denials = sample_of_denials(person, last_month(now))
        looks = looks_of(person, now)
        shown = listed(looks)
        log_access(request, (one.order.case.public_id for one in denials))
        log_access(request, (one.order.case.public_id for one in shown))
        context |= {
            "led": [_agency(one, refused) for one in led],
            "away": not_over(absences_for(person), now=now)[:MOST_AWAY],
            "denials": [(one, one.second_looks.all()) for one in denials],
            "looks": shown,
            "look_figures": look_figures(looks),
            "refused": refused,
        }
    return render(request, "notifications/figures.html", context)


def _agency(agency: Agency, refused: CeilingForm | ReassignForm | None) -> dict[str, Any]:
    ceiling = CeilingForm(agency=agency, prefix=f"ceiling-{agency.pk}")
    give = ReassignForm(agency=agency, prefix=f"give-{agency.pk}")
    is_ours = refused is not None and refused.agency == agency
    return {
        "agency": agency,
        "ceiling": refused if is_ours and isinstance(refused, CeilingForm) else ceiling,
        "give": refused if is_ours and isinstance(refused, ReassignForm) else give,
        "people": colleagues_of(agency),
        "unassigned": open_of(agency, None).count(),
        "ladder": [(step.get_to_display(), span_words(step.after)) for step in ladder_of(agency.pk)],
    }


def last_month(now: datetime) -> tuple[datetime, datetime]:
    """Return the beginning and the end of the month before this one, in the time of the courts."""
    this = now.astimezone(COURT_TIME).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (this - timedelta(days=1)).replace(day=1), this


def _span(seconds: float | None) -> str:
    return "" if seconds is None else span_words(timedelta(seconds=seconds))


def _rows(found: PoliceFigures, answers: Sequence[ResponseTime], looks: LookFigures) -> Iterator[list[str]]:
    for one in answers:
        yield [f"{one.agency}: alerts to answer, last 90 days", str(one.asked)]
        yield [f"{one.agency}: answered", str(one.answered)]
        yield [f"{one.agency}: answered within the hour", str(one.within_the_hour)]
        yield [f"{one.agency}: median, half were answered within", _span(one.median_seconds)]
        yield [f"{one.agency}: nine of ten were answered within", _span(one.p90_seconds)]
    for age in found.ages:
        yield [f"Open: {age.words.lower()}", str(age.count)]
    yield ["Ceiling", "" if found.ceiling is None else str(found.ceiling)]
    for week in found.weeks:
        yield [f"Open on {format_day(court_date(week.at))}", str(week.count)]
    yield ["Firearms alleged, last 12 months", str(found.alleged)]
    yield ["Items listed", str(found.listed)]
    yield ["Items recovered", str(found.recovered)]
    yield ["Attempts, last 90 days", str(found.attempts)]
    yield ["Attempts that recovered something", str(found.recoveries)]
    yield ["Firearms returned, last 12 months", str(found.returned)]
    yield ["Returned after a request of record", str(found.returned_after_request)]
    yield ["Second looks at checks, last 12 months", str(looks.looked)]
    yield ["Second looks that opened the case again", str(looks.reopened)]
