"""Service of an order, and attempts that failed."""

from __future__ import annotations

from django.db import models

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


class ServiceAttempt(models.Model):
    """A failed attempt at service. Successful service is stored on the order itself."""

    public_id = public_id()
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="service_attempts")
    attempted_at = models.DateTimeField()
    attempted_offset = utc_offset()
    method = models.CharField(max_length=20, choices=ServiceMethod)
    officer = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=200, help_text="Why it failed.")

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["attempted_at", "id"]

    def __str__(self) -> str:
        return f"Failed attempt, {self.get_method_display()}"
