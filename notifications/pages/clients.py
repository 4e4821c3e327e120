"""What the pages of advocates share: orders in plain words, most urgent first, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation
from django.views.decorators.http import require_POST

from accounts.models import Role, User
from accounts.narrowing import expect
from accounts.own_pages import own_page
from notifications.models import Language
from notifications.pages.client_words import ClientWords
from notifications.services.contacts import contacts, preferences
from orders.models import ConfidentialityRelease
from orders.services.clients.answers import client_orders
from orders.services.clients.release_requests import organizations_led_by

#: Releases among which the most urgent orders are found, the newest first.
MOST_SORTED = 200

View = Callable[..., HttpResponseBase]


def is_of_organization(user: User) -> bool:
    """True for advocates, and for those who lead them: they have no other work here."""
    if user.roles == {Role.SUPERVISOR}:
        return bool(organizations_led_by(user))
    return Role.ADVOCATE in user.roles and user.roles <= {Role.ADVOCATE, Role.SUPERVISOR}


def in_own_language(view: View) -> View:
    """Answer in the language of the reader's preferences, and offer the other one, if an advocate reads."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User) or not is_of_organization(user):
            return view(request, *args, **kwargs)
        language = Language(preferences.preference_of(user).language)
        vars(request)["other_language"] = next(one for one in Language if one is not language)
        try:
            with translation.override(language):
                return view(request, *args, **kwargs)
        except Exception:
            # The page about an error is in English, and the same for every address.
            del vars(request)["other_language"]
            raise

    return answer


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Save the language and go back to the same page."""
    preferences.set_language(expect(User, request.user), request.POST.get("language", ""))
    return redirect(own_page(request.POST.get("next", "")) or "home")


def clients_of(user: User, now: datetime) -> list[ClientWords]:
    """Return the orders of the advocate's clients in words, the most urgent first."""
    rows = contacts.releases_of(user).select_related("agency", "order__case__court")
    # The order of the index `release_of_agency`.
    return in_words(rows.order_by("-order", "-id")[:MOST_SORTED], now)


def in_words(releases: Iterable[ConfidentialityRelease], now: datetime) -> list[ClientWords]:
    """Return the orders of releases in words, the most urgent first."""
    words = [ClientWords(client=one) for one in client_orders(list(releases), now)]
    return sorted(words, key=lambda one: one.place)
