"""Requests about firearms in police custody, and what police check, hold back and decide about a return."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import Agency
from orders.models.fields import offset_beside, public_id, utc_offset
from orders.models.firearms import Confirmed, Firearm
from orders.models.orders import Order
from orders.querysets import OfOrderQuerySet


class CustodyRequestKind(models.TextChoices):
    """What police are asked to do with firearms in their custody."""

    RETURN = "return", "Return to the respondent"
    SALE = "sale", "Delivery after a sale"


class CustodyRequest(models.Model):
    """The respondent asks police for firearms, or with a dealer gives joint written notice of a sale.

    It is about `firearms`. Made while police hold none, it names those that they receive next. `recorded_at`
    is when this system learned of it, or of its firearms: the people concerned cannot have been notified
    before.
    """

    public_id = public_id()
    # `custody_request_once` indexes this column.
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="custody_requests", db_index=False
    )
    kind = models.CharField(max_length=10, choices=CustodyRequestKind)
    requested_on = models.DateField(help_text="The day, in court time.")
    requested_at = models.DateTimeField(null=True, blank=True, help_text="The instant, if known.")
    requested_offset = utc_offset(null=True, blank=True)
    recorded_at = models.DateTimeField()
    agency = models.ForeignKey(
        Agency,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The police agency that received it.",
    )
    firearms = models.ManyToManyField(Firearm, related_name="custody_requests", blank=True)
    dealer_license = models.CharField(max_length=20, blank=True, help_text="Of the dealer who buys them.")
    taker_name = models.CharField(max_length=200, blank=True, help_text="Who takes them, if not a dealer.")

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["requested_on", "id"]
        constraints = [
            offset_beside("requested_at", "requested_offset", name="custody_request_has_its_offset"),
            models.UniqueConstraint(
                fields=["order", "kind", "requested_on", "requested_at"],
                nulls_distinct=False,
                name="custody_request_once",
            ),
            models.CheckConstraint(
                condition=Q(kind=CustodyRequestKind.RETURN, dealer_license="", taker_name="")
                | Q(kind=CustodyRequestKind.SALE) & (~Q(dealer_license="") ^ ~Q(taker_name="")),
                name="custody_request_names_the_taker",
            ),
        ]

    def __str__(self) -> str:
        return f"Request {str(self.public_id)[:8]}"


class ReturnCheck(models.Model):
    """One check before a return: what was checked, who did it, when, and whether it was confirmed.

    The latest check of a condition counts.
    """

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="return_checks")
    # Without an index of its own: `return_check_once` starts with the request.
    request = models.ForeignKey(
        CustodyRequest, on_delete=models.PROTECT, related_name="checks", db_index=False
    )
    condition = models.CharField(max_length=20, choices=Confirmed)
    is_confirmed = models.BooleanField()
    checked_at = models.DateTimeField()
    checked_offset = utc_offset()
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", help_text="The court or police that checked."
    )
    checked_by = models.CharField(max_length=120, help_text="The person who checked.")
    note = models.CharField(max_length=500, blank=True)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["checked_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["request", "condition", "checked_at"], name="return_check_once"),
            models.CheckConstraint(condition=~Q(checked_by=""), name="return_check_names_who_checked"),
            models.CheckConstraint(
                condition=Q(is_confirmed=True) | ~Q(note=""), name="return_check_failed_has_a_note"
            ),
        ]

    def __str__(self) -> str:
        return f"Check {str(self.public_id)[:8]}"


class ReturnHold(models.Model):
    """Police hold firearms back after a request for their return, with a reason, through `ends_on`."""

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="return_holds")
    # Without an index of its own: `return_hold_once` starts with the request.
    request = models.ForeignKey(
        CustodyRequest, on_delete=models.PROTECT, related_name="holds", db_index=False
    )
    held_at = models.DateTimeField(help_text="When police decided to hold them.")
    held_offset = utc_offset()
    ends_on = models.DateField(help_text="The last day of the hold.")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    officer = models.CharField(max_length=120, help_text="Who decided it.")
    why = models.CharField("reason", max_length=500)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["held_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["request", "held_at"], name="return_hold_once"),
            models.CheckConstraint(condition=~Q(officer="") & ~Q(why=""), name="return_hold_says_why"),
        ]

    def __str__(self) -> str:
        return f"Hold {str(self.public_id)[:8]}"


class ReturnOutcome(models.TextChoices):
    """How a request for return ended without a return."""

    UNCONFIRMED = "unconfirmed", "Refused: the conditions of the law were not confirmed"
    SAFETY = "safety", "Refused on safety grounds"
    DROPPED = "dropped", "Withdrawn by the respondent"


class ReturnDecision(models.Model):
    """A request for return ended without a return: police refused it, or the respondent withdrew it."""

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="return_decisions")
    request = models.OneToOneField(CustodyRequest, on_delete=models.PROTECT, related_name="decision")
    outcome = models.CharField(max_length=20, choices=ReturnOutcome)
    decided_at = models.DateTimeField()
    decided_offset = utc_offset()
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", help_text="Police who refused, or were notified."
    )
    officer = models.CharField(max_length=120, help_text="Who decided or was notified.")
    why = models.CharField("reason", max_length=500)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["decided_at", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(officer="") & ~Q(why=""), name="return_decision_says_why"),
        ]

    def __str__(self) -> str:
        return f"Decision {str(self.public_id)[:8]}"

    @property
    def is_refusal(self) -> bool:
        """True if police refused the return."""
        return self.outcome != ReturnOutcome.DROPPED
