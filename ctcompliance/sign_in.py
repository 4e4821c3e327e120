"""The sign-in URL of the admin site."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect


@login_not_required
def for_admin(request: HttpRequest) -> HttpResponse:
    """Redirect to sign-in. People without access to the admin site get 404."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.GET.get("next", ""))
    if not request.user.is_staff:
        raise Http404
    return redirect("admin:index")
