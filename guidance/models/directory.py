"""Entries of the help directory as administrators edited them, in every version."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class HelpKind(models.TextChoices):
    """What a person finds there."""

    HOTLINE = "hotline", "Hotline"
    STATES = "states", "Orders of another state"
    ADVOCATES = "advocates", "Advocates and shelter"
    COURT = "court", "Help at court"
    COURTHOUSE = "courthouse", "Courthouse"
    LEGAL_AID = "legal_aid", "Legal aid"
    LAWYERS = "lawyers", "Lawyer referral"
    POLICE = "police", "Police, not urgent"


class HelpEntry(models.Model):
    """One version of an entry of the help directory. The highest version of a key is shown.

    Only versions that administrators wrote are stored; the others come with the product
    (`guidance/data/directory.toml`). Older versions are kept.
    """

    key = models.SlugField(max_length=60, db_index=False)
    version = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, choices=HelpKind)
    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=40, blank=True)
    phone_es = models.CharField(max_length=40, blank=True)
    tty = models.CharField(max_length=40, blank=True)
    address = models.CharField(max_length=200, blank=True)
    en = models.CharField(max_length=200)
    es = models.CharField(max_length=200)
    source = models.CharField(max_length=200)
    checked = models.DateField(null=True, blank=True)
    towns = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    is_removed = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["key", "-version"]
        verbose_name = "help entry"
        verbose_name_plural = "help directory"
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="help_entry_version_once"),
            models.CheckConstraint(condition=Q(kind__in=HelpKind.values), name="help_entry_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"
