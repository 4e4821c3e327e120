"""Systems that are told of alerts, and what they were told."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Agency
from orders.models.fields import public_id


class HookEvent(models.TextChoices):
    """What a system can be told of."""

    ALERT_CREATED = "alert.created", "An alert was written"
    ALERT_ACKNOWLEDGED = "alert.acknowledged", "An alert was acknowledged"


#: The event of a test. Nobody subscribes to it.
PING = "ping"


class HookState(models.TextChoices):
    """Whether a subscription is told of anything."""

    ACTIVE = "active", "Active"
    DISABLED = "disabled", "Disabled"
    REMOVED = "removed", "Removed"


class WebhookSubscription(models.Model):
    """An agency's system that wants to be told of the agency's alerts, by signed POSTs to an address.

    `sealed_secret` is what the POSTs are signed with. One that is removed stays as the record of what its
    deliveries went to, and is shown to nobody.
    """

    public_id = public_id()
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", db_index=False)
    url = models.CharField(max_length=500)
    events = ArrayField(models.CharField(max_length=30, choices=HookEvent))
    sealed_secret = models.TextField()
    state = models.CharField(max_length=10, choices=HookState, default=HookState.ACTIVE)
    reason = models.CharField(max_length=20, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=HookState.values), name="hook_state_known"),
            models.CheckConstraint(
                condition=Q(state="active", reason="", disabled_at=None)
                | ~Q(state="active") & ~Q(reason="") & Q(disabled_at__isnull=False),
                name="hook_inactive_says_why_and_when",
            ),
        ]
        indexes = [
            # FIRE asks for every alert who wants to hear of it.
            models.Index(fields=["agency"], condition=Q(state="active"), name="hook_active_of_agency"),
            # An agency's subscriptions as the API lists them.
            models.Index(fields=["agency", "-id"], name="hook_of_agency"),
        ]

    def __str__(self) -> str:
        return f"Webhook {str(self.public_id)[:8]}"


class DeliveryState(models.IntegerChoices):
    """Where a delivery is on its way."""

    READY = 0, "Ready"
    LEASED = 1, "Leased"
    DELIVERED = 2, "Delivered"
    FAILED = 3, "Failed"
    WITHDRAWN = 4, "Withdrawn"


class WebhookDelivery(models.Model):
    """One event that one subscription is told of. Its public id is the `webhook-id` of every try.

    `fence` rises with every lease and every reap, as an alert's does.
    """

    public_id = public_id()
    # `delivery_of_hook` leads from a subscription to its deliveries.
    subscription = models.ForeignKey(
        WebhookSubscription, on_delete=models.PROTECT, related_name="deliveries", db_index=False
    )
    event = models.CharField(max_length=30)
    alert = models.UUIDField(null=True, help_text="The alert's public id; none for a test.")
    order = models.UUIDField(null=True, help_text="The order's public id; none for a test.")
    occurred_at = models.DateTimeField(db_default=Now())
    state = models.SmallIntegerField(choices=DeliveryState, default=DeliveryState.READY)
    attempts = models.SmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.CheckConstraint(
                condition=Q(state=1, lease_until__isnull=False) | ~Q(state=1) & Q(lease_until=None),
                name="delivery_leased_has_a_lease",
            ),
            models.CheckConstraint(
                condition=Q(state=2, delivered_at__isnull=False) | ~Q(state=2) & Q(delivered_at=None),
                name="delivery_delivered_says_when",
            ),
        ]
        indexes = [
            # The lease takes the longest waiting of each subscription.
            models.Index(
                fields=["subscription", "next_attempt_at", "id"], condition=Q(state=0), name="delivery_ready"
            ),
            # The reaper looks for leases that ran out; the set is as small as the tries in flight.
            models.Index(fields=["lease_until"], condition=Q(state=1), name="delivery_leased"),
            # The purge takes the oldest of those that are over.
            models.Index(fields=["occurred_at"], condition=Q(state__in=[2, 3, 4]), name="delivery_over"),
            # A subscription's deliveries as the API lists them, the newest first.
            models.Index(fields=["subscription", "-id"], name="delivery_of_hook"),
        ]

    def __str__(self) -> str:
        return f"Delivery {str(self.public_id)[:8]}"
