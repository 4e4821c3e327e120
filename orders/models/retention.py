"""How long cases are kept: legal holds, and the dispositions that delete old cases."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import Agency
from orders.models.fields import public_id
from orders.models.parties import Case


class LegalHold(models.Model):
    """A case that must be kept, whatever its age, until someone lifts the hold. A case may have several."""

    public_id = public_id()
    # `legal_hold_in_force` serves the case.
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="legal_holds", db_index=False)
    reason = models.CharField(max_length=500)
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    lift_reason = models.CharField("why it was lifted", max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None, lift_reason="")
                | Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lift_reason=""),
                name="legal_hold_lifted_with_a_reason",
            )
        ]
        # Each disposition asks it of every case.
        indexes = [models.Index(fields=["case"], condition=Q(lifted_at=None), name="legal_hold_in_force")]

    def __str__(self) -> str:
        return f"Legal hold {str(self.public_id)[:8]}"


class Disposition(models.Model):
    """A list of cases whose retention period is over. They are deleted after an administrator approved it.

    The database sets `approved_at` itself, so that no one can shorten the wait that follows.
    """

    public_id = public_id()
    retention_class = models.CharField(max_length=40)
    period = models.CharField(max_length=60)
    source = models.CharField(max_length=300, help_text="Where the period comes from.")
    ended_before = models.DateField(help_text="All orders of its cases ended before this day.")
    listed_at = models.DateTimeField()
    listed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was carried out, or canceled before."
    )
    closing_reason = models.CharField("why it was canceled", max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_at=None, approved_by=None)
                | Q(approved_at__isnull=False, approved_by__isnull=False),
                name="disposition_approved_by_someone",
            )
        ]
        # The hourly run asks for what is approved and open.
        indexes = [models.Index(fields=["id"], condition=Q(closed_at=None), name="disposition_open")]

    def __str__(self) -> str:
        return f"Disposition {self.pk}"


class DispositionOutcome(models.TextChoices):
    """What became of a case on the list."""

    LISTED = "listed", "Listed"
    DELETED = "deleted", "Deleted"
    KEPT = "kept", "Kept"


class DispositionCase(models.Model):
    """A case on the list; after the deletion the record of it, without personal data."""

    disposition = models.ForeignKey(
        Disposition, on_delete=models.PROTECT, related_name="cases", db_index=False
    )
    case = models.ForeignKey(
        Case,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty after the deletion.",
    )
    case_public_id = models.UUIDField(help_text="The access log names the case by it.")
    court = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", db_index=False)
    orders = models.PositiveIntegerField()
    ended_on = models.DateField(help_text="The last day of its last order.")
    outcome = models.CharField(max_length=10, choices=DispositionOutcome, default=DispositionOutcome.LISTED)
    kept_because = models.CharField(max_length=40, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            # A case waits on one list at most. The rule of the history looks up the case here.
            models.UniqueConstraint(
                fields=["case"], condition=Q(outcome="listed"), name="disposition_case_once"
            ),
            models.CheckConstraint(
                condition=Q(outcome="kept") | Q(outcome="deleted", case=None) | Q(case__isnull=False),
                name="disposition_case_gone_if_deleted",
            ),
        ]
        indexes = [
            # The next batch of a list, and its page.
            models.Index(fields=["disposition", "outcome", "id"], name="disposition_next"),
        ]

    def __str__(self) -> str:
        return f"Case {str(self.case_public_id)[:8]}"
