"""Tags for every page: the demonstration banner and the warning before a session ends."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone

from accounts.access import MATRIX
from accounts.models import User
from accounts.sessions import BEGAN, ends_at

register = template.Library()


@register.simple_tag
def second_factor_is_off() -> bool:
    """Return True if a password alone is enough to sign in."""
    return not settings.SECOND_FACTOR_REQUIRED


@register.simple_tag(takes_context=True)
def map_links(context: dict[str, Any]) -> bool:
    """Return True if the reader can have links to a map: people outside the court who see addresses."""
    user = context.get("user")
    readers = MATRIX.resources["respondent"].fields["address"] - MATRIX.capacities["court"].seen_by
    return isinstance(user, User) and not readers.isdisjoint(user.roles)


@register.inclusion_tag("sign_in/session_end.html", takes_context=True)
def session_end(context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the warning before a session ends. A script shows it in time."""
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
