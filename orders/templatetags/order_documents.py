"""The documents and files of an order, for the small section on pages of an order."""

from __future__ import annotations

from typing import Any

from django import template

from accounts.models import User
from orders.models import Attachment, Order
from orders.services.attachments.attaching import kinds_to_add, kinds_to_see
from orders.services.parties.visibility import roles_over
from orders.views.document_links import document_links

register = template.Library()


@register.simple_tag(takes_context=True)
def order_documents(context: dict[str, Any], order: Order) -> dict[str, Any]:
    """Return the links of the documents that the reader may have, and the number of files.

    Empty for a reader who may have neither. The view of the page has checked that the order is visible.
    """
    user = context.get("user")
    if not isinstance(user, User) or order.withdrawn_at is not None:
        return {}
    roles = roles_over(user, [order.pk])[order.pk]
    seen = kinds_to_see(roles)
    return {
        "links": document_links(order, roles),
        "has_files": bool(seen),
        "may_add": bool(kinds_to_add(roles)),
        "files": Attachment.objects.filter(order=order, kind__in=seen, withdrawn_at=None).count(),
    }
