"""The pages of the desks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.dates import court_date
from accounts.services.access.access_log import log_access
from orders.views.csv_response import csv_response
from orders.views.desks.pay import HEADER, PaySheet, month_of
from orders.views.desks.permit_list import LICENSERS, PermitDesk
from orders.views.desks.referral_list import PROSECUTORS, ReferralDesk
from orders.views.desks.service_list import MARSHALS, ServiceDesk
from orders.views.seen import person_in


@require_safe
def service_list(request: HttpRequest) -> HttpResponse:
    """Show what the marshal has to serve and to file."""
    found = ServiceDesk(person=person_in(request, MARSHALS), now=timezone.now())
    log_access(request, [one.case.public_id for one in found.orders])
    return render(request, "orders/desks/service.html", {"found": found})


@require_safe
def pay_sheet(request: HttpRequest) -> HttpResponseBase:
    """Show the services and attempts of a month, or return them as CSV."""
    person, now = person_in(request, MARSHALS), timezone.now()
    sheet = PaySheet(person=person, month=month_of(request.GET.get("month", ""), now), today=court_date(now))
    log_access(request, [one.case.public_id for one in sheet.orders])
    if request.GET.get("format") == "csv":
        return csv_response(f"services-{sheet.month:%Y-%m}.csv", HEADER, sheet.rows())
    return render(request, "orders/desks/pay.html", {"sheet": sheet})


@require_safe
def referral_list(request: HttpRequest) -> HttpResponse:
    """Show what waits for the prosecutor."""
    found = ReferralDesk(person=person_in(request, PROSECUTORS), now=timezone.now())
    log_access(request, [one.case.public_id for one in found.orders])
    return render(request, "orders/desks/referrals.html", {"found": found})


@require_safe
def permit_list(request: HttpRequest) -> HttpResponse:
    """Show what waits for the licensing unit."""
    found = PermitDesk(person=person_in(request, LICENSERS), now=timezone.now())
    log_access(request, [one.case.public_id for one in found.orders])
    return render(request, "orders/desks/permits.html", {"found": found})
