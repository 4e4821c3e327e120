"""What the respondent is believed to hold, and the proof of where it went."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import Agency
from orders.models.fields import public_id, utc_offset
from orders.models.order import Order
from orders.querysets import OfOrderQuerySet
from orders.rules.rulebook import Before


class FirearmSource(models.TextChoices):
    """Where the belief that the respondent holds an item comes from."""

    APPLICATION = "application", "Application"
    PERMIT_RECORD = "permit_record", "Permit or sales record"
    POLICE = "police", "Police"
    RECEIPT = "receipt", "Found on a receipt"
    RESPONDENT = "respondent", "Respondent"


class FirearmStatus(models.TextChoices):
    """Where one item is, as far as proof goes. That it is overdue is the deadline's to say."""

    ALLEGED = "alleged", "Believed held"
    UNREACHABLE = "unreachable", "Declared out of reach"
    SURRENDERED = "surrendered", "In police custody"
    SOLD = "sold", "Sold to a dealer"
    TRANSFERRED = "transferred", "Transferred from custody"
    RETURNED = "returned", "Returned"
    DESTROYED = "destroyed", "Destroyed"


class Firearm(models.Model):
    """One item that the respondent is believed to hold, listed under the order that named it.

    All orders of a case share one inventory.
    """

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="firearms")
    serial = models.CharField("serial number", max_length=40, blank=True)
    make = models.CharField(max_length=23, blank=True, help_text="NCIC code, or in words.")
    model = models.CharField(max_length=20, blank=True)
    caliber = models.CharField(max_length=10, blank=True)
    firearm_type = models.CharField("type", max_length=10, blank=True, help_text="NCIC code, or in words.")
    source = models.CharField(max_length=20, choices=FirearmSource)
    status = models.CharField(max_length=20, choices=FirearmStatus, default=FirearmStatus.ALLEGED)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "serial"], condition=~Q(serial=""), name="firearm_serial_once_per_order"
            )
        ]

    def __str__(self) -> str:
        words = " ".join(filter(None, [self.make, self.model, self.caliber, self.firearm_type]))
        return f"{words or 'Firearm'}, serial {self.serial or 'unknown'}"


class Permit(models.Model):
    """A permit or certificate that the respondent holds."""

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="permits")
    kind = models.CharField(max_length=60, help_text="Such as pistol permit, eligibility certificate.")
    number = models.CharField(max_length=40, blank=True)
    handed_in_on = models.DateField(null=True, blank=True)

    objects = OfOrderQuerySet.as_manager()

    def __str__(self) -> str:
        return self.kind


class ReceiptKind(models.TextChoices):
    """Who took the firearms. Who may is the rulebook's to say, by kind of order (as CT-SUR-03)."""

    POLICE = "police", "Police"
    DEALER = "dealer", "Federally licensed dealer"
    THIRD_PARTY = "third_party", "Another person who may lawfully hold them"
    TRUE_OWNER = "true_owner", "Their true owner"


class Receipt(models.Model):
    """Proof from police or a licensed dealer, itemised."""

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="receipts")
    kind = models.CharField(max_length=20, choices=ReceiptKind)
    received_at = models.DateTimeField(help_text="When the firearms changed hands.")
    received_offset = utc_offset()
    receipt_number = models.CharField(max_length=40, blank=True)
    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.PROTECT)
    dealer_licence = models.CharField(max_length=20, blank=True, help_text="Form R-DD-CCC-TT-EX-SSSSS.")
    taker_name = models.CharField(
        max_length=200, blank=True, help_text="Who took them, where it was neither police nor a dealer."
    )
    firearms = models.ManyToManyField(Firearm, through="ReceiptItem", related_name="receipts")

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["received_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "receipt_number"],
                condition=~Q(receipt_number=""),
                name="receipt_number_once_per_order",
            ),
            models.CheckConstraint(
                condition=Q(kind=ReceiptKind.POLICE, agency__isnull=False, dealer_licence="", taker_name="")
                | Q(kind=ReceiptKind.DEALER, agency=None, taker_name="") & ~Q(dealer_licence="")
                | Q(
                    kind__in=[ReceiptKind.THIRD_PARTY, ReceiptKind.TRUE_OWNER], agency=None, dealer_licence=""
                )
                & ~Q(taker_name=""),
                name="receipt_names_who_took_them",
            ),
        ]

    def __str__(self) -> str:
        return f"Receipt {self.receipt_number or self.get_kind_display()}"


class ReceiptItem(models.Model):
    """One firearm on one receipt; the database refuses a firearm of another case."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="items")
    firearm = models.ForeignKey(Firearm, on_delete=models.PROTECT, related_name="receipt_items")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["receipt", "firearm"], name="receipt_item_once"),
        ]

    def __str__(self) -> str:
        return f"Item {self.pk}"


class Confirmed(models.TextChoices):
    """What somebody confirmed before a firearm went back. Which are asked is the rulebook's to say."""

    REQUESTED = Before.REQUESTED.value, "The respondent asked for it"
    BACKGROUND_CHECK = Before.BACKGROUND_CHECK.value, "The background check was passed"
    ELIGIBLE = Before.ELIGIBLE.value, "It was checked that the respondent may lawfully hold it"
    COURT_CONFIRMATION = Before.COURT_CONFIRMATION.value, "The court confirmed that the order has ended"
    COURT_RELEASE = Before.COURT_RELEASE.value, "The court directed its release"
    NOT_DANGEROUS = Before.NOT_DANGEROUS.value, "The court found the respondent no longer dangerous"
    FAMILY_TOLD = Before.FAMILY_TOLD.value, "Family or household members were told, so far as they must be"
    STATE_APPLICATION = Before.STATE_APPLICATION.value, "The application to the state was granted"


class FirearmReturn(models.Model):
    """One firearm went back from police to the respondent; the database refuses one of another case."""

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="firearm_returns")
    firearm = models.ForeignKey(Firearm, on_delete=models.PROTECT, related_name="returns")
    returned_at = models.DateTimeField()
    returned_offset = utc_offset()
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", help_text="Whose custody it came from."
    )
    officer = models.CharField(max_length=120, help_text="Who gave it back.")
    confirmed = ArrayField(models.CharField(max_length=20, choices=Confirmed), default=list, blank=True)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["returned_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["firearm", "returned_at"], name="firearm_returned_once"),
            models.CheckConstraint(condition=~Q(officer=""), name="firearm_return_says_by_whom"),
        ]

    def __str__(self) -> str:
        return f"Return {self.pk}"


class StatementKind(models.TextChoices):
    """What a respondent swore to."""

    NON_POSSESSION = "non_possession", "Holds no firearms"
    UNREACHABLE = "unreachable", "Firearms that cannot be reached"


class Statement(models.Model):
    """A sworn statement. One of none against an allegation or a permit is an unverified denial: it meets
    nothing, and the deadline stays open with an owner."""

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="statements")
    kind = models.CharField(max_length=20, choices=StatementKind)
    sworn_at = models.DateTimeField()
    sworn_offset = utc_offset()
    receipt_number = models.CharField(max_length=40, blank=True)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["sworn_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "receipt_number"],
                condition=~Q(receipt_number=""),
                name="statement_number_once_per_order",
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
