"""The page on which the firearms licensing unit reports about the respondent of an order."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.dates import format_day, format_instant
from accounts.form_base import SiteForm
from accounts.models import Role, User
from orders.errors import InvalidFact
from orders.forms.orders import LicensingReportForm
from orders.models import LicensingReport, LicensingReportKind, Order
from orders.services.corrections import withdraw
from orders.services.court_days import court_day, zone_of
from orders.services.order_state import last_days
from orders.services.orders.licensing import record_licensing_report
from orders.views.seen import person_in, seen_order

#: The message after a report, by its kind: the words of who hears of it are true for that kind alone.
_TOLD = (
    "The report is recorded. Police, the court, the prosecutor and advocates with a release are alerted now."
)
_DONE = {
    LicensingReportKind.PURCHASE_ATTEMPTED: _TOLD,
    LicensingReportKind.PERMIT_APPLIED: _TOLD,
    LicensingReportKind.PERMIT_REVOKED: "The revocation is recorded.",
    LicensingReportKind.PERMIT_REINSTATED: "The reinstatement is recorded.",
}


class WithdrawReportForm(SiteForm):
    """A report that was recorded in error."""

    reason = forms.CharField(max_length=500, label="Why it is withdrawn")


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the order and what the unit reported, and record one report."""
    order = _order(request, public_id)
    asked: dict[str, Any] = {"kind": request.GET.get("kind", "")}
    if asked["kind"] in LicensingReportKind.values:
        asked["occurred_at"] = court_day(order, timezone.now())
    form = LicensingReportForm(request.POST or None, order=order, initial=asked)
    if request.method == "POST" and _record(request, order, form):
        messages.success(request, _DONE[form.cleaned_data["kind"]])
        return redirect("licensing-page", public_id=public_id)
    return _page(request, order, form)


@require_POST
def withdraw_report(request: HttpRequest, public_id: UUID, report_id: UUID) -> HttpResponse:
    """Withdraw a report with a reason."""
    order = _order(request, public_id)
    row = order.licensing_reports.filter(public_id=report_id).first()
    if row is None:
        raise Http404
    form = WithdrawReportForm(request.POST)
    if form.is_valid():
        try:
            withdraw(row, by=_person(request), now=timezone.now(), reason=form.cleaned_data["reason"])
        except InvalidFact as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, "The report is withdrawn.")
    else:
        messages.error(request, "Nothing was withdrawn: give the reason.")
    return redirect("licensing-page", public_id=public_id)


def _person(request: HttpRequest) -> User:
    return person_in(request, [Role.LICENSING])


def _order(request: HttpRequest, public_id: UUID) -> Order:
    return seen_order(request, public_id, [Role.LICENSING])[0]


def _record(request: HttpRequest, order: Order, form: LicensingReportForm) -> bool:
    by, now = _person(request), timezone.now()
    stored = form.in_one_round(
        lambda: record_licensing_report(order, **form.service_kwargs(), by=by, now=now), now=now
    )
    return stored is not None


def _page(request: HttpRequest, order: Order, form: LicensingReportForm) -> HttpResponse:
    zone = zone_of(order)
    context = {
        "order": order,
        "form": form,
        "zone": zone,
        # Printed, or computed: an ex parte order ends with its hearing.
        "last_day": last_days([order])[order.pk],
        "permits": order.permits.all(),
        "reports": [(one, _when(one, zone)) for one in order.licensing_reports.all()],
        "withdraw_form": WithdrawReportForm(auto_id=False),
    }
    return render(request, "orders/licensing.html", context)


def _when(one: LicensingReport, zone: ZoneInfo) -> str:
    return format_instant(one.occurred_at, zone) if one.occurred_at else format_day(one.occurred_on)
