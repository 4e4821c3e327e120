"""Hearings."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from orders.models.fields import public_id
from orders.models.orders import Order
from orders.querysets import OfOrderQuerySet


class HearingPurpose(models.TextChoices):
    """What a hearing is for."""

    APPLICATION = "application", "On the application"
    COMPLIANCE = "compliance", "Compliance"
    EXTENSION = "extension", "On a motion to extend"
    CONTEMPT = "contempt", "Contempt"


class HearingOutcome(models.TextChoices):
    """How a hearing ended."""

    COMPLIANT = "compliant", "Compliant"
    PARTIAL = "partial", "Partly compliant"
    NON_COMPLIANT = "non_compliant", "Not compliant"
    CONTEMPT = "contempt", "Contempt found"
    WARRANT = "warrant", "Warrant issued"
    GRANTED = "granted", "Granted"
    DENIED = "denied", "Denied"
    CONTINUED = "continued", "Continued to another day"
    VACATED = "vacated", "Hearing canceled"


class Hearing(models.Model):
    """A hearing: set for a day, then held or not held, with an outcome.

    A continued hearing keeps its row; the new day has a row of its own.
    """

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="hearings", db_index=False)
    purpose = models.CharField(max_length=20, choices=HearingPurpose)
    scheduled_on = models.DateField(help_text="The court day it is set for.")
    scheduled_time = models.TimeField(null=True, blank=True, help_text="Court time, if known.")
    judge = models.CharField(
        max_length=120, blank=True, default="", db_default="", help_text="Who hears it, if known."
    )
    held_on = models.DateField(
        null=True, blank=True, help_text="Of a canceled hearing: the day on which the court canceled it."
    )
    outcome = models.CharField(max_length=20, choices=HearingOutcome, blank=True)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["scheduled_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "purpose", "scheduled_on"], name="hearing_once_per_day_and_purpose"
            ),
            models.CheckConstraint(
                condition=Q(held_on=None) & Q(outcome__in=["", "continued", "vacated"])
                | Q(held_on__isnull=False) & ~Q(outcome__in=["", "continued"]),
                name="hearing_held_has_an_outcome",
            ),
        ]
        indexes = [
            # A court's lists and calendar: hearings that wait, the earliest first. Few of all wait.
            models.Index(fields=["scheduled_on", "id"], condition=Q(outcome=""), name="hearing_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}, {self.scheduled_on}"


class Continuance(models.Model):
    """The court moved a hearing to another day. A hearing can be moved away from a day and back to it."""

    hearing = models.ForeignKey(Hearing, on_delete=models.PROTECT, related_name="continuances")
    following = models.ForeignKey(Hearing, on_delete=models.PROTECT, related_name="set_by")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.hearing} to {self.following.scheduled_on}"
