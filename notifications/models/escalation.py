"""Pending acknowledgments, and the steps of escalation."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Agency
from orders.models import Checkpoint, Order


class EscalationTarget(models.TextChoices):
    """Who is notified when no one acknowledged before."""

    BACKUP = "backup", "The agency's backups"
    SUPERVISOR = "supervisor", "The agency's supervisors"
    STATE_POLICE = "state_police", "State Police"


class EscalationStep(models.Model):
    """One step of an agency's ladder. Steps without an agency are for every agency without its own steps.

    `after` counts from the step before; for the first step, from the alert.
    """

    # The index of `escalation_step_once` serves it.
    agency = models.ForeignKey(
        Agency,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="escalation_steps",
        db_index=False,
    )
    place = models.PositiveSmallIntegerField(help_text="Steps are taken in this order, from 1.")
    to = models.CharField(max_length=20, choices=EscalationTarget)
    after = models.DurationField(
        help_text="How long to wait for an acknowledgment first: hours, minutes, seconds."
    )

    class Meta:
        ordering = ["agency", "place"]
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "place"],
                nulls_distinct=False,
                name="escalation_step_once",
                violation_error_message="The agency already has a step in this place.",
            ),
            models.CheckConstraint(condition=Q(place__gte=1), name="escalation_step_from_one"),
            models.CheckConstraint(condition=Q(to__in=EscalationTarget.values), name="escalation_step_known"),
        ]

    def __str__(self) -> str:
        return f"{self.place}. {self.get_to_display()}"


class PendingAcknowledgment(models.Model):
    """An agency must acknowledge an alert that time ran out: since when, how far it escalated, and who
    acknowledged it.

    `next_step_at` is when the next step is taken; empty after the acknowledgment or the last step. The time
    from `asked_at` to `answered_at` is the agency's response time.
    """

    # The index of `pending_acknowledgment_once` serves it.
    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.PROTECT, related_name="pending_acknowledgments", db_index=False
    )
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="pending_acknowledgments")
    # The index `acknowledgment_of_agency` serves it.
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="pending_acknowledgments", db_index=False
    )
    capacity = models.CharField(max_length=20)
    asked_at = models.DateTimeField(db_default=Now())
    step = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="The number of the last step taken, 0 at first."
    )
    next_step_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "agency"], name="pending_acknowledgment_once"),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None)
                | Q(answered_at__isnull=False, answered_by__isnull=False, next_step_at=None),
                name="acknowledgment_ends_escalation",
            ),
        ]
        indexes = [
            # For escalation: what has a next step. Acknowledged rows are not in it.
            models.Index(
                fields=["next_step_at", "id"],
                condition=Q(next_step_at__isnull=False),
                name="acknowledgment_next_step",
            ),
            # How many are pending, and since when the oldest.
            models.Index(fields=["asked_at"], condition=Q(answered_at=None), name="acknowledgment_pending"),
            # The response times of an agency, and of all.
            models.Index(fields=["agency", "asked_at"], name="acknowledgment_of_agency"),
            models.Index(fields=["asked_at"], name="acknowledgment_asked"),
        ]

    def __str__(self) -> str:
        return f"Acknowledgment pending since {self.asked_at:%Y-%m-%d %H:%M}"
