"""The page on which everybody says how to be told."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import User
from notifications.forms.preferences import PreferenceForm
from notifications.services import preferences as service
from orders.errors import InvalidFact


@sensitive_post_parameters("phone", "service")
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """How the reader is told, and may be told otherwise."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - narrows
    preference = service.preference_of(user)
    form = PreferenceForm(request.POST or None, preference=preference)
    if request.method == "POST" and form.is_valid():
        try:
            service.keep(user, form.wishes())
        except InvalidFact as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            messages.success(request, "Kept. You are told in this way from now on.")
            return redirect("preferences")
    context = {
        "form": form,
        "has_service": bool(preference.sealed_service),
        "is_silent": service.is_silent(preference),
    }
    return render(request, "notifications/preferences.html", context)
