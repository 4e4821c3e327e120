"""Conditions of an order, and the documents and notices that the law requires."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.encrypted_fields import EncryptedTextField, HoldsEncrypted
from orders.models.fields import offset_beside, public_id, utc_offset
from orders.models.orders import Order
from orders.querysets import OfOrderQuerySet


class ConditionQuerySet(OfOrderQuerySet["OrderCondition"]):
    """Conditions of orders."""

    def in_force(self, order: Order) -> ConditionQuerySet:
        """Return the conditions of an order that no one satisfied and no modification ended."""
        return self.filter(order=order, satisfied_on=None, ended_by=None)


class OrderCondition(HoldsEncrypted):
    """What a judge ordered: by a day or time, such as a home check, or for as long as the order lasts.

    `condition` is the rulebook's id. A condition with several days has one row for each. One without a day
    starts no deadline. `details` are the judge's own words, for the court; they may name the protected
    person. Officers read `for_police` instead.
    """

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="conditions")
    condition = models.CharField(max_length=20, help_text="The rulebook's id, such as CT-HOM-01.")
    due_on = models.DateField(
        null=True, blank=True, help_text="The day stated in the order, in court time. Empty: while it lasts."
    )
    due_at = models.DateTimeField(null=True, blank=True, help_text="The instant, if the order states one.")
    due_offset = utc_offset(null=True, blank=True)
    satisfied_on = models.DateField(null=True, blank=True, help_text="The day on which it was satisfied.")
    satisfied_at = models.DateTimeField(null=True, blank=True)
    satisfied_offset = utc_offset(null=True, blank=True)
    set_by = models.ForeignKey(
        "orders.Modification", null=True, blank=True, on_delete=models.PROTECT, related_name="conditions"
    )
    ended_by = models.ForeignKey(
        "orders.Modification",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="ended",
    )
    details = EncryptedTextField(max_length=1_000, db_column="encrypted_details")
    for_police = models.CharField(max_length=300, blank=True, default="", db_default="")

    objects = ConditionQuerySet.as_manager()

    class Meta:
        # What lasts as long as the order comes last.
        ordering = ["due_on", "id"]
        constraints = [
            offset_beside("due_at", "due_offset", name="condition_due_has_its_offset"),
            models.CheckConstraint(
                condition=Q(satisfied_at__isnull=True, satisfied_offset__isnull=True)
                | Q(satisfied_on__isnull=False, satisfied_at__isnull=False, satisfied_offset__isnull=False),
                name="condition_satisfied_has_its_offset",
            ),
            models.CheckConstraint(
                condition=Q(due_on__isnull=False) | Q(due_at=None, satisfied_on=None),
                name="condition_without_a_day_has_no_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.condition}, {self.due_on}" if self.due_on else self.condition


class NoticeSent(models.Model):
    """A required document or notice that was sent or given to its recipient.

    `entry` is the rulebook's id of the requirement, such as CT-SVC-04.
    """

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="notices_sent")
    entry = models.CharField(max_length=20)
    sent_on = models.DateField(help_text="The day, in court time.")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="The instant, if known.")
    sent_offset = utc_offset(null=True, blank=True)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["sent_on", "id"]
        constraints = [
            offset_beside("sent_at", "sent_offset", name="notice_sent_has_its_offset"),
        ]

    def __str__(self) -> str:
        return self.entry
