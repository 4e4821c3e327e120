"""The database from which messages may leave."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ConfirmedDatabase(models.Model):
    """The database from which messages may leave, by the identity that PostgreSQL gives it. One row.

    A restored copy has another identity, so nothing is sent from it until a person confirms it.
    """

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    identity = models.CharField(max_length=80)
    confirmed_at = models.DateTimeField()
    # Empty for the first one, which `prepare` makes with the database.
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    def __str__(self) -> str:
        return self.identity
