"""The one place where a session without a second factor is stopped, for pages, admin and API alike."""

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

#: What somebody with half a sign-in reaches, by the names of the addresses: to set up the rest, or leave.
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
    """To everything else than setting one up, a session without a second factor is nobody's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The view's answer; who is let to it is decided once the view is known."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, _args: Any, _ids: Any) -> HttpResponse | None:
        """Takes the person from a request whose session has no second factor; a page leads to its set-up."""
        user = request.user
        if not settings.SECOND_FACTOR_REQUIRED or not isinstance(user, User):
            return None
        if sign_in.has_second_factor(request, user):
            return None
        if second_factor.is_set_up(user):
            # It was never asked for: no sign-in of ours leads here.
            logout(request)
            return None
        if request.resolver_match and request.resolver_match.view_name in OPEN:
            return None
        request.user = AnonymousUser()
        # The API answers for itself that it knows nobody.
        is_page = getattr(view, "login_required", True)
        return redirect("set-up-second-factor") if is_page else None
