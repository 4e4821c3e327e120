"""The report of a court: four numbers, every measure with its denominator, and the list behind each."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Agency, User
from accounts.narrowing import expect
from accounts.services.access.access_log import log_access
from orders.forms.reports import CourtReportForm
from orders.models import OrderKind
from orders.services.desk import reports
from orders.services.desk.conditions import CourtDesk
from orders.services.desk.figures import proven_by_week
from orders.services.desk.reports import FIRST, GROUPS, NOT_HELD, Counted, Measure
from orders.services.desk.service_hours import hours_to_service
from orders.services.documents.report_paper import report_paper
from orders.views.court.rows import RELATED, SHORT_KINDS, load_rows
from orders.views.csv_response import csv_response
from orders.views.documents import headed, pdf_response

#: The most orders of one list behind a number.
MOST_LISTED = 200


@require_safe
def report(request: HttpRequest) -> HttpResponseBase:
    """Show the report, or return it as CSV or PDF."""
    desk = _desk(request)
    form = CourtReportForm(request.GET, desk=desk)
    period = form.period
    context: dict[str, Any] = {"form": form, "period": period, "kept": _kept(request), "not_held": NOT_HELD}
    if not form.is_valid():
        return render(request, "orders/court/reports.html", context)
    try:
        counted = reports.count_all(desk, period)
        groups = reports.count_groups(desk, period, form.grouping)
    except OperationalError:
        return render(request, "orders/court/reports.html", context | {"took_too_long": True})
    if request.GET.get("as") == "csv":
        return _csv(counted, f"report-{period.first}-{period.last}.csv")
    kinds = {kind.value: words for kind, words in SHORT_KINDS.items()}
    groups = [row | {"words": kinds.get(row["words"], row["words"])} for row in groups]
    if request.GET.get("as") == "pdf":
        courts = Agency.objects.filter(pk__in=desk.courts if period.court is None else [period.court])
        named = {"Kind": period.kind and OrderKind(period.kind).label, "Police": form.cleaned_data["agency"]}
        named["Judge"] = period.judge
        chosen = [f"{title}: {value}" for title, value in named.items() if value]
        paper = report_paper(
            ", ".join(map(str, courts)),
            period,
            counted,
            chosen=chosen,
            groups=groups,
            group_title=GROUPS[form.grouping][0],
            hours=hours_to_service(desk, period),
            now=desk.now,
        )
        return pdf_response(headed(paper, courts[0] if len(courts) == 1 else None))
    return render(
        request,
        "orders/court/reports.html",
        context
        | {
            "first": [one for one in counted if one.measure.name in FIRST],
            "counted": [one for one in counted if one.measure.name not in FIRST],
            "groups": groups,
            "group_title": GROUPS[form.grouping][0],
            "hours": hours_to_service(desk, period),
            "weeks": proven_by_week(desk),
            "now": desk.now,
        },
    )


@require_safe
def behind(request: HttpRequest, name: str) -> HttpResponse:
    """Show the orders that one number of the report counts, or with `left=yes` those that it does not."""
    desk = _desk(request)
    measure: Measure | None = reports.measures(desk).get(name)
    if measure is None:
        raise Http404
    form = CourtReportForm(request.GET, desk=desk)
    orders = reports.orders_of(desk, form.period)
    if measure.against:
        orders = orders.filter(measure.against)
    is_left = request.GET.get("left") == "yes"
    orders = orders.exclude(measure.counts) if is_left else orders.filter(measure.counts)
    found = list(orders.select_related(*RELATED).order_by("urgency__due_at", "pk")[: MOST_LISTED + 1])
    shown = found[:MOST_LISTED]
    log_access(request, [one.case.public_id for one in shown])
    context = {
        "measure": measure,
        "period": form.period,
        "is_left": is_left,
        "kept": _kept(request),
        "rows": load_rows(shown, now=desk.now),
        "has_more": len(found) > MOST_LISTED,
    }
    return render(request, "orders/court/report_list.html", context)


def _desk(request: HttpRequest) -> CourtDesk:
    """Return the desk of the person. Raises `Http404` for people of no court."""
    desk = CourtDesk(person=expect(User, request.user), now=timezone.now())
    if not desk.courts or not desk.person.is_staff:
        raise Http404
    return desk


def _kept(request: HttpRequest) -> str:
    """Return the choices of the form as a query."""
    names = ("first", "last", "kind", "agency", "court", "judge", "by")
    return urlencode({name: request.GET[name] for name in names if request.GET.get(name)})


def _csv(counted: list[Counted], name: str) -> StreamingHttpResponse:
    header = ["Measure", "Count", "Of", "Share", "Counted against", "Definition"]
    rows = [
        [
            one.measure.title,
            str(one.count),
            str(one.whole),
            "" if one.percent is None else f"{one.percent}%",
            one.measure.against_words,
            one.measure.definition,
        ]
        for one in counted
    ]
    return csv_response(name, header, rows)
