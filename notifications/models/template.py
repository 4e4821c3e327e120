"""Message templates, in every version."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from notifications.models.recipient import Language


class MessageTemplate(models.Model):
    """One version of the text of one message. The highest version is in force. Older versions are kept,
    because
    alerts refer to them.

    Only versions that administrators wrote are stored; the others come with the code.
    """

    name = models.CharField(max_length=20)
    channel = models.CharField(max_length=10)
    language = models.CharField(max_length=2, choices=Language)
    version = models.PositiveSmallIntegerField()
    subject = models.CharField(max_length=100, blank=True)
    body = models.TextField(max_length=2000)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["name", "channel", "language", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "channel", "language", "version"], name="message_template_version_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}.{self.channel}.{self.language}/{self.version}"
