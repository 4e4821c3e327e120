"""The state of the papers to serve, for the page of the case."""

from __future__ import annotations

from typing import Any

from django import template

from accounts.access import MATRIX
from accounts.models import User
from orders.models import Order
from orders.services.attachments.attaching import kinds_to_see
from orders.services.court_days import zone_of
from orders.services.papers import filed_return, is_returned, marshals_of, servers_of
from orders.services.parties.visibility import roles_over

register = template.Library()


@register.inclusion_tag("orders/cases/papers.html", takes_context=True)
def service_papers(context: dict[str, Any], order: Order) -> dict[str, Any]:
    """Return what the reader may do about the papers; empty for readers who serve nothing."""
    user = context.get("user")
    if not isinstance(user, User):
        return {}
    roles = roles_over(user, [order.pk])[order.pk]
    if not MATRIX.may(roles, "view", "service_papers"):
        return {}
    filed = filed_return(order)
    return {
        "order": order,
        "office": marshals_of(order, user).order_by("id").first(),
        "may_file": servers_of(order, user).exists(),
        "may_open": filed is not None and filed.kind in kinds_to_see(roles),
        "zone": zone_of(order),
        "filed": filed,
        "is_returned": is_returned(order),
    }
