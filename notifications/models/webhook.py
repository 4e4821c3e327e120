"""Webhooks: the systems that subscribed, and what is sent to them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.encrypted_fields import EncryptedTokenField
from accounts.models import Agency
from orders.models.fields import public_id


class WebhookEvent(models.TextChoices):
    """Events that a system can subscribe to."""

    ALERT_CREATED = "alert.created", "An alert was written"
    ALERT_ACKNOWLEDGED = "alert.acknowledged", "An alert was acknowledged"


#: The event of a test. It cannot be subscribed to.
PING = "ping"


class SubscriptionState(models.TextChoices):
    """Whether events are sent to a subscription."""

    ACTIVE = "active", "Active"
    DISABLED = "disabled", "Disabled"
    REMOVED = "removed", "Removed"


class WebhookSubscription(models.Model):
    """An agency's system that receives the agency's alerts as signed POST requests.

    `encrypted_secret` signs them. A removed subscription is kept as the record of where its deliveries went,
    and is shown to no one.
    """

    public_id = public_id()
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", db_index=False)
    url = models.CharField(max_length=500)
    events = ArrayField(models.CharField(max_length=30, choices=WebhookEvent))
    encrypted_secret = EncryptedTokenField()
    state = models.CharField(max_length=10, choices=SubscriptionState, default=SubscriptionState.ACTIVE)
    reason = models.CharField(max_length=20, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=SubscriptionState.values), name="hook_state_known"),
            models.CheckConstraint(
                condition=Q(state="active", reason="", disabled_at=None)
                | ~Q(state="active") & ~Q(reason="") & Q(disabled_at__isnull=False),
                name="hook_inactive_says_why_and_when",
            ),
        ]
        indexes = [
            # For FIRE, which looks for the active subscriptions of each alert's agency.
            models.Index(fields=["agency"], condition=Q(state="active"), name="hook_active_of_agency"),
            # An agency's subscriptions as the API lists them.
            models.Index(fields=["agency", "-id"], name="hook_of_agency"),
        ]

    def __str__(self) -> str:
        return f"Webhook {str(self.public_id)[:8]}"


class DeliveryState(models.IntegerChoices):
    """How far a webhook delivery has come."""

    READY = 0, "Ready"
    LEASED = 1, "Leased"
    DELIVERED = 2, "Delivered"
    FAILED = 3, "Failed"
    WITHDRAWN = 4, "Withdrawn"


#: States in which nothing more is sent.
DELIVERY_DONE = (DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.WITHDRAWN)


class WebhookDelivery(models.Model):
    """One event for one subscription. Its public id is the `webhook-id` of every try.

    `fence` rises with every lease and every reap, as with an alert.
    """

    public_id = public_id()
    # The index `delivery_of_hook` serves it.
    subscription = models.ForeignKey(
        WebhookSubscription, on_delete=models.PROTECT, related_name="deliveries", db_index=False
    )
    event = models.CharField(max_length=30)
    alert = models.UUIDField(null=True, help_text="The alert's public id; empty for a test.")
    order = models.UUIDField(null=True, help_text="The order's public id; empty for a test.")
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
                condition=Q(state=DeliveryState.LEASED, lease_until__isnull=False)
                | ~Q(state=DeliveryState.LEASED) & Q(lease_until=None),
                name="delivery_leased_has_a_lease",
            ),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.DELIVERED, delivered_at__isnull=False)
                | ~Q(state=DeliveryState.DELIVERED) & Q(delivered_at=None),
                name="delivery_delivered_says_when",
            ),
        ]
        indexes = [
            # For the lease: the longest waiting of each subscription.
            models.Index(
                fields=["subscription", "next_attempt_at", "id"],
                condition=Q(state=DeliveryState.READY),
                name="delivery_ready",
            ),
            # For the reaper: expired leases. As small as the number of tries in flight.
            models.Index(
                fields=["lease_until"], condition=Q(state=DeliveryState.LEASED), name="delivery_leased"
            ),
            # For the purge: the oldest that are done.
            models.Index(fields=["occurred_at"], condition=Q(state__in=DELIVERY_DONE), name="delivery_over"),
            # A subscription's deliveries as the API lists them, newest first.
            models.Index(fields=["subscription", "-id"], name="delivery_of_hook"),
        ]

    def __str__(self) -> str:
        return f"Delivery {str(self.public_id)[:8]}"
