"""Wording of documents and letterheads, in every version."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import Agency


class DocumentWording(models.Model):
    """One version of the words of one document in one language. The highest version is in force.

    `texts` has the texts that differ from those of the code. Only versions that administrators wrote are
    stored.
    """

    document = models.CharField(max_length=20)
    language = models.CharField(max_length=2)
    version = models.PositiveSmallIntegerField()
    texts = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["document", "language", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["document", "language", "version"], name="document_wording_version_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document}.{self.language}/{self.version}"


class Letterhead(models.Model):
    """One version of what is below an agency's name on its documents. The highest version is in force."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="letterheads", db_index=False)
    version = models.PositiveSmallIntegerField()
    lines = models.TextField(max_length=300, blank=True, help_text="Address and telephone, in three lines.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["agency", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "version"], name="letterhead_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="letterhead_counts_from_one"),
        ]

    def __str__(self) -> str:
        return f"Letterhead {self.version} of {self.agency}"
