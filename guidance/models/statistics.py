"""Released figures. Only what is shown is stored, so that no hidden count can leak from here."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class StatisticsRelease(models.Model):
    """One version of the figures of one quarter, as it is shown. The highest version replaces the others.

    `figures` has numbers, and in place of a hidden one the mark `few` or `held`.
    """

    year = models.PositiveSmallIntegerField()
    quarter = models.PositiveSmallIntegerField()
    version = models.PositiveSmallIntegerField()
    figures = models.JSONField()
    reason = models.CharField(max_length=200, help_text="What changed since the version before.")
    released_at = models.DateTimeField()
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-year", "-quarter", "-version"]
        verbose_name = "release of figures"
        verbose_name_plural = "releases of figures"
        constraints = [
            models.UniqueConstraint(fields=["year", "quarter", "version"], name="statistics_version_once"),
            models.CheckConstraint(
                condition=models.Q(quarter__gte=1, quarter__lte=4), name="statistics_quarter_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}, quarter {self.quarter}, version {self.version}"
