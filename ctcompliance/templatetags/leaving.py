"""A quick exit from the page, for people whose screen someone else may see."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

from accounts.models import Role, User

register = template.Library()


@register.inclusion_tag("leaving.html", takes_context=True)
def exit_link(context: dict[str, Any]) -> dict[str, Any]:
    """Return the address of an unrelated site for a signed-in advocate; empty for others."""
    user = context.get("user")
    is_advocate = isinstance(user, User) and Role.ADVOCATE in user.roles
    return {"address": settings.EXIT_URL if is_advocate else ""}
