"""Imports that systems ask for: the job, the files that were sent, the rows that were rejected."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from orders.models.fields import public_id


class ImportState(models.TextChoices):
    """How far a job is."""

    OPEN = "open", "Takes files"
    WAITING = "waiting", "Waits for a worker"
    RUNNING = "running", "Is imported"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class ExportFile(models.TextChoices):
    """The files of an export."""

    ORDERS = "orders", "Orders"
    FIREARMS = "firearms", "Firearms"
    RECEIPTS = "receipts", "Receipts"


class ImportJob(models.Model):
    """One import: what was asked for and what came of it. The row is the truth; a message only hints at it.

    The counts are those of the last run: a run that was cut off is repeated from the start, and finds
    unchanged what it had stored before.
    """

    public_id = public_id()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.OPEN)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    runs = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    read = models.PositiveIntegerField(default=0)
    imported = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.JSONField(default=dict)
    failure = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ImportState.values), name="import_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=["done", "failed"], ended_at__isnull=False)
                | ~Q(state__in=["done", "failed"]) & Q(ended_at=None),
                name="import_ended_says_when",
            ),
        ]
        indexes = [
            # Somebody's jobs, the newest first.
            models.Index(fields=["by", "-id"], name="import_of_caller"),
            # The sweep looks for what is not over.
            models.Index(
                fields=["id"], condition=Q(state__in=["open", "waiting", "running"]), name="import_not_over"
            ),
        ]

    def __str__(self) -> str:
        return f"Import {str(self.public_id)[:8]}"


class ImportFile(models.Model):
    """One file as it was sent; gone when the job is over. Whole once all of it has come."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=10, choices=ExportFile)
    size = models.BigIntegerField(default=0)
    is_whole = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["job", "name"], condition=Q(is_whole=True), name="import_file_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.size} bytes"


class ImportPiece(models.Model):
    """A piece of a file, so that none is held whole in memory."""

    file = models.ForeignKey(ImportFile, on_delete=models.CASCADE, related_name="pieces", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="import_piece_once")]

    def __str__(self) -> str:
        return str(self.number)


class ImportReject(models.Model):
    """A row that was not imported, with the one code for why. `detail` names the cell, and no person."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="rejects", db_index=False)
    file = models.CharField(max_length=20)
    line = models.PositiveIntegerField()
    code = models.CharField(max_length=40)
    detail = models.TextField()

    class Meta:
        indexes = [
            # In the order of files and lines, as they are written.
            models.Index(fields=["job", "id"], name="import_rejects_in_order")
        ]

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.code}"
