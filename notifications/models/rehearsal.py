"""Rehearsals: everything runs, and messages go only to a list of addresses."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.models import Agency


class Rehearsal(models.Model):
    """A time in which messages go only to a list of addresses: of one agency, or of the whole installation.

    The database marks each alert that is written in that time (`Alert.is_rehearsal`). It ends at `ends_at`
    by itself, or when an administrator ends it. Rows are never changed otherwise and never deleted.
    """

    # There are few rows, and each is read with all the others.
    agency = models.ForeignKey(
        Agency,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="Alerts to it and, for a court, about its orders. Empty: the whole installation.",
    )
    addresses = ArrayField(
        models.CharField(max_length=254),
        help_text="The first one also gets what is for anyone else.",
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=500)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    end_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="rehearsal_has_an_end"),
            models.CheckConstraint(
                condition=~Q(reason="") & Q(addresses__len__gt=0), name="rehearsal_has_reason_and_address"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None, end_reason="")
                | Q(ended_at__isnull=False, ended_by__isnull=False) & ~Q(end_reason=""),
                name="rehearsal_ended_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return f"Rehearsal of {self.agency or 'the whole installation'}"
