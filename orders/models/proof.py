"""What accounts for firearms besides receipts: a check of a sworn statement, and a finding of the court."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import Agency
from orders.models.fields import public_id, utc_offset
from orders.models.firearms import Firearm, Statement
from orders.models.hearings import Hearing
from orders.models.orders import Order
from orders.querysets import OfOrderQuerySet


class VerificationMethod(models.TextChoices):
    """How someone checked that a sworn statement is true."""

    RECORDS = "records", "Permit, registration and sales records searched"
    HOME = "home", "Home searched, with consent or a warrant"
    HOUSEHOLD = "household", "Members of the household interviewed"
    COURT_RECORD = "court_record", "Testimony or evidence on the court's record"
    OTHER = "other", "Another way, described in the note"


class StatementVerification(models.Model):
    """A check that confirmed a sworn statement of no firearms.

    It accounts for what was open when it was recorded: the `firearms`, and `unlisted` firearms that the
    application alleges and the list does not have. What is listed later is open again.
    """

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="statement_verifications")
    # Without an index of its own: `statement_verified_once` starts with the statement.
    statement = models.ForeignKey(
        Statement, on_delete=models.PROTECT, related_name="verifications", db_index=False
    )
    verified_at = models.DateTimeField(help_text="When the check was complete.")
    verified_offset = utc_offset()
    agency = models.ForeignKey(
        Agency,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The court or police agency that checked.",
    )
    verified_by = models.CharField("checked by", max_length=120, help_text="The person who checked.")
    method = models.CharField(max_length=20, choices=VerificationMethod)
    note = models.CharField(max_length=500, blank=True)
    firearms = models.ManyToManyField(Firearm, related_name="verifications", blank=True)
    unlisted = models.PositiveSmallIntegerField(default=0)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["verified_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["statement", "verified_at"], name="statement_verified_once"),
            models.CheckConstraint(condition=~Q(verified_by=""), name="verification_names_who_checked"),
            models.CheckConstraint(
                condition=~Q(method=VerificationMethod.OTHER, note=""), name="verification_other_has_a_note"
            ),
        ]

    def __str__(self) -> str:
        return f"Verification {self.pk}"


class CourtFinding(models.TextChoices):
    """What the court found about a firearm that nothing else accounts for."""

    ELSEWHERE = "surrendered_elsewhere", "Surrendered elsewhere"
    NEVER_POSSESSED = "never_possessed", "Does not exist, or was never possessed"
    DESTROYED = "destroyed", "Destroyed"
    LOST = "lost_or_stolen", "Lost or stolen"
    STILL_HELD = "still_held", "Still held by the respondent"


class FirearmFinding(models.Model):
    """What the court found at a hearing about one listed firearm.

    Without a firearm it is about `count` firearms that the application alleges and the list does not have.
    """

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="firearm_findings")
    hearing = models.ForeignKey(Hearing, on_delete=models.PROTECT, related_name="findings", db_index=False)
    firearm = models.ForeignKey(
        Firearm, null=True, blank=True, on_delete=models.PROTECT, related_name="findings"
    )
    count = models.PositiveSmallIntegerField(default=1)
    finding = models.CharField(max_length=30, choices=CourtFinding)
    note = models.CharField(max_length=500, blank=True)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["hearing", "firearm"], nulls_distinct=False, name="firearm_finding_once_per_hearing"
            ),
            models.CheckConstraint(
                condition=Q(firearm=None, count__gte=1) | Q(firearm__isnull=False, count=1),
                name="firearm_finding_counts_the_unlisted",
            ),
        ]

    def __str__(self) -> str:
        return f"Finding {self.pk}"


class DisposalKind(models.TextChoices):
    """How a firearm left police custody other than to the respondent."""

    DESTROYED = "destroyed", "Destroyed"
    TRANSFERRED = "transferred", "Transferred to a dealer or an eligible person"


class FirearmDisposal(models.Model):
    """Police destroyed a firearm in their custody, or transferred it to a dealer or an eligible person."""

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="firearm_disposals")
    firearm = models.ForeignKey(Firearm, on_delete=models.PROTECT, related_name="disposals", db_index=False)
    kind = models.CharField(max_length=20, choices=DisposalKind)
    disposed_at = models.DateTimeField()
    disposed_offset = utc_offset()
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", help_text="The agency that had custody."
    )
    officer = models.CharField(max_length=120)
    authority = models.CharField(
        max_length=200, help_text="What allows it, such as a court order with its date, or the law."
    )
    dealer_license = models.CharField(max_length=20, blank=True)
    taker_name = models.CharField(max_length=200, blank=True)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["disposed_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["firearm", "disposed_at"], name="firearm_disposed_once"),
            models.CheckConstraint(
                condition=Q(kind=DisposalKind.DESTROYED, dealer_license="", taker_name="")
                | Q(kind=DisposalKind.TRANSFERRED) & (~Q(dealer_license="") ^ ~Q(taker_name="")),
                name="firearm_disposal_names_who_took_it",
            ),
            models.CheckConstraint(
                condition=~Q(officer="") & ~Q(authority=""), name="firearm_disposal_says_by_whom"
            ),
        ]

    def __str__(self) -> str:
        return f"Disposal {self.pk}"
