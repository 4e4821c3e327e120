"""Service of an order, and attempts that failed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from orders.models.fields import public_id, utc_offset
from orders.querysets import OfOrderQuerySet


class ServiceMethod(models.TextChoices):
    """How the respondent received notice of the order."""

    IN_HAND = "in_hand", "In hand"
    ABODE = "abode", "At the abode"
    ELECTRONIC = "electronic", "Electronic"
    IN_COURT = "in_court", "In court"
    MAIL = "mail", "By mail"
    UNKNOWN = "unknown", "Not stated"


class FirearmsAnswer(models.TextChoices):
    """What the respondent answered at service when the officer asked about firearms."""

    YES = "yes", "Yes, has firearms"
    NO = "no", "No firearms"
    REFUSED = "refused", "Refused to answer"
    NOT_ASKED = "not_asked", "Not asked"


class AttemptReason(models.TextChoices):
    """Why an attempt at service fails, in the words that the record keeps."""

    NOT_HOME = "not_home", "Not at home"
    MOVED = "moved", "Moved away"
    WRONG_ADDRESS = "wrong_address", "Wrong address"
    ELSEWHERE = "elsewhere", "Works elsewhere or at other hours"
    AVOIDS = "avoids", "Hides or avoids service"
    IN_CUSTODY = "in_custody", "In custody elsewhere"
    NO_ACCESS = "no_access", "No access to the building"
    UNSAFE = "unsafe", "Unsafe to go on"
    OTHER = "other", "Other"


class PresenceAnswer(models.TextChoices):
    """Whether police will be present when an order is served."""

    YES = "yes", "Yes"
    NO = "no", "No"


class ComingService(models.Model):
    """When and where an order will be served, and whether police will be present. It meets no duty."""

    public_id = public_id()
    # `coming_service_once` begins with the order.
    order = models.ForeignKey(
        "orders.Order", on_delete=models.PROTECT, related_name="coming_services", db_index=False
    )
    planned_at = models.DateTimeField()
    planned_offset = utc_offset()
    # Where the respondent will be: for those who serve the order or are asked to be there.
    place = models.CharField(max_length=200)
    officer = models.CharField(max_length=120, blank=True, help_text="Who serves the order.")
    asks_police = models.BooleanField("police are asked to be present", default=False)
    answer = models.CharField(max_length=10, choices=PresenceAnswer, blank=True)
    answer_note = models.CharField(max_length=200, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_for = models.ForeignKey(
        "accounts.Agency",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The police that answered.",
    )

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["planned_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "planned_at"], name="coming_service_once"),
            models.CheckConstraint(condition=~Q(place=""), name="coming_service_has_a_place"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None, answered_for=None)
                | Q(answered_at__isnull=False, answered_for__isnull=False) & ~Q(answer=""),
                name="coming_service_answered_says_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"Coming service {str(self.public_id)[:8]}"


class ServiceAttempt(models.Model):
    """A failed attempt at service. Successful service is stored on the order itself.

    `reason` is why it failed in words, `code` the same as a code; older attempts have only words.
    """

    public_id = public_id()
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="service_attempts")
    attempted_at = models.DateTimeField()
    attempted_offset = utc_offset()
    method = models.CharField(max_length=20, choices=ServiceMethod)
    officer = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=200, help_text="Why it failed.")
    code = models.CharField(max_length=20, choices=AttemptReason, blank=True, db_default="")
    place = models.CharField(max_length=200, blank=True, db_default="", help_text="Where it was tried.")

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["attempted_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(code="") | Q(code__in=AttemptReason.values), name="service_attempt_code_known"
            ),
        ]

    def __str__(self) -> str:
        return f"Failed attempt, {self.get_method_display()}"
