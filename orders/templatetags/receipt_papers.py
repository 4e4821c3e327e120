"""The place of a receipt and its signed paper, for pages of an order."""

from __future__ import annotations

from typing import Any

from django import template

from orders.models import Receipt
from orders.services.firearms.papers import papers_of, place_words, wants_paper

register = template.Library()


@register.inclusion_tag("orders/receipt_paper.html")
def receipt_paper(receipt: Receipt, order_id: object) -> dict[str, Any]:
    """Return what is shown. The receipt comes with its town, attachments and signatures."""
    return {
        "place": place_words(receipt),
        "papers": papers_of(receipt),
        "wants_paper": wants_paper(receipt),
        "public_id": receipt.public_id,
        "order_id": order_id,
    }
