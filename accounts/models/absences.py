"""Absences of people, and whose open alerts others must take over."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Absence(models.Model):
    """A time in which a person is away and is not alerted. It ends at `ends_at`, or before at `ended_at`."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # `absence_of_person` indexes this column.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="person",
        on_delete=models.PROTECT,
        related_name="absences",
        db_index=False,
    )
    starts_at = models.DateTimeField("away from")
    ends_at = models.DateTimeField("back at")
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField("back earlier, at", null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="absence_ends_after_start"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="absence_ended_by_someone",
            ),
        ]
        indexes = [
            # FIRE asks for each member whether the person is away.
            models.Index(fields=["user", "ends_at"], name="absence_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, away"


class CoverReason(models.TextChoices):
    """Why the alerts of a person go to others."""

    AWAY = "away", "Away, or unable to act when an alert was sent again"
    LOCKED = "locked", "Account locked"
    LEFT = "left", "Account closed, or no longer alerted for an agency"


class Cover(models.Model):
    """From `due_at` on a person cannot act: the next pulse gives the open alerts to others of the agency.

    It looks once more a minute later, for alerts that were just being written, and then deletes the row.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=10, choices=CoverReason)
    due_at = models.DateTimeField(db_default=Now(), db_index=True)
    is_second_look = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.get_reason_display()
