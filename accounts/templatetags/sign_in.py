"""What every page says of signing in: that a demonstration takes less of it, and that it will end."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone

from accounts.sessions import BEGAN, ends_at

register = template.Library()


@register.simple_tag
def second_factor_is_off() -> bool:
    """True where a password alone signs in."""
    return not settings.SECOND_FACTOR_REQUIRED


@register.inclusion_tag("sign_in/session_end.html", takes_context=True)
def session_end(context: dict[str, Any]) -> dict[str, Any]:
    """The warning before a session ends, for somebody signed in: a script shows it in time."""
    request = context.get("request")
    if request is None or not request.user.is_authenticated or BEGAN not in request.session:
        return {}
    left = (ends_at(request.session) - timezone.now()).total_seconds()
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "idle": settings.SESSION_COOKIE_AGE,
        "warn": settings.SESSION_WARNING,
        "left": max(0, int(left)),
    }
