"""What a supervisor was mailed each week."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class WeeklyReport(models.Model):
    """The figures of one week for one supervisor, as they were mailed: a retry has the same text.

    `open_week`, `open_month` and `open_longer` are the open follow-ups of the supervisor's agencies that were
    opened up to a week, up to a month and longer ago.
    """

    # `weekly_report_once` indexes this column.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    week = models.DateField(help_text="Its Monday.")
    open_week = models.PositiveIntegerField()
    open_month = models.PositiveIntegerField()
    open_longer = models.PositiveIntegerField()
    unanswered = models.PositiveIntegerField()
    absent = models.PositiveIntegerField(help_text="Colleagues who have not signed in for 30 days.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-week", "id"]
        constraints = [models.UniqueConstraint(fields=["user", "week"], name="weekly_report_once")]

    def __str__(self) -> str:
        return f"Weekly report of {self.week}"
