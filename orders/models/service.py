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
