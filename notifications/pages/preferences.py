"""The page for a person's own notification preferences."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.narrowing import expect
from notifications.forms.preferences import PreferenceForm
from notifications.pages.clients import in_own_language
from notifications.services.contacts import preferences as service
from orders.errors import InvalidFact


@in_own_language
@sensitive_post_parameters("phone", "service")
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Show and save the user's notification preferences."""
    user = expect(User, request.user)
    preference = service.preference_of(user)
    form = PreferenceForm(request.POST or None, preference=preference)
    if request.method == "POST" and form.is_valid():
        try:
            service.save(user, form.to_settings())
        except InvalidFact as refusal:
            form.show_refusal(refusal)
        else:
            messages.success(request, gettext("Saved."))
            return redirect("preferences")
    context = {
        "form": form,
        "has_service": bool(preference.encrypted_service),
        "has_opted_out": service.has_opted_out(preference),
    }
    return render(request, "notifications/preferences.html", context)
