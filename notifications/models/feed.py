"""Private links to a person's calendar."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

#: How long a link works.
LIFE = timedelta(days=180)


class CalendarFeed(models.Model):
    """A link by which a calendar program reads what is due for one person.

    It works until it is withdrawn, until it expires, or until all sessions of the person are ended. Only a
    digest of the link is stored, so that the database alone does not open the calendar.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="feeds")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_default=Now() + LIFE)
    read_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    shows_aliases = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Entries begin with the word that the advocate gave the client, where there is one.",
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(ended_at=None), name="feed_one_a_person"),
        ]

    def __str__(self) -> str:
        return f"Calendar of {self.user_id}"
