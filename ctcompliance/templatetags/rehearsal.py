"""The banner of a rehearsal, on every page."""

from __future__ import annotations

from typing import Any

from django import template
from django.db import DatabaseError
from django.utils import timezone

from accounts.dates import at_the_end, format_instant
from accounts.models import User
from notifications.services.rehearsals import in_force_for

register = template.Library()


@register.inclusion_tag("rehearsal.html", takes_context=True)
def rehearsal_banner(context: dict[str, Any]) -> dict[str, Any]:
    """Return the rehearsals that concern the reader: each with its agency and its end."""
    request = context.get("request")
    if request is None:
        # A page about a failure, which must not need the database.
        return {}
    user = getattr(request, "user", None)
    try:
        rows = in_force_for(user if isinstance(user, User) else None, timezone.now())
    except DatabaseError:
        return {}
    return {
        "rehearsals": [
            {"agency": one.agency, "ends": at_the_end(format_instant(one.ends_at))} for one in rows
        ]
    }
