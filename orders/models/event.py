"""What was done to an order, by whom, when and why: append-only."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from orders.models.order import Order
from orders.querysets import OfOrderQuerySet


class Event(models.Model):
    """One act. The database refuses to change or delete a row.

    `occurred_at` is when it happened in the world, `recorded_at` when this system learned of it by the
    database's clock. `data` holds what changed, old and new, and which deadlines that moved.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=40)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)
    data = models.JSONField(default=dict)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            # An order's history is read whole and in order.
            models.Index(fields=["order", "id"], name="event_of_order"),
        ]

    def __str__(self) -> str:
        return self.kind
