"""The alert that waits beside a row of the board."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

from notifications.models import Alert

register = template.Library()


@register.filter
def alert_of(waiting: Mapping[int, Alert], case: int) -> Alert | None:
    """Return the alert that waits for an answer in the case (by key), if one waits."""
    return waiting.get(case)
