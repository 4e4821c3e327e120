"""Somebody's calendar: the page on which a private link is made and withdrawn, and what it leads to."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Act, Door, User
from accounts.services.audit import address_of, record_for, route_of, seen
from accounts.services.guessing import refuse_stranger, stranger_guesses_too_much
from notifications.services import appointments, feeds


@require_http_methods(["GET", "POST"])
@sensitive_variables("token", "link")
def link(request: HttpRequest) -> HttpResponse:
    """The person's own link: made, shown this once, withdrawn. Both are on record."""
    user = request.user
    if not isinstance(user, User) or not feeds.may_have(user):
        raise Http404
    now = timezone.now()
    shown = ""
    if request.method == "POST" and "withdraw" in request.POST:
        if feeds.withdraw_feed(user, now=now):
            record_for(request, Act.TOKEN_REVOKED, subject=user, detail={"kind": "calendar"})
        messages.success(request, "The link leads nowhere any more.")
        return redirect("calendar")
    if request.method == "POST":
        token = feeds.make_feed(user, now=now)
        record_for(request, Act.TOKEN_ISSUED, subject=user, detail={"kind": "calendar"})
        shown = f"{settings.BASE_URL}{reverse('calendar-feed', args=[token])}"
    context = {"link": shown, "feed": feeds.standing_feed(user)}
    return render(request, "notifications/calendar.html", context)


@login_not_required
@require_safe
@sensitive_variables("token")
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar that the link leads to. Any other link, and one that was withdrawn, is answered alike.

    From an address that asked for many of those nothing is answered for a while, whatever it asks for.
    """
    now, address = timezone.now(), address_of(request)
    if stranger_guesses_too_much(Door.FEED, address):
        return _nothing()
    user = feeds.reader_of(token, now=now)
    if user is None:
        refuse_stranger(
            asked=feeds.digest_of(token)[:32], door=Door.FEED, address=address, what=route_of(request)
        )
        return _nothing()
    # Whoever has the link reads as the person; the access log says so.
    request.user = user
    found = appointments.appointments(user, now=now)
    seen(request, {one.case for one in found})
    return HttpResponse(
        appointments.calendar_file(found, now=now),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'inline; filename="calendar.ics"'},
    )


def _nothing() -> HttpResponse:
    return HttpResponse("Nothing is here.\n", status=HTTPStatus.NOT_FOUND, content_type="text/plain")
