"""Stop sessions without a second factor, in one place for pages, admin and API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import User
from accounts.services import second_factor, sign_in

#: URL names that remain open without a second factor: to set one up, or to leave.
OPEN = frozenset(
    {
        "set-up-second-factor",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "sign-in",
        "sign-in-again",
        "sign-out",
        "stay-signed-in",
    }
)


class SecondFactorGate:
    """Treat a session without a second factor as anonymous, except on the pages that set one up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Call the view. `process_view` decides access once the view is known."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, _args: Any, _ids: Any) -> HttpResponse | None:
        """Remove the user from a request without a second factor, and redirect pages to its set-up."""
        user = request.user
        if not settings.SECOND_FACTOR_REQUIRED or not isinstance(user, User):
            return None
        if sign_in.has_second_factor(request, user):
            return None
        if second_factor.is_set_up(user):
            # A complete sign-in would have asked for it, so this session is not a regular one.
            logout(request)
            return None
        if request.resolver_match and request.resolver_match.view_name in OPEN:
            return None
        request.user = AnonymousUser()
        # The API itself rejects anonymous requests.
        is_page = getattr(view, "login_required", True)
        return redirect("set-up-second-factor") if is_page else None
