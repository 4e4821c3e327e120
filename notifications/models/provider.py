"""Providers that carry messages, and their callbacks."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Provider(models.Model):
    """A circuit breaker: how often in a row a provider failed, and until when it gets no message.

    `trouble`: it refuses our account, sender or text, until a person changes something; empty if it does not.
    """

    name = models.CharField(primary_key=True, max_length=20)
    failures = models.PositiveIntegerField(default=0, db_default=0)
    open_until = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="Why it refuses every message."
    )
    trouble_since = models.DateTimeField(null=True, blank=True)
    probed_at = models.DateTimeField(null=True, blank=True, help_text="When a connection was last tried.")

    def __str__(self) -> str:
        return self.name


class Callback(models.Model):
    """The digest of a callback that was accepted. The same one again is a replay."""

    provider = models.CharField(max_length=20)
    digest = models.CharField(max_length=64)
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "digest"], name="callback_once"),
        ]
        indexes = [
            # For the purge.
            models.Index(fields=["received_at"], name="callback_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.digest[:8]}"
