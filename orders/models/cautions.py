"""What officers must know before they go to the respondent."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from orders.models.fields import public_id
from orders.models.orders import Order
from orders.querysets import OfOrderQuerySet


class Caution(models.Model):
    """A danger for officers: a threat, a dog, a weapon in the house. It meets no duty.

    It is recorded under one order and shown with all orders of the case.
    """

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="cautions")
    known_on = models.DateField(help_text="The day from which it is known.")
    words = models.CharField(max_length=200, help_text="What officers must know.")

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["known_on", "id"]
        constraints = [models.CheckConstraint(condition=~Q(words=""), name="caution_has_words")]

    def __str__(self) -> str:
        return f"Caution {str(self.public_id)[:8]}"
