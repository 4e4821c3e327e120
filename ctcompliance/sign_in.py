"""Where the admin site sends those it does not let in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect


@login_not_required
def for_admin(request: HttpRequest) -> HttpResponse:
    """The sign-in page; for somebody signed in whose desk is elsewhere, the same as what does not exist."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.GET.get("next", ""))
    if not request.user.is_staff:
        raise Http404
    return redirect("admin:index")
