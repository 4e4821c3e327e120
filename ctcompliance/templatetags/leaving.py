"""A quick exit from the page, for people whose screen someone else may see.

`{% exit_link %}` is the bar at the top of a page, `{% exit_words %}` the honest sentence at its foot. Pages
that anyone may open pass `always=True`.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

from accounts.models import Role, User

register = template.Library()


@register.inclusion_tag("leaving.html", takes_context=True)
def exit_link(context: dict[str, Any], *, always: bool = False) -> dict[str, Any]:
    """Return the address of an unrelated site for those who may need it; empty for others."""
    request = context.get("request")
    return {
        "address": settings.EXIT_URL if _is_offered(context, always=always) else "",
        "user": _user(context),
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "other_language": getattr(request, "other_language", None),
    }


@register.inclusion_tag("leaving_words.html", takes_context=True)
def exit_words(context: dict[str, Any], *, always: bool = False) -> dict[str, Any]:
    """Return whether the page states what Exit does and what it cannot do."""
    return {"is_offered": _is_offered(context, always=always)}


def _is_offered(context: dict[str, Any], *, always: bool) -> bool:
    """True for advocates, and with `always` for people who are not signed in as another role."""
    user = _user(context)
    if user is None:
        return always
    # A page of an organization offers it to those who only lead advocates.
    return Role.ADVOCATE in user.roles or hasattr(context.get("request"), "offers_exit")


def _user(context: dict[str, Any]) -> User | None:
    """Return the reader if signed in. A page about a failure must not need the database."""
    user = context.get("user")
    return user if isinstance(user, User) else None
