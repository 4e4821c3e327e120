"""When periodic work last ran."""

from __future__ import annotations

from django.db import models


class PeriodicRun(models.Model):
    """The last run of one periodic task, by the database's clock."""

    name = models.CharField(primary_key=True, max_length=60)
    ran_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
