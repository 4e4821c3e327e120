"""Leaving quickly: sign out and open another site, so that the page and Back show nothing of this one."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.form_middleware import LEFT

#: Seconds for which Back shows a page without a name instead of the sign-in page.
CLOSED_FOR = 15 * 60


# Without a token, so that error pages and pages without a session can offer it. A form on another site
# carries no session cookie (SameSite=Lax), and `_is_from_here` refuses it.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    """End the session and open the other site. Back then leads to this page without a name."""
    is_leaving = request.method == "POST" and _is_from_here(request)
    response = render(request, "left.html", {"address": settings.EXIT_URL, "is_leaving": is_leaving})
    if not is_leaving:
        return response
    # Not a redirect: browsers apply `form-action` of our policy to the redirects of a form.
    response.headers["Refresh"] = f"0; url={settings.EXIT_URL}"
    response.headers["Referrer-Policy"] = "no-referrer"
    # Also clears pages that the browser keeps for Back. Cookies are deleted one by one, because LEFT stays.
    response.headers["Clear-Site-Data"] = '"cache"'
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        get_adapter().logout(request)
        _mark(response)
    return response


def _mark(response: HttpResponse) -> None:
    """Replace the cookies of the session by the one that keeps Back empty."""
    response.delete_cookie(settings.CSRF_COOKIE_NAME)
    response.set_cookie(
        LEFT,
        "1",
        max_age=CLOSED_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _is_from_here(request: HttpRequest) -> bool:
    """True unless the browser states that another site sent the form."""
    site = request.headers.get("Sec-Fetch-Site", "")
    if site:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin", "")
    scheme = "https" if request.is_secure() else "http"
    return origin in ("", f"{scheme}://{request.get_host()}")
