"""Digests of the access log that left this machine."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class AuditDigest(models.Model):
    """The digest of the newest link of the audit chain, as it was sent to one destination.

    `destination` is empty for the digest that is kept here only.
    """

    destination = models.CharField(max_length=200, blank=True)
    link = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    noted_at = models.DateTimeField()
    database = models.CharField(max_length=80)
    sent_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        # The newest of each destination.
        indexes = [models.Index(fields=["destination", "-id"], name="audit_digest_newest")]

    def __str__(self) -> str:
        return f"Link {self.link}"
