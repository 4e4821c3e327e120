"""The papers of a court for one day: what is due, and the docket."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import MATRIX
from accounts.dates import court_date
from accounts.form_base import SiteForm
from accounts.models import Agency, User
from accounts.services.access.access_log import log_access
from orders.forms.fields import DayField
from orders.models import RUNNING, Deadline, Hearing
from orders.querysets import order_visibility
from orders.services.desk.conditions import CourtDesk
from orders.services.desk.judges import judges_of
from orders.services.documents.bench import bench_sheets
from orders.services.documents.blocks import Document
from orders.services.documents.court_papers import MOST_ROWS, compliance_calendar, docket_list
from orders.services.planning.load_inventories import load_inventories
from orders.services.planning.rulebooks import zone_at
from orders.views.documents import bench_of, headed, pdf_response
from orders.views.seen import person_in

#: The most bench sheets of one file: a judge hears fewer cases in a day.
MOST_SHEETS = 60

#: The papers of a day, by their word in an address.
PAPERS = {
    "docket": "Docket list",
    "bench": "Bench sheets of all hearings",
    "calendar": "Compliance calendar",
}

VIEWERS = MATRIX.resources["document"].actions["court_day"]


class CourtDayForm(SiteForm):
    """The court, the day, and which paper."""

    court = forms.ModelChoiceField(Agency.objects.none(), empty_label=None)
    day = DayField(label="Day")
    judge = forms.ChoiceField(required=False, label="Judge", help_text="Of docket list and bench sheets.")
    paper = forms.ChoiceField(choices=list(PAPERS.items()))

    def __init__(self, *args: Any, courts: Any, judges: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        chosen: Any = self.fields["court"]
        chosen.queryset = courts
        offered: Any = self.fields["judge"]
        offered.choices = [("", "Every judge"), *((one, one) for one in judges)]


@require_safe
def court_day(request: HttpRequest) -> HttpResponse:
    """Choose a court, a day and a paper; then get the paper."""
    user = person_in(request, VIEWERS)
    own = [one.agency_id for one in user.memberships.all() if one.role in VIEWERS and one.agency_id]
    courts, now = Agency.objects.filter(pk__in=own), timezone.now()
    sent = request.GET if "day" in request.GET else None
    asked = _day_asked(request, now)
    judges = judges_of(CourtDesk(person=user, now=now), (asked, asked))
    form = CourtDayForm(sent, courts=courts, judges=judges, initial={"day": now})
    if not form.is_bound or not form.is_valid():
        return render(request, "orders/documents/court_day.html", {"form": form})
    court, day = form.cleaned_data["court"], form.cleaned_data["day"]
    judge, paper = form.cleaned_data["judge"], form.cleaned_data["paper"]
    if paper == "docket":
        document = _docket(request, user, court, day, now, judge=judge)
    elif paper == "bench":
        document = _bench(request, user, court, day, now, judge=judge)
    else:
        document = _calendar(request, user, court, day, now)
    return pdf_response(headed(document, court))


def _day_asked(request: HttpRequest, now: datetime) -> date:
    """Return the day of the address; today if it is no day, which the form refuses."""
    try:
        return DayField().clean(request.GET.get("day", "")) or court_date(now)
    except forms.ValidationError:
        return court_date(now)


def _calendar(request: HttpRequest, user: User, court: Agency, day: date, now: datetime) -> Document:
    """Return what is due on the day in the court's cases, the overdue of that day with it."""
    start = datetime.combine(day, time(), zone_at(court.jurisdiction, court.area))
    # A whole day ends at midnight: it is due at the first instant of the next day.
    rows = Deadline.objects.filter(
        order_visibility(user, roles=VIEWERS, via_agency=court.pk).by_agency("order_id"),
        state__in=RUNNING,
        due_at__gt=start,
        due_at__lte=start + timedelta(days=1),
        order__case__court=court,
    )
    found = list(rows.select_related("order__case__respondent").order_by("due_at", "id")[: MOST_ROWS + 1])
    log_access(request, {one.order.case.public_id for one in found})
    return compliance_calendar(court, day, found, now=now)


def _docket(
    request: HttpRequest, user: User, court: Agency, day: date, now: datetime, *, judge: str
) -> Document:
    """Return the hearings of the day, by their time; only those of a judge if one is named."""
    rows = _hearings(user, court, day, judge).select_related("order__case__respondent")
    found = list(rows[: MOST_ROWS + 1])
    log_access(request, {one.order.case.public_id for one in found})
    inventories = load_inventories({one.order.case_id for one in found})
    return docket_list(court, day, found, inventories, now=now)


def _bench(
    request: HttpRequest, user: User, court: Agency, day: date, now: datetime, *, judge: str
) -> Document:
    """Return the bench sheets of the hearings of the day, by their time."""
    rows = _hearings(user, court, day, judge)
    found = list(rows.select_related("order__case__court", "order__case__respondent__town")[:MOST_SHEETS])
    log_access(request, {one.order.case.public_id for one in found})
    left_out = max(0, rows.count() - len(found))
    sheets = [bench_of(one) for one in found]
    return bench_sheets(court, day, sheets, left_out=left_out, judge=judge, now=now)


def _hearings(user: User, court: Agency, day: date, judge: str) -> QuerySet[Hearing]:
    rows = Hearing.objects.filter(
        order_visibility(user, roles=VIEWERS, via_agency=court.pk).by_agency("order_id"),
        scheduled_on=day,
        order__case__court=court,
        order__withdrawn_at=None,
    ).exclude(outcome="vacated")
    if judge:
        rows = rows.filter(judge=judge)
    return rows.order_by("scheduled_time", "id")
