"""Cards with which a protected person shows elsewhere that an order is there."""

from __future__ import annotations

from django.db import models

from orders.models.fields import public_id
from orders.models.orders import Order
from orders.querysets import OfOrderQuerySet


class OrderCard(models.Model):
    """A card that the court issued on request, after the idea of the Hope Card.

    It holds nothing that helps to find the person: no name, address or photograph. Police look up `number`,
    which is random, so that the card names no one else's order. A withdrawn card has no row and verifies no
    more.
    """

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="cards")
    number = models.CharField(max_length=12, unique=True, editable=False)
    telephone = models.CharField(max_length=20, help_text="The telephone of the clerk's office, as printed.")
    issued_at = models.DateTimeField()

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Card {str(self.public_id)[:8]}"
