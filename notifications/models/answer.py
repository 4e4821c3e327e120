"""The answers that are waited for, and who is asked next when none comes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Agency
from orders.models import Checkpoint, Order


class StepTo(models.TextChoices):
    """Who is asked when those before did not answer."""

    BACKUP = "backup", "The agency's backups"
    SUPERVISOR = "supervisor", "The agency's supervisors"
    STATE_POLICE = "state_police", "State Police"


class EscalationStep(models.Model):
    """One step of an agency's ladder; those without an agency are for every agency that has none of its own.

    `after` counts from when those of the step before were asked.
    """

    agency = models.ForeignKey(
        Agency, null=True, blank=True, on_delete=models.CASCADE, related_name="escalation_steps"
    )
    place = models.PositiveSmallIntegerField(help_text="Steps are taken in this order, from 1.")
    to = models.CharField(max_length=20, choices=StepTo)
    after = models.DurationField(help_text="How long an answer is waited for first: hours, minutes, seconds.")

    class Meta:
        ordering = ["agency", "place"]
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "place"],
                nulls_distinct=False,
                name="escalation_step_once",
                violation_error_message="The agency has a step in this place already.",
            ),
            models.CheckConstraint(condition=Q(place__gte=1), name="escalation_step_from_one"),
            models.CheckConstraint(condition=Q(to__in=StepTo.values), name="escalation_step_known"),
        ]

    def __str__(self) -> str:
        return f"{self.place}. {self.get_to_display()}"


class AwaitedAnswer(models.Model):
    """An agency was asked to answer: from when, how far up it went, and when somebody answered.

    `next_step_at` is when the next step is taken; none when there is an answer or nobody is left to ask.
    The time from `asked_at` to `answered_at` is the agency's response time.
    """

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="awaited_answers")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="awaited_answers")
    # `awaited_of_agency` leads from an agency to its answers.
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="awaited_answers", db_index=False
    )
    capacity = models.CharField(max_length=20)
    asked_at = models.DateTimeField(db_default=Now())
    step = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="The last step taken; 0: none."
    )
    next_step_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "agency"], name="awaited_answer_once"),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None)
                | Q(answered_at__isnull=False, answered_by__isnull=False, next_step_at=None),
                name="awaited_answer_ends_the_ladder",
            ),
        ]
        indexes = [
            # What goes up a step is claimed from here; nothing that was answered is in it.
            models.Index(
                fields=["next_step_at", "id"],
                condition=Q(next_step_at__isnull=False),
                name="awaited_next_step",
            ),
            # How many wait, and since when the longest.
            models.Index(fields=["asked_at"], condition=Q(answered_at=None), name="awaited_unanswered"),
            # An agency's response times; and those of all.
            models.Index(fields=["agency", "asked_at"], name="awaited_of_agency"),
            models.Index(fields=["asked_at"], name="awaited_asked"),
        ]

    def __str__(self) -> str:
        return f"Answer awaited since {self.asked_at:%Y-%m-%d %H:%M}"
