"""The links beside an item of an order's page that correct or withdraw it."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("admin/orders/order/item_acts.html")
def item_acts(page: Any, row: Any) -> dict[str, Any]:
    """Return what the links beside the item show."""
    return {"links": page.item_links(row)}
