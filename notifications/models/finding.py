"""What an audit found wrong with the system itself."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Finding(models.Model):
    """A violation that an audit found; administrators are notified. It names no case.

    It is open until an audit no longer finds it. If it is found again, that is a new row and a new alert.
    """

    code = models.CharField(max_length=20)
    subject = models.CharField(max_length=80, blank=True, help_text="Which of several: a provider, a table.")
    detail = models.CharField(max_length=300)
    count = models.PositiveIntegerField(default=1, help_text="How many, at the last audit.")
    found_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    resolved_at = models.DateTimeField(null=True, blank=True)
    posted_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the administrators' own system received it."
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "subject"],
                condition=models.Q(resolved_at=None),
                name="finding_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.subject}".strip()
