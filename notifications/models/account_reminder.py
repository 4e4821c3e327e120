"""Reminders that a temporary account ends soon."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class AccountReminder(models.Model):
    """A reminder that was mailed: `days` before `ends_at` at the earliest, once to each recipient.

    A temporary account with another end gets new ones.
    """

    # `account_reminder_once` indexes this column.
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ends_at = models.DateTimeField()
    days = models.PositiveSmallIntegerField()
    sent_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "ends_at", "days", "recipient"], name="account_reminder_once"
            )
        ]

    def __str__(self) -> str:
        return f"Reminder {self.days} days before"
