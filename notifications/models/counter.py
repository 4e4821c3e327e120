"""Numbers that are counted rarely and read often."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Counter(models.Model):
    """A number as it was last counted. To count at each request would take longer as tables grow.

    `differs_since`: since when the number differs from the one that it must equal, if there is one.
    """

    name = models.CharField(primary_key=True, max_length=40)
    value = models.BigIntegerField()
    counted_at = models.DateTimeField(db_default=Now())
    differs_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "counters"

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"
