"""A supervisor looks again at a check that found a sworn denial true."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import MATRIX
from accounts.models import User
from accounts.narrowing import expect
from accounts.services.access.access_log import log_access
from notifications.forms.figures import LookForm, WithdrawLookForm
from orders.models import LookResult, StatementVerification
from orders.services.court_days import zone_of
from orders.services.follow_ups.second_looks import looks_of

_VIEWERS = MATRIX.resources["second_look"].actions["add"]


@require_http_methods(["GET", "POST"])
def second_look(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show how the denial was checked, and record what the second look found."""
    person = expect(User, request.user)
    rows = StatementVerification.objects.visible_to(person, roles=_VIEWERS)
    rows = rows.filter(agency__in=person.agencies_for("add", "second_look"))
    found = get_object_or_404(
        rows.select_related("order__case__respondent", "order__case__court", "statement"),
        public_id=public_id,
    )
    log_access(request, [found.order.case.public_id])
    form = LookForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and form.record(found, by=person, now=timezone.now()):
        if form.cleaned_data["result"] == LookResult.REOPENED:
            messages.success(request, "The look is recorded. The check is withdrawn: the case is open again.")
            return redirect("case-page", public_id=found.order.public_id)
        messages.success(request, "The look is recorded.")
        return redirect("figures")
    context = {"check": found, "order": found.order, "form": form, "zone": zone_of(found.order)}
    return render(request, "notifications/second_look.html", context)


@require_http_methods(["GET", "POST"])
def take_back_look(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a second look, and take it back with a reason."""
    person, now = expect(User, request.user), timezone.now()
    looks = looks_of(person, now).select_related("order__case__court")
    found = get_object_or_404(looks, public_id=public_id)
    log_access(request, [found.order.case.public_id])
    form = WithdrawLookForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and form.record(found, by=person, now=now):
        messages.success(request, "The look is taken back. The history keeps it.")
        return redirect("figures")
    context = {"look": found, "order": found.order, "form": form, "zone": zone_of(found.order)}
    return render(request, "notifications/take_back_look.html", context)
