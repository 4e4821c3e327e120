"""Releases that an advocate asks a court to record: what the client signed, and the court's answer."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.encrypted_fields import EncryptedTextField
from accounts.encrypted_files import StoredFileField
from accounts.models import Agency
from orders.models.attachments import ScanResult
from orders.models.fields import public_id
from orders.models.parties import ConfidentialityRelease, ReleasePurpose


class RequestState(models.TextChoices):
    """What became of a request."""

    WAITING = "waiting", "Waits for the court"
    CONFIRMED = "confirmed", "Recorded by the court"
    DECLINED = "declined", "Not recorded"
    WITHDRAWN = "withdrawn", "Taken back"


class DeclineReason(models.TextChoices):
    """Why a clerk does not record a release. Coded: a sentence could reveal what the order is about."""

    NO_ORDER = "no_order", "No order has this docket number at this court"
    UNREADABLE = "unreadable", "The paper cannot be read"
    NOT_SIGNED = "not_signed", "The paper is not signed, or not by the protected person"
    DIFFERS = "differs", "The paper differs from the request"


class ReleaseRequest(models.Model):
    """A client's written release that an advocate sends to a court.

    The docket number is as the advocate typed it. No one compares it with the orders before a clerk opens the
    request, so that the form does not show whether there is an order. It is erased with the answer, as is the
    scan of what was not recorded.
    """

    public_id = public_id()
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", verbose_name="organization", db_index=False
    )
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    court = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", db_index=False)
    docket = EncryptedTextField(max_length=40, blank=True, default="", db_column="encrypted_docket")
    covers_service = models.BooleanField(default=False)
    covers_firearms = models.BooleanField(default=False)
    covers_hearings = models.BooleanField(default=False)
    covers_ending = models.BooleanField(default=False)
    purpose = models.CharField(max_length=10, choices=ReleasePurpose)
    signed_on = models.DateField()
    ends_at = models.DateTimeField()
    renews = models.ForeignKey(
        ConfidentialityRelease, null=True, blank=True, on_delete=models.PROTECT, related_name="renewals"
    )
    stored_as = StoredFileField(max_length=32, blank=True, default="", editable=False)
    content_type = models.CharField(max_length=40, blank=True, default="", editable=False)
    scan = models.CharField(max_length=20, choices=ScanResult)
    state = models.CharField(max_length=10, choices=RequestState, default=RequestState.WAITING)
    decline_reason = models.CharField(max_length=20, choices=DeclineReason, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    release = models.OneToOneField(
        ConfidentialityRelease, null=True, blank=True, on_delete=models.SET_NULL, related_name="request"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=RequestState.WAITING, decided_at=None)
                | ~Q(state=RequestState.WAITING) & Q(decided_at__isnull=False),
                name="release_request_decided_once",
            ),
            models.CheckConstraint(
                condition=Q(covers_service=True)
                | Q(covers_firearms=True)
                | Q(covers_hearings=True)
                | Q(covers_ending=True),
                name="release_request_covers_something",
            ),
        ]
        indexes = [
            # A court reads what waits for it; an organization its own, the newest first.
            models.Index(
                fields=["court", "id"],
                condition=Q(state=RequestState.WAITING),
                name="release_request_waiting",
            ),
            models.Index(fields=["agency", "-id"], name="release_request_of_agency"),
        ]

    def __str__(self) -> str:
        return f"Release request {str(self.public_id)[:8]}"
