"""Who was alerted about an order, and who answered, for the page of the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django import template

from accounts.dates import format_instant
from accounts.models import User
from notifications.models import Alert, AlertState
from orders.models import Order
from orders.rules.vocabulary import Purpose
from orders.services.court_days import zone_of

register = template.Library()

#: So many alerts are read, the newest. So many recipients who are asked for an answer stay open on the page.
_READ, _SHOWN = 200, 3
_REACHED = (AlertState.ACCEPTED, AlertState.DELIVERED)


@dataclass(frozen=True, kw_only=True)
class AlertedLine:
    """One recipient: what became of the newest alert."""

    name: str
    badge: str
    tone: str
    words: str


@register.inclusion_tag("notifications/alerted.html")
def who_was_alerted(order: Order, user: User) -> dict[str, Sequence[AlertedLine]]:
    """Return the recipients of alerts about the order that the reader may see, the newest alert of each.

    An alert that asks for an answer goes before a notice for information.
    """
    rows = (
        Alert.objects.visible_to(user)
        .filter(order=order)
        .exclude(state=AlertState.WITHDRAWN)
        .select_related("agency", "recipient", "acknowledged_by", "checkpoint")
        .order_by("-id")[:_READ]
    )
    newest: dict[tuple[int | None, int | None], Alert] = {}
    # A later notice for information must not hide an alert that waits for an answer.
    for one in sorted(rows, key=_informs_only):
        newest.setdefault((one.agency_id, one.recipient_id), one)
    # Who was only informed is folded, but for one if there is no one else.
    asked = sum(1 for one in newest.values() if not _informs_only(one))
    lines, shown = [_line(one, zone_of(order)) for one in newest.values()], min(max(asked, 1), _SHOWN)
    return {"shown": lines[:shown], "folded": lines[shown:]}


def _informs_only(alert: Alert) -> bool:
    return alert.checkpoint is not None and alert.checkpoint.purpose == Purpose.INFORM


def _line(alert: Alert, zone: ZoneInfo) -> AlertedLine:
    names = [str(one) for one in (alert.agency, alert.recipient) if one]
    badge, tone = _badge(alert)
    if alert.acknowledged_at is not None:
        words = f"Answered {format_instant(alert.acknowledged_at, zone)}"
    elif alert.state in _REACHED:
        words = f"Sent {format_instant(alert.accepted_at or alert.created_at, zone)}"
    else:
        words = f"Written {format_instant(alert.created_at, zone)}"
    return AlertedLine(name=", ".join(names) or "No recipient", badge=badge, tone=tone, words=words)


def _badge(alert: Alert) -> tuple[str, str]:
    if alert.acknowledged_at is not None:
        return "Answered", "proven"
    if alert.state == AlertState.FAILED:
        return "Not reached", "late"
    if _informs_only(alert):
        return "Informed", "waits"
    return ("No answer", "runs") if alert.state in _REACHED else ("On its way", "waits")
