"""When somebody last looked at the clock."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """When a pulse last looked at the clock. The newest one is what the health page asks for."""

    name = models.CharField(primary_key=True, max_length=120)
    beats = models.BigIntegerField(default=0)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
