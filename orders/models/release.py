"""A protected person's written leave for an advocacy organization to watch an order."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import Agency
from orders.models.fields import public_id
from orders.models.order import Order
from orders.querysets import ReleaseQuerySet


class Release(models.Model):
    """A written, informed release, limited in time. While it stands the organization's advocates see how the
    order stands, and not an instant longer: from `begins_at` until before `ends_at`, or until it is revoked.

    Who signed is not kept: that a release exists says whose client the person is.
    """

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="releases")
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="releases", verbose_name="organization"
    )
    signed_on = models.DateField(help_text="The day on the written release.")
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-begins_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("begins_at")), name="release_ends_after_it_begins"
            ),
        ]
        indexes = [
            # The gate asks for an order's releases; an advocate's list comes from the organization.
            models.Index(fields=["order", "agency"], name="release_of_order"),
            models.Index(fields=["agency", "-order"], name="release_of_agency"),
        ]

    def __str__(self) -> str:
        return f"Release {str(self.public_id)[:8]}"
