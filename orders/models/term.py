"""Terms that a judge set in an order, each with a day of its own."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from orders.models.fields import offset_beside, public_id, utc_offset
from orders.models.order import Order
from orders.querysets import OfOrderQuerySet


class OrderTerm(models.Model):
    """Something the order asks for by a day or a time: retrieval by police, a home check, proof, …

    `term` is the rulebook's id of what was ordered. A term with several days has a row for each.
    """

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="terms")
    term = models.CharField(max_length=20, help_text="The rulebook's id, such as CT-HOM-01.")
    due_on = models.DateField(help_text="The day the order names, in court time.")
    due_at = models.DateTimeField(null=True, blank=True, help_text="The instant, where the order names one.")
    due_offset = utc_offset(null=True, blank=True)
    kept_on = models.DateField(null=True, blank=True, help_text="The day on which it was kept.")
    kept_at = models.DateTimeField(null=True, blank=True)
    kept_offset = utc_offset(null=True, blank=True)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            offset_beside("due_at", "due_offset", name="term_due_has_its_offset"),
            models.CheckConstraint(
                condition=Q(kept_at__isnull=True, kept_offset__isnull=True)
                | Q(kept_on__isnull=False, kept_at__isnull=False, kept_offset__isnull=False),
                name="term_kept_has_its_offset",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.term}, {self.due_on}"
