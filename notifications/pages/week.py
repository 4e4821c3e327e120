"""A supervisor's week: what is open and for how long, what is unanswered, who has not signed in."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.narrowing import expect
from notifications.services.weekly import absent_colleagues, figures_of, supervised

#: The most colleagues that the page names.
MOST_NAMED = 200


@require_GET
def week(request: HttpRequest) -> HttpResponse:
    """The figures of the agencies in which the reader is a supervisor, as of now."""
    user, now = expect(User, request.user), timezone.now()
    if not supervised(user):
        raise Http404
    context = {"figures": figures_of(user, now), "absent": absent_colleagues(user, now)[:MOST_NAMED]}
    return render(request, "notifications/week.html", context)
