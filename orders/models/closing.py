"""Days on which courts are closed that no rule can compute."""

from __future__ import annotations

from django.db import models


class CourtClosing(models.Model):
    """A proclaimed day or a special closing. Changing one re-plans nothing by itself; the sweep does."""

    jurisdiction = models.CharField(max_length=5, default="us_ct")
    closed_on = models.DateField()
    name = models.CharField(max_length=80, help_text="Such as Good Friday, or snow.")

    class Meta:
        ordering = ["closed_on"]
        constraints = [
            models.UniqueConstraint(fields=["jurisdiction", "closed_on"], name="court_closing_once")
        ]

    def __str__(self) -> str:
        return f"{self.closed_on}: {self.name}"
