"""The one-time key of a form of an act."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from accounts.form_base import ShownAgain
from accounts.models import User
from accounts.services.access.form_keys import AGAIN, FIELD, new_key

register = template.Library()


@register.simple_tag(takes_context=True)
def form_key(context: dict[str, Any]) -> SafeString:
    """Return the hidden inputs that let a form be saved once, and held if the session has ended."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if request is None or not isinstance(user, User):
        return SafeString("")
    inputs = [(FIELD, new_key(user))]
    if isinstance(request.POST, ShownAgain) and request.POST.digest:
        inputs.append((AGAIN, request.POST.digest))
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', inputs)
