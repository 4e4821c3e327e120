"""The desks at which somebody works, for the pages' main navigation."""

from __future__ import annotations

from typing import Any

from django import template

from accounts.models import Role, User
from orders.services.queue import VIEWERS

register = template.Library()


@register.simple_tag(takes_context=True)
def desks(context: dict[str, Any]) -> list[tuple[str, str]]:
    """The reader's desks: the name of the page and its title."""
    user = context.get("user")
    roles = user.roles if isinstance(user, User) else frozenset()
    found = [("follow-up-queue", "Follow-ups")] if roles & VIEWERS else []
    return [*found, ("releases", "Orders by release")] if Role.ADVOCATE in roles else found
