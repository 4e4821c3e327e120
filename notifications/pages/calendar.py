"""A person's calendar: the page to create and revoke its private link, and the feed behind the link."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from accounts.form_middleware import keep_page
from accounts.models import AuditAction, EntryPoint, Role, User
from accounts.services import sign_in
from accounts.services.access.access_log import address_of, log_access, record_for, route_of
from accounts.services.access.enumeration_guard import is_anonymous_blocked, log_anonymous_refusal
from notifications.pages.clients import in_own_language
from notifications.services.calendar import appointments, feeds


@in_own_language
@require_http_methods(["GET", "POST"])
@sensitive_variables("token", "link")
def link(request: HttpRequest) -> HttpResponse:
    """Create the user's own link and show it once, or revoke it. Both are in the access log.

    A screen that was left unlocked is not enough to create one: the link works after the session has ended.
    """
    user = request.user
    if not isinstance(user, User) or not feeds.can_have_feed(user):
        raise Http404
    now = timezone.now()
    shown = ""
    if request.method == "POST" and "withdraw" in request.POST:
        if feeds.revoke_feed(user, now=now):
            record_for(request, AuditAction.TOKEN_REVOKED, subject=user, detail={"kind": "calendar"})
        messages.success(request, gettext("The link no longer works."))
        return redirect("calendar")
    if request.method == "POST" and not sign_in.is_fresh(request, user):
        return redirect(f"{reverse('sign-in-again')}?{urlencode({'next': reverse('calendar')})}")
    if request.method == "POST":
        token = feeds.create_feed(user, now=now, shows_aliases=bool(request.POST.get("aliases")))
        keep_page(request)
        record_for(request, AuditAction.TOKEN_ISSUED, subject=user, detail={"kind": "calendar"})
        shown = f"{settings.BASE_URL}{reverse('calendar-feed', args=[token])}"
    context = {
        "link": shown,
        "feed": feeds.current_feed(user, now=now),
        "has_clients": Role.ADVOCATE in user.roles,
    }
    return render(request, "notifications/calendar.html", context)


@login_not_required
@require_safe
@sensitive_variables("token")
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar behind the link. Unknown and revoked links get the same 404.

    A network address that tried many unknown links is logged no more for a while. Links in force still work
    there: many people share one address, and a link has too many digits to be guessed.
    """
    now, address = timezone.now(), address_of(request)
    found_feed = feeds.feed_of(token, now=now)
    if found_feed is None and is_anonymous_blocked(EntryPoint.FEED, address):
        return _not_found()
    if found_feed is None:
        log_anonymous_refusal(
            requested=feeds.digest_of(token)[:32],
            entry_point=EntryPoint.FEED,
            address=address,
            what=route_of(request),
        )
        return _not_found()
    # The holder of the link reads as the person; the access log records the person and the entry point.
    request.user = user = found_feed.user
    found = appointments.appointments(user, now=now, shows_aliases=found_feed.shows_aliases)
    log_access(request, {one.case for one in found})
    return HttpResponse(
        appointments.calendar_file(found, now=now),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'inline; filename="calendar.ics"'},
    )


def _not_found() -> HttpResponse:
    return HttpResponse("Not found.\n", status=HTTPStatus.NOT_FOUND, content_type="text/plain")
