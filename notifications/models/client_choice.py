"""What an advocate wants to hear of one client, and how."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from orders.models import ConfidentialityRelease


class News(models.TextChoices):
    """What an alert to an advocate or a protected person is news of; `notifications/data/news.toml`."""

    SERVED = "served", "The order was served, or not yet"
    PROOF = "proof", "Proof that the guns are gone, or a sworn paper"
    HEARING = "hearing", "A hearing is set, moved, near or over"
    EXTENSION = "extension", "The time to ask for more time begins or ends"
    ORDER = "order", "The order changes or ends"
    OVERDUE = "overdue", "The guns were not handed in on time"
    RETURN = "return", "The other side asks for the guns back"
    PURCHASE = "purchase", "The other side tried to buy a gun or asked for a permit"


class ClientChoice(models.Model):
    """How one advocate hears of one client. Without a row: of everything, by each way of the preferences.

    It belongs to the release, and only this advocate sees it. A renewed release keeps it.
    """

    release = models.ForeignKey(
        ConfidentialityRelease, on_delete=models.PROTECT, related_name="choices", db_index=False
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    on_page = ArrayField(
        models.CharField(max_length=10, choices=News),
        default=list,
        blank=True,
        help_text="News that waits on the page, without a message.",
    )
    by_email_only = models.BooleanField(
        default=False, help_text="No text message and no other service for news that is optional."
    )
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["release", "user"], name="client_choice_once")]

    def __str__(self) -> str:
        return f"Choice for release {self.release_id}"
