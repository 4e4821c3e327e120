"""Modifications of an order by the court."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from orders.models.fields import offset_beside, public_id, utc_offset
from orders.querysets import OfOrderQuerySet


class Modification(models.Model):
    """One decision of the court that changed an order, with what was before it: so that it can be withdrawn.

    Conditions name the modification that set or ended them.
    """

    public_id = public_id()
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="modifications")
    modified_on = models.DateField(help_text="The day of the decision, in court time.")
    modified_at = models.DateTimeField(null=True, blank=True, help_text="The instant, if known.")
    modified_offset = utc_offset(null=True, blank=True)
    former_last_day = models.DateField(null=True, blank=True, help_text="Empty if it was not printed.")
    expires_on = models.DateField(null=True, blank=True, help_text="The new last day. Empty: not changed.")
    #: A protected person that it added.
    added_person = models.ForeignKey(
        "orders.ProtectedPerson", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            offset_beside("modified_at", "modified_offset", name="modification_has_its_offset"),
            models.CheckConstraint(
                condition=Q(former_last_day=None)
                | Q(expires_on=None)
                | Q(expires_on__lt=F("former_last_day")),
                name="modification_shortens",
            ),
        ]

    def __str__(self) -> str:
        return f"Modification of {self.modified_on}"
