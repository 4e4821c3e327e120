"""Private links to somebody's calendar."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class CalendarFeed(models.Model):
    """A link by which a calendar program reads what is due for one person, until it is withdrawn.

    Of the link only a digest is kept: who reads the database cannot read the calendar.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="feeds")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(ended_at=None), name="feed_one_a_person"),
        ]

    def __str__(self) -> str:
        return f"Calendar of {self.user_id}"
