"""What happens to an order besides its service: attempts, hearings, and dated happenings of other kinds."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from orders.models.fields import offset_beside, public_id, utc_offset
from orders.models.order import Order, ServiceMethod
from orders.querysets import OfOrderQuerySet


class ServiceAttempt(models.Model):
    """An attempt at service that failed. Service that took place stands on the order itself."""

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="service_attempts")
    attempted_at = models.DateTimeField()
    attempted_offset = utc_offset()
    method = models.CharField(max_length=20, choices=ServiceMethod)
    officer = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=200, help_text="Why it failed.")

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["attempted_at", "id"]

    def __str__(self) -> str:
        return f"Failed attempt, {self.get_method_display()}"


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
    VACATED = "vacated", "Vacated"


class Hearing(models.Model):
    """A hearing: set for a day, then held or not held, with an outcome.

    A hearing that was continued keeps its row; the new day is a row of its own.
    """

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="hearings")
    purpose = models.CharField(max_length=20, choices=HearingPurpose)
    scheduled_on = models.DateField(help_text="The court day it is set for.")
    scheduled_time = models.TimeField(null=True, blank=True, help_text="Court time, where it is known.")
    held_on = models.DateField(null=True, blank=True)
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

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}, {self.scheduled_on}"


class Happening(models.Model):
    """A dated happening that rules look at and that has no table of its own, such as a motion to extend."""

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="happenings")
    kind = models.CharField(max_length=40)
    happened_on = models.DateField(help_text="The day, in court time.")
    happened_at = models.DateTimeField(null=True, blank=True, help_text="The instant, where it is known.")
    happened_offset = utc_offset(null=True, blank=True)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["happened_on", "id"]
        constraints = [
            offset_beside("happened_at", "happened_offset", name="happening_has_its_offset"),
        ]

    def __str__(self) -> str:
        return self.kind.replace("_", " ")


class Sending(models.Model):
    """A document or notice that the law requires was sent or given to whom it must go.

    `entry` is the rulebook's id of what is required, such as CT-SVC-04.
    """

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="sendings")
    entry = models.CharField(max_length=20)
    sent_on = models.DateField(help_text="The day, in court time.")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="The instant, where it is known.")
    sent_offset = utc_offset(null=True, blank=True)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["sent_on", "id"]
        constraints = [
            offset_beside("sent_at", "sent_offset", name="sending_has_its_offset"),
        ]

    def __str__(self) -> str:
        return self.entry
