"""Files of an order, such as the scan of a receipt, and the signatures of a receipt."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.encrypted_fields import EncryptedTextField, HoldsEncrypted
from accounts.encrypted_files import StoredFileField
from orders.models.fields import public_id
from orders.models.firearms import Receipt, Statement
from orders.models.orders import Order
from orders.querysets import AttachmentQuerySet


class AttachmentKind(models.TextChoices):
    """What a file shows. The matrix holds who sees each kind."""

    SIGNED_ORDER = "signed_order", "Signed order"
    RETURN_OF_SERVICE = "return_of_service", "Return of service"
    FILED_RETURN = "filed_return", "Return of service, signed here"
    RECEIPT = "receipt", "Scan of a receipt"
    FIREARM_PHOTO = "firearm_photo", "Photograph of firearms"
    SERVICE_PHOTO = "service_photo", "Photograph of an attempt at service"
    RESPONDENT_PHOTO = "respondent_photo", "Photograph of the respondent"
    STATEMENT = "statement", "Sworn statement"
    AFFIDAVIT = "affidavit", "Application or affidavit"


class ScanResult(models.TextChoices):
    """What the virus scanner found. A file with a virus is never stored."""

    CLEAN = "clean", "No virus found"
    NOT_SCANNED = "not_scanned", "Not scanned for viruses"


class Attachment(models.Model):
    """One file of an order. Its content is encrypted outside the database; `sha256` is that of the content.

    The name that the file had on the device is not stored: it can name a person. A withdrawn file is shown to
    no one.
    """

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="attachments", db_index=False)
    kind = models.CharField(max_length=20, choices=AttachmentKind)
    receipt = models.ForeignKey(
        Receipt, null=True, blank=True, on_delete=models.SET_NULL, related_name="attachments"
    )
    statement = models.ForeignKey(
        Statement, null=True, blank=True, on_delete=models.SET_NULL, related_name="attachments"
    )
    stored_as = StoredFileField(max_length=32, unique=True, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    size = models.PositiveIntegerField(editable=False, help_text="In bytes.")
    content_type = models.CharField(max_length=40, editable=False)
    scan = models.CharField(max_length=20, choices=ScanResult)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_reason = models.CharField(max_length=500, blank=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["uploaded_at", "id"]
        constraints = [
            # The files of an order are read together; the same file sent twice is stored once.
            models.UniqueConstraint(
                fields=["order", "kind", "sha256"],
                condition=Q(withdrawn_at=None),
                name="attachment_once_per_order",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_reason="")
                | Q(withdrawn_at__isnull=False) & ~Q(withdrawn_reason=""),
                name="attachment_withdrawn_with_a_reason",
            ),
        ]
        indexes = [
            # The sweep looks for files that were withdrawn long ago; they are few.
            models.Index(
                fields=["withdrawn_at"],
                condition=Q(withdrawn_at__isnull=False),
                name="attachment_withdrawn",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def is_image(self) -> bool:
        """True if a page can show it."""
        return self.content_type.startswith("image/")


class SignatureParty(models.TextChoices):
    """Who signs a receipt."""

    GIVER = "giver", "The person who handed them over"
    TAKER = "taker", "The officer who took them"


class SignatureMethod(models.TextChoices):
    """How a receipt was signed."""

    SCREEN = "screen", "Signed on the screen"
    PAPER = "paper", "Signed on paper"
    REFUSED = "refused", "Did not sign"


class ReceiptSignature(HoldsEncrypted):
    """One signature of a receipt. `drawing` is the path of the pen, as SVG path data."""

    receipt = models.ForeignKey(Receipt, on_delete=models.CASCADE, related_name="signatures", db_index=False)
    party = models.CharField(max_length=10, choices=SignatureParty)
    method = models.CharField(max_length=10, choices=SignatureMethod)
    name = models.CharField(max_length=120, blank=True, help_text="Of an officer, with the badge number.")
    encrypted_drawing = EncryptedTextField()
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["receipt", "party"], name="receipt_signed_once_by_each"),
        ]

    def __str__(self) -> str:
        return self.get_method_display()
