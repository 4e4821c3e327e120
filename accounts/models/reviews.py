"""Weekly reviews of the access log."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class AuditReview(models.Model):
    """An auditor looked at one week of the access log and signed off. Never changed or deleted.

    `figures` are those that the auditor saw.
    """

    week = models.DateField(unique=True, help_text="Its Monday.")
    figures = models.JSONField()
    notes = models.TextField()
    is_followed_up = models.BooleanField(
        default=False, db_default=False, help_text="Something was unusual and needs a follow-up."
    )
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-week"]
        verbose_name = "weekly review"

    def __str__(self) -> str:
        return f"Review of the week of {self.week}"
