"""What an alert leads to: a page behind sign-in."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from notifications.models import Alert
from notifications.services import health
from notifications.services.answers import acknowledge
from orders.models import Firearm

#: Alerts on one page of the list.
PAGE = 50


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What waits for this person's answer, the newest first."""
    mine = (
        Alert.objects.filter(recipient=request.user.pk)
        .visible_to(request.user)
        .unanswered()
        .select_related("checkpoint__deadline__order", "agency")
        .order_by("-id")
    )
    page = Paginator(mine, PAGE, allow_empty_first_page=True).get_page(request.GET.get("page"))
    return render(request, "notifications/home.html", {"page": page, "now": timezone.now()})


@require_GET
def notice(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What is due, since when, what is believed held."""
    alert = _alert(request, public_id)
    deadline = alert.checkpoint.deadline
    order = deadline.order
    context = {
        "alert": alert,
        "deadline": deadline,
        "order": order,
        "now": timezone.now(),
        "firearms": Firearm.objects.filter(order__case=order.case_id).order_by("id"),
        "follow_up": deadline.follow_ups.filter(closed_at=None)
        .select_related("owner", "assigned_to")
        .first(),
    }
    return render(request, "notifications/notice.html", context)


@require_POST
def acknowledge_notice(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The reader says that the alert is read and taken up."""
    alert = _alert(request, public_id)
    if not isinstance(request.user, User):
        raise Http404
    acknowledge(alert, by=request.user, now=timezone.now())
    messages.success(request, "Acknowledged. The record of the order says so.")
    return redirect("notice", public_id=public_id)


@login_not_required
@require_GET
def deadlines_health(request: HttpRequest) -> JsonResponse:
    """200 while a pulse is fresh and nothing due has waited too long, else 503."""
    try:
        found = health.ask()
    except DatabaseError:
        return JsonResponse({"status": "database unreachable"}, status=503)
    return JsonResponse(
        {
            "status": "ok" if found.is_well else "late",
            "pulse_age_s": found.pulse_age,
            "due_lag_s": found.due_lag,
            "outbox_lag_s": found.outbox_lag,
        },
        status=200 if found.is_well else 503,
    )


def _alert(request: HttpRequest, public_id: UUID) -> Alert:
    """The alert, if this person may see its order; else it does not exist."""
    seen = Alert.objects.visible_to(request.user).select_related(
        "checkpoint__deadline__order__case__respondent__town",
        "checkpoint__deadline__order__case__court",
        "agency",
        "acknowledged_by",
    )
    try:
        return seen.get(public_id=public_id)
    except Alert.DoesNotExist:
        raise Http404 from None
