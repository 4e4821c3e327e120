"""Firearms believed held, and the proof of where they went."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import Agency, Town
from orders.models.fields import public_id, utc_offset
from orders.models.orders import Order
from orders.querysets import OfOrderQuerySet
from orders.rules.vocabulary import ReturnRequirement


class FirearmSource(models.TextChoices):
    """The source of the belief that the respondent holds an item."""

    APPLICATION = "application", "Application"
    PERMIT_RECORD = "permit_record", "Permit or sales record"
    POLICE = "police", "Police"
    RECEIPT = "receipt", "Found on a receipt"
    RESPONDENT = "respondent", "Respondent"


class FirearmStatus(models.TextChoices):
    """Where one item is, as far as proof shows. Overdue is a state of the deadline, not of the item."""

    ALLEGED = "alleged", "Believed held"
    UNREACHABLE = "unreachable", "Declared out of reach"
    SURRENDERED = "surrendered", "In police custody"
    SOLD = "sold", "Sold to a dealer"
    TRANSFERRED = "transferred", "Transferred from custody"
    RETURNED = "returned", "Returned"
    DESTROYED = "destroyed", "Destroyed"
    NOT_HELD = "not_held", "Checked: not held"
    FOUND = "found_by_court", "Accounted for by the court"


class ItemKind(models.TextChoices):
    """What an item of the list is."""

    FIREARM = "firearm", "Firearm"
    AMMUNITION = "ammunition", "Ammunition"
    MAGAZINES = "magazines", "Magazines"


class Firearm(models.Model):
    """One firearm, or one lot of ammunition or magazines, that the respondent is believed to hold.

    It is listed under the order that reported it. All orders of a case share one inventory. The columns from
    `believed_place` on are for court and police only.
    """

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="firearms")
    serial = models.CharField("serial number", max_length=40, blank=True)
    serial_key = models.CharField(
        max_length=40,
        blank=True,
        editable=False,
        help_text="The serial number as it identifies the firearm; empty if it does not.",
    )
    make = models.CharField(max_length=23, blank=True, help_text="NCIC code or description.")
    model = models.CharField(max_length=20, blank=True)
    caliber = models.CharField(max_length=10, blank=True)
    firearm_type = models.CharField("type", max_length=10, blank=True, help_text="NCIC code or description.")
    item_kind = models.CharField("kind of item", max_length=20, choices=ItemKind, default=ItemKind.FIREARM)
    quantity = models.PositiveIntegerField(null=True, blank=True, help_text="Of ammunition or magazines.")
    description = models.CharField(max_length=120, blank=True, help_text="Of ammunition or magazines.")
    source = models.CharField(max_length=20, choices=FirearmSource)
    believed_place = models.CharField("believed to be", max_length=200, blank=True)
    believed_source = models.CharField("according to", max_length=120, blank=True)
    believed_on = models.DateField("reported", null=True, blank=True)
    officer_notes = models.CharField("notes for officers", max_length=500, blank=True)
    status = models.CharField(max_length=20, choices=FirearmStatus, default=FirearmStatus.ALLEGED)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "serial_key"],
                condition=~Q(serial_key=""),
                name="firearm_serial_once_per_order",
            ),
            models.CheckConstraint(
                condition=Q(item_kind=ItemKind.FIREARM, quantity=None)
                | ~Q(item_kind=ItemKind.FIREARM) & Q(quantity__gte=1, serial_key=""),
                name="firearm_lots_have_a_quantity",
            ),
        ]

    def __str__(self) -> str:
        words = " ".join(filter(None, [self.make, self.model, self.caliber, self.firearm_type]))
        if self.item_kind != ItemKind.FIREARM:
            about = ", ".join(filter(None, [self.description, words]))
            return f"{self.get_item_kind_display()}, {self.quantity}" + (f": {about}" if about else "")
        return f"{words or 'Firearm'}, serial {self.serial or 'unknown'}"


class Permit(models.Model):
    """A permit or certificate that the respondent holds."""

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="permits")
    kind = models.CharField(max_length=60, help_text="For example, pistol permit or eligibility certificate.")
    number = models.CharField(max_length=40, blank=True)
    handed_in_on = models.DateField(null=True, blank=True)
    handed_in_to = models.ForeignKey(
        Agency, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    receipt = models.ForeignKey(
        "orders.Receipt",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="permits",
        help_text="The receipt by which it was handed in, if there is one.",
    )
    recorded_at = models.DateTimeField(null=True, blank=True, help_text="When it was recorded here.")

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.kind


class ReceiptKind(models.TextChoices):
    """Who took the firearms. The rulebook holds who may, by kind of order (as in CT-SUR-03)."""

    POLICE = "police", "Police"
    DEALER = "dealer", "Federally licensed dealer"
    THIRD_PARTY = "third_party", "Another person who may lawfully hold them"
    TRUE_OWNER = "true_owner", "Their true owner"


class ReceiptGiver(models.TextChoices):
    """Who handed the firearms over. Another person is never named: it can be the protected person."""

    RESPONDENT = "respondent", "The respondent"
    OTHER = "other", "Another person"
    TAKEN = "taken", "No one: police took them"


class Receipt(models.Model):
    """Proof from the police or a licensed dealer, with the items."""

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="receipts")
    kind = models.CharField(max_length=20, choices=ReceiptKind)
    received_at = models.DateTimeField(help_text="When the firearms changed hands.")
    received_offset = utc_offset()
    receipt_number = models.CharField(max_length=40, blank=True)
    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.PROTECT)
    dealer_license = models.CharField(max_length=20, blank=True, help_text="Format R-DD-CCC-TT-EX-SSSSS.")
    taker_name = models.CharField(
        max_length=200, blank=True, help_text="Who took them, if neither police nor a dealer."
    )
    town = models.ForeignKey(
        Town, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Where it was."
    )
    handed_over_at = models.CharField(
        max_length=120, blank=True, default="", db_default="", help_text="The place in that town."
    )
    giver = models.CharField(
        "handed over by",
        max_length=20,
        choices=ReceiptGiver,
        default=ReceiptGiver.RESPONDENT,
        db_default=ReceiptGiver.RESPONDENT.value,
    )
    # Of the paper of a dealer or another person. For court and police.
    taker_address = models.CharField(max_length=200, blank=True, db_default="")
    eligibility_check = models.CharField(
        max_length=40,
        blank=True,
        db_default="",
        help_text="The number of the check before it.",
    )
    lives_apart = models.BooleanField(
        null=True, blank=True, help_text="True if the person does not live with the respondent."
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
                condition=Q(kind=ReceiptKind.POLICE, agency__isnull=False, dealer_license="", taker_name="")
                | Q(kind=ReceiptKind.DEALER, agency=None, taker_name="") & ~Q(dealer_license="")
                | Q(
                    kind__in=[ReceiptKind.THIRD_PARTY, ReceiptKind.TRUE_OWNER], agency=None, dealer_license=""
                )
                & ~Q(taker_name=""),
                name="receipt_names_who_took_them",
            ),
        ]

    def __str__(self) -> str:
        return f"Receipt {self.receipt_number or self.get_kind_display()}"


class ReceiptItem(models.Model):
    """One firearm on one receipt; the database refuses a firearm of another case."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="items", db_index=False)
    firearm = models.ForeignKey(Firearm, on_delete=models.PROTECT, related_name="receipt_items")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["receipt", "firearm"], name="receipt_item_once"),
        ]

    def __str__(self) -> str:
        return f"Item {self.pk}"


class Confirmed(models.TextChoices):
    """What a person confirmed before a firearm was returned. The rulebook holds which are required."""

    ORDER_OVER = ReturnRequirement.ORDER_OVER.value, "It was checked that the order has ended"
    NO_OTHER_ORDER = (
        ReturnRequirement.NO_OTHER_ORDER.value,
        "It was checked that no other order against the respondent is in force",
    )
    REQUESTED = ReturnRequirement.REQUESTED.value, "The respondent asked for it"
    BACKGROUND_CHECK = ReturnRequirement.BACKGROUND_CHECK.value, "The background check was passed"
    ELIGIBLE = ReturnRequirement.ELIGIBLE.value, "It was checked that the respondent may lawfully hold it"
    LAWFUL_AT_SURRENDER = (
        ReturnRequirement.LAWFUL_AT_SURRENDER.value,
        "It was checked that the respondent could lawfully hold it when it was surrendered",
    )
    COURT_CONFIRMATION = (
        ReturnRequirement.COURT_CONFIRMATION.value,
        "The court confirmed that the order has ended",
    )
    COURT_RELEASE = ReturnRequirement.COURT_RELEASE.value, "The court directed its release"
    NOT_DANGEROUS = (
        ReturnRequirement.NOT_DANGEROUS.value,
        "The court found the respondent no longer dangerous",
    )
    FAMILY_NOTIFIED = (
        ReturnRequirement.FAMILY_NOTIFIED.value,
        "Family or household members were notified, as required",
    )
    STATE_APPLICATION = ReturnRequirement.STATE_APPLICATION.value, "The application to the state was granted"


class FirearmReturn(models.Model):
    """The return of one firearm by police to the respondent; the database refuses one of another case."""

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="firearm_returns")
    firearm = models.ForeignKey(Firearm, on_delete=models.PROTECT, related_name="returns", db_index=False)
    returned_at = models.DateTimeField()
    returned_offset = utc_offset()
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", help_text="The agency that had custody."
    )
    officer = models.CharField(max_length=120, help_text="Who returned it.")
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
    """What the respondent swore to."""

    NON_POSSESSION = "non_possession", "Holds no firearms"
    UNREACHABLE = "unreachable", "Firearms that cannot be reached"


class Statement(models.Model):
    """A sworn statement.

    A statement of no firearms against an allegation or a permit is an unverified denial: it does not meet the
    deadline, which stays open with an owner.
    """

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="statements")
    kind = models.CharField(max_length=20, choices=StatementKind)
    sworn_at = models.DateTimeField()
    sworn_offset = utc_offset()
    receipt_number = models.CharField(max_length=40, blank=True)
    firearms = models.ManyToManyField(
        Firearm, related_name="statements", blank=True, help_text="The firearms that are out of reach."
    )

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
