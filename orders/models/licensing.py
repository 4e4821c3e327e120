"""What the firearms licensing unit reports about the respondent of an order."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from orders.models.fields import offset_beside, public_id, utc_offset
from orders.models.orders import Order
from orders.querysets import OfOrderQuerySet


class LicensingReportKind(models.TextChoices):
    """What happened, as the licensing unit or a dealer's check shows it."""

    PURCHASE_ATTEMPTED = "purchase_attempted", "The respondent tried to buy a firearm"
    PERMIT_APPLIED = "permit_applied", "The respondent applied for a permit"
    PERMIT_REVOKED = "permit_revoked", "The permit was revoked"
    PERMIT_REINSTATED = "permit_reinstated", "The permit was reinstated"


class LicensingReport(models.Model):
    """One report: an attempt to buy a firearm, an application, or what was done with the permit."""

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="licensing_reports")
    kind = models.CharField(max_length=20, choices=LicensingReportKind)
    occurred_on = models.DateField(help_text="The day, in court time.")
    occurred_at = models.DateTimeField(null=True, blank=True, help_text="The instant, if known.")
    occurred_offset = utc_offset(null=True, blank=True)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["occurred_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=LicensingReportKind.values), name="licensing_report_kind_known"
            ),
            offset_beside("occurred_at", "occurred_offset", name="licensing_report_has_its_offset"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
