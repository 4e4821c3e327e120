"""Rows that cannot be processed, left out so that they stop no other row."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class ParkedRow(models.Model):
    """A row at which a statement over many rows failed. It is left out until `retry_at`, then tried again.

    `kind`: what was being done. `row`: the key of the row. `reason`: the error's code and constraint, never
    its text, which may contain personal data.
    """

    kind = models.CharField(max_length=40)
    row = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    tries = models.PositiveIntegerField(default=1, db_default=1)
    parked_at = models.DateTimeField(db_default=Now())
    retry_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "row"], name="parked_row_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.row}"
