"""Those who carry messages for us, and what they call back with."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Provider(models.Model):
    """How often a provider failed on end, and until when nothing is given to it: a circuit breaker."""

    name = models.CharField(primary_key=True, max_length=20)
    failures = models.PositiveIntegerField(default=0, db_default=0)
    open_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Callback(models.Model):
    """A callback that was taken, by its digest: the same one again is a replay."""

    provider = models.CharField(max_length=20)
    digest = models.CharField(max_length=64)
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "digest"], name="callback_once"),
        ]
        indexes = [
            # The purge takes the oldest.
            models.Index(fields=["received_at"], name="callback_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.digest[:8]}"
