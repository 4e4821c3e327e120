"""What police record beside a follow-up: a transfer to an agency outside, and a second look at a check."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import Agency
from orders.models.fields import public_id
from orders.models.follow_ups import FollowUp
from orders.models.orders import Order
from orders.models.proof import StatementVerification
from orders.querysets import OfOrderQuerySet


class OutsideWay(models.TextChoices):
    """How an agency that is not here was reached."""

    MAIL = "mail", "By mail"
    EMAIL = "email", "By email"
    TELEPHONE = "telephone", "By telephone"
    IN_PERSON = "in_person", "In person"


class OutsideTransfer(models.Model):
    """A follow-up that an agency without accounts here was asked to act on. The owner stays responsible."""

    public_id = public_id()
    follow_up = models.ForeignKey(FollowUp, on_delete=models.PROTECT, related_name="outside_transfers")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="outside_transfers")
    agency_name = models.CharField("agency", max_length=120)
    address = models.CharField(max_length=300, help_text="Where it was sent, or who was called.")
    way = models.CharField(max_length=10, choices=OutsideWay)
    reason = models.CharField(max_length=500)
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["sent_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(agency_name="") & ~Q(address="") & ~Q(reason=""),
                name="outside_transfer_complete",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency_name}, {self.get_way_display().lower()}"


class LookResult(models.TextChoices):
    """What a second look at a check found."""

    HOLDS = "holds", "The check holds"
    REOPENED = "reopened", "Doubtful: the case is open again"


class SecondLook(models.Model):
    """A supervisor looked again at a check that closed a case: it holds, or the case is open again."""

    public_id = public_id()
    # Gone if the check was withdrawn: the look stays.
    verification = models.ForeignKey(
        StatementVerification, null=True, blank=True, on_delete=models.SET_NULL, related_name="second_looks"
    )
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="second_looks")
    # `second_look_latest` serves it.
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", db_index=False)
    checked_at = models.DateTimeField(help_text="When the check was complete.")
    result = models.CharField(max_length=10, choices=LookResult)
    note = models.CharField(max_length=500)
    looked_at = models.DateTimeField()
    looked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["-looked_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(note=""), name="second_look_has_a_note"),
        ]
        indexes = [
            # The looks of an agency, the latest first.
            models.Index(fields=["agency", "-looked_at"], name="second_look_latest"),
        ]

    def __str__(self) -> str:
        return self.get_result_display()
