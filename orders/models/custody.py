"""Where firearms in police custody are: storage places, and each step from one to the next."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import Agency
from orders.models.fields import public_id, utc_offset
from orders.models.firearms import Firearm, Receipt
from orders.models.orders import Order
from orders.querysets import OfOrderQuerySet


class StoragePlace(models.Model):
    """A place where a police agency keeps firearms, such as its property room."""

    public_id = public_id()
    # `storage_place_once` begins with the agency.
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="storage_places", db_index=False
    )
    name = models.CharField(max_length=80)
    capacity = models.PositiveIntegerField(null=True, blank=True, help_text="The most items it takes.")
    is_open = models.BooleanField("in use", default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "name"], name="storage_place_once"),
            models.CheckConstraint(condition=~Q(name=""), name="storage_place_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class CustodyStep(models.Model):
    """One item came to a place, a tag or a person of `agency`; the latest step shows where it is now."""

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="custody_steps")
    firearm = models.ForeignKey(
        Firearm, on_delete=models.PROTECT, related_name="custody_steps", db_index=False
    )
    receipt = models.ForeignKey(
        Receipt,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="custody_steps",
        help_text="The receipt with which custody began; empty for each later step.",
    )
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", help_text="The police that have it from now on."
    )
    place = models.ForeignKey(
        StoragePlace, null=True, blank=True, on_delete=models.PROTECT, related_name="steps"
    )
    shelf = models.CharField(max_length=40, blank=True)
    tag = models.CharField(max_length=40, blank=True)
    keeps_tag = models.BooleanField(
        default=False, db_default=False, help_text="The tag is that of the step before, not a new one."
    )
    given_by = models.CharField(
        max_length=120, blank=True, help_text="The officer who gave it; empty for the first step."
    )
    taken_by = models.CharField(max_length=120, help_text="The officer who took it.")
    moved_at = models.DateTimeField()
    moved_offset = utc_offset()
    why = models.CharField("reason", max_length=200, blank=True)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["moved_at", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(taken_by=""), name="custody_step_names_the_officer"),
        ]
        indexes = [
            # The latest step of an item shows where it is.
            models.Index(fields=["firearm", "moved_at", "id"], name="custody_step_of_firearm"),
        ]

    def __str__(self) -> str:
        return f"Custody step {str(self.public_id)[:8]}"
