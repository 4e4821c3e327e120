"""The page on which a person or a supervisor records who is away, and ends it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.dates import COURT_TIME, format_instant
from accounts.models import Absence, User
from accounts.narrowing import expect
from notifications.forms.absences import AbsenceForm
from notifications.pages.clients import in_own_language
from notifications.services import absences as service
from orders.errors import InvalidFact

#: The most absences on the page.
MOST = 100


@in_own_language
@require_http_methods(["GET", "POST"])
def absences(request: HttpRequest) -> HttpResponse:
    """Show who is away, and record one absence."""
    user, now = expect(User, request.user), timezone.now()
    form = AbsenceForm(request.POST or None, by=user)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            service.record_absence(
                user=typed["person"],
                starts_at=typed["starts_at"],
                ends_at=typed["ends_at"],
                by=user,
                now=now,
                request=request,
            )
        except InvalidFact as refusal:
            form.show_refusal(refusal)
        else:
            messages.success(request, gettext("Saved. Others of the agency get the alerts during this time."))
            return redirect("absences")
    rows = [_row(one) for one in _shown(user)]
    return render(request, "notifications/absences.html", {"form": form, "rows": rows})


@in_own_language
@require_POST
def end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """End an absence: the person is back, or does not go."""
    user, now = expect(User, request.user), timezone.now()
    absence = get_object_or_404(service.absences_for(user), public_id=public_id)
    try:
        service.end_absence(absence, by=user, now=now, request=request)
    except InvalidFact as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, gettext("%(name)s gets alerts again.") % {"name": absence.user})
    return redirect("absences")


def _shown(user: User) -> QuerySet[Absence]:
    return service.not_over(service.absences_for(user), now=timezone.now())[:MOST]


def _row(absence: Absence) -> dict[str, object]:
    return {
        "absence": absence,
        "starts": format_instant(absence.starts_at, COURT_TIME),
        "ends": format_instant(absence.ends_at, COURT_TIME),
    }
