"""The page on which the firearms licensing unit reports about the respondent of an order."""

from __future__ import annotations

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
from accounts.services.access.access_log import log_access
from orders.errors import InvalidFact
from orders.forms.orders import LicensingReportForm
from orders.models import LicensingReport, Order
from orders.services.corrections import withdraw
from orders.services.court_days import zone_of
from orders.services.orders.licensing import record_licensing_report


class WithdrawReportForm(SiteForm):
    """A report that was recorded in error."""

    reason = forms.CharField(max_length=500, label="Why it is withdrawn")


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the order and what the unit reported, and record one report."""
    order = _order(request, public_id)
    form = LicensingReportForm(request.POST or None, order=order)
    if request.method == "POST" and form.is_valid() and _record(request, order, form):
        messages.success(request, "The report is recorded. Of an attempt, others are alerted now.")
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
    """Return the person. Raises `Http404` for anyone but a licensing officer."""
    if not isinstance(request.user, User) or Role.LICENSING not in request.user.roles:
        raise Http404
    return request.user


def _order(request: HttpRequest, public_id: UUID) -> Order:
    """Return the order. Raises `Http404` if the person's licensing unit does not see it."""
    visible = Order.objects.visible_to(_person(request), roles=[Role.LICENSING])
    order = (
        visible.select_related("case__court", "case__respondent__town").filter(public_id=public_id).first()
    )
    if order is None:
        raise Http404
    log_access(request, [order.case.public_id])
    return order


def _record(request: HttpRequest, order: Order, form: LicensingReportForm) -> bool:
    try:
        record_licensing_report(order, **form.service_kwargs(), by=_person(request), now=timezone.now())
    except InvalidFact as refusal:
        form.refuse(refusal)
        return False
    return True


def _page(request: HttpRequest, order: Order, form: LicensingReportForm) -> HttpResponse:
    zone = zone_of(order)
    context = {
        "order": order,
        "form": form,
        "permits": order.permits.all(),
        "reports": [(one, _when(one, zone)) for one in order.licensing_reports.all()],
        "withdraw_form": WithdrawReportForm(auto_id=False),
    }
    return render(request, "orders/licensing.html", context)


def _when(one: LicensingReport, zone: ZoneInfo) -> str:
    return format_instant(one.occurred_at, zone) if one.occurred_at else format_day(one.occurred_on)
