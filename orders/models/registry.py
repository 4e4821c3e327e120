"""Imports: jobs requested through the API, their files and rejected rows, and facts set aside for review."""

from __future__ import annotations

import re
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.encrypted_fields import EncryptedBytesField
from accounts.models import Agency
from orders.models.fields import public_id
from orders.models.hearings import Hearing, HearingOutcome
from orders.models.orders import Order, OrderKind
from orders.querysets import OfOrderQuerySet


class ImportState(models.TextChoices):
    """The progress of a job."""

    OPEN = "open", "Open for files"
    WAITING = "waiting", "Waiting for a worker"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


#: States of a job that has not ended.
UNFINISHED = (ImportState.OPEN, ImportState.WAITING, ImportState.RUNNING)


class ExportFile(models.TextChoices):
    """The files of an export."""

    ORDERS = "orders", "Orders"
    FIREARMS = "firearms", "Firearms"
    RECEIPTS = "receipts", "Receipts"


class ImportJob(models.Model):
    """One import: the request and its result. The row is authoritative; a Celery message is only a hint.

    The counts are those of the last run. An interrupted run is repeated from the start and counts as
    unchanged what it had stored before.
    """

    public_id = public_id()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
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
    layout = models.TextField(
        blank=True, default="", db_default="", help_text="The mapping, as TOML. Empty: our own column names."
    )
    preview_asked_at = models.DateTimeField(null=True, blank=True)
    preview = models.JSONField(
        null=True, blank=True, help_text="What a trial found, or its problem; removed when the import ends."
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ImportState.values), name="import_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=UNFINISHED, ended_at=None)
                | ~Q(state__in=UNFINISHED) & Q(ended_at__isnull=False),
                name="import_ended_says_when",
            ),
        ]
        indexes = [
            # The jobs of a user, the newest first.
            models.Index(fields=["by", "-id"], name="import_of_caller"),
            # The sweep looks for unfinished jobs.
            models.Index(fields=["id"], condition=Q(state__in=UNFINISHED), name="import_not_over"),
        ]

    def __str__(self) -> str:
        return f"Import {str(self.public_id)[:8]}"


class ImportMapping(models.Model):
    """How the export of a court's own system is laid out, as the TOML of docs/import.md, under a name."""

    # Without an index of its own: `import_mapping_once` starts with the court.
    court = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=60)
    text = models.TextField()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["court", "name"], name="import_mapping_once")]

    def __str__(self) -> str:
        return self.name


class ImportFile(models.Model):
    """One uploaded file, deleted when the job ends. `is_whole` is true after the last byte."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=10, choices=ExportFile)
    size = models.BigIntegerField(default=0)
    is_whole = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["job", "name"], condition=Q(is_whole=True), name="import_file_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.size} bytes"


class ImportPiece(models.Model):
    """A piece of a file, encrypted, so that no file is held in memory as a whole."""

    file = models.ForeignKey(ImportFile, on_delete=models.CASCADE, related_name="pieces", db_index=False)
    number = models.PositiveIntegerField()
    content = EncryptedBytesField(db_column="encrypted_content", former="open_content")
    open_content = models.BinaryField(default=b"", db_default=b"", db_column="content")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="import_piece_once")]

    def __str__(self) -> str:
        return str(self.number)


class ImportReject(models.Model):
    """A rejected row with its code. `detail` names the cell, never a person."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="rejects", db_index=False)
    file = models.CharField(max_length=20)
    line = models.PositiveIntegerField()
    code = models.CharField(max_length=40)
    detail = models.TextField()

    class Meta:
        indexes = [
            # Rejected rows are listed as written: by file and line.
            models.Index(fields=["job", "id"], name="import_rejects_in_order")
        ]

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.code}"


#: The column of the file with which the detail of a review item begins.
_COLUMN = re.compile(r"^[a-z_]+: ")


#: The code of an ex parte order of an import without a hearing or a last day.
NO_END = "no_end"


class ReviewKind(models.TextChoices):
    """Why a person must decide."""

    DOUBTFUL = "doubtful", "Doubtful fact"
    NEAR_MATCH = "near_match", "Serial number that may match"
    OTHER_RESPONDENT = "other_respondent", "Another respondent of the same docket"


class ReviewResolution(models.TextChoices):
    """What a person decided."""

    CONFIRMED = "confirmed", "Confirmed"
    MATCHED = "matched", "Same firearm"
    ADDED = "added", "Another firearm, added to the list"
    REJECTED = "rejected", "Rejected"


class ReviewItemQuerySet(OfOrderQuerySet["ReviewItem"]):
    """Facts to check."""

    def waiting(self) -> Self:
        """Return those that wait for a person.

        Whether an ex parte order has an end is no question once it has a hearing or a last day, is vacated,
        or is of another kind. It is one again if that is withdrawn.
        """
        heard = Hearing.objects.filter(order=OuterRef("order")).exclude(outcome=HearingOutcome.VACATED)
        ends = (
            Q(order__expires_on__isnull=False)
            | Q(order__vacated_at__isnull=False)
            | ~Q(order__kind=OrderKind.EX_PARTE_RESTRAINING_ORDER)
            | Exists(heard)
        )
        return self.filter(resolved_at=None).exclude(ends, code=NO_END)


class ReviewItem(models.Model):
    """A row of an import that is not counted until a person decides, so that no duty looks met because of it.

    Also two numbers of one person on two dockets that may be one; these have no file. `payload` is the row as
    JSON. It holds serial numbers and receipt numbers, but no name.
    """

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="review_items")
    kind = models.CharField(max_length=20, choices=ReviewKind)
    code = models.CharField(max_length=40)
    file = models.CharField(max_length=20)
    line = models.PositiveIntegerField()
    detail = models.CharField(max_length=500)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resolution = models.CharField(max_length=20, choices=ReviewResolution, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    objects = ReviewItemQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = "fact to check"
        verbose_name_plural = "facts to check"
        constraints = [
            models.CheckConstraint(
                condition=Q(resolved_at=None, resolution="")
                | Q(resolved_at__isnull=False, resolved_by__isnull=False) & ~Q(resolution="") & ~Q(reason=""),
                name="review_item_resolved_by_someone",
            ),
        ]
        indexes = [
            # The clerk's list of open items.
            models.Index(fields=["order"], condition=Q(resolved_at=None), name="review_item_open"),
        ]

    def __str__(self) -> str:
        place = f", {self.file}, line {self.line}" if self.file else ""
        return f"{self.get_kind_display()}{place}"

    @property
    def words(self) -> str:
        """What is doubtful, for a screen: without the column of the file before it."""
        text = _COLUMN.sub("", self.detail)
        return text[:1].upper() + text[1:]

    @property
    def decision_words(self) -> str:
        """What was decided, in words; empty until then. Of two respondents: the same person, or another."""
        if self.kind == ReviewKind.OTHER_RESPONDENT and self.resolution:
            is_same = self.resolution == ReviewResolution.CONFIRMED
            return "The same person" if is_same else "Another person"
        return self.get_resolution_display()
