"""When each process last ran a pulse."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """The last pulse of one process. The health page reports the age of the newest."""

    name = models.CharField(primary_key=True, max_length=120)
    pulses = models.BigIntegerField(default=0)
    last_pulse_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
