"""What an audit found wrong with the system itself."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Finding(models.Model):
    """Something that must not be, found by an audit and told to the administrators. It names no case.

    Open until an audit no longer finds it; found again it is a new row, and told again.
    """

    code = models.CharField(max_length=20)
    subject = models.CharField(max_length=80, blank=True, help_text="Which of several: a provider, a table.")
    detail = models.CharField(max_length=300)
    count = models.PositiveIntegerField(default=1, help_text="How many, when it was last looked at.")
    found_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    resolved_at = models.DateTimeField(null=True, blank=True)

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
