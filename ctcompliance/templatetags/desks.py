"""The pages where a person works, for the main navigation, and the search in the head of every page."""

from __future__ import annotations

from typing import Any

from django import template

from accounts.models import Role, User
from orders.services.follow_ups.queue import VIEWERS
from orders.services.search import LONGEST, SEARCHERS

register = template.Library()


@register.simple_tag(takes_context=True)
def desks(context: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the name and the title of each page where the reader works."""
    user = context.get("user")
    roles = user.roles if isinstance(user, User) else frozenset()
    found = [("follow-up-queue", "Follow-ups")] if roles & VIEWERS else []
    return [*found, ("releases", "Your clients' orders")] if Role.ADVOCATE in roles else found


@register.inclusion_tag("search_box.html", takes_context=True)
def search_box(context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the search in the head of a page; empty for people who see no case."""
    user = context.get("user")
    if not isinstance(user, User) or not user.roles & SEARCHERS:
        return {}
    return {"csrf_token": context.get("csrf_token"), "longest": LONGEST}
