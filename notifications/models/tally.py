"""What is counted seldom and asked for often."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Tally(models.Model):
    """A number as it was last counted, since counting at each request would take longer as rows grow.

    `differs_since` is since when the number is not the one that it must equal, where there is such a one.
    """

    name = models.CharField(primary_key=True, max_length=40)
    value = models.BigIntegerField()
    counted_at = models.DateTimeField(db_default=Now())
    differs_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"
