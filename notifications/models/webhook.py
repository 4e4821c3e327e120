"""Alerts, outbox and audit record in one, and the heartbeats of those who fire them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Agency
from notifications.querysets import AlertQuerySet
from orders.models import Checkpoint, Order
from orders.models.fields import public_id


class AlertState(models.IntegerChoices):
    """Where an alert is on its way."""

    READY = 0, "Ready"
    LEASED = 1, "Leased"
    SENDING = 2, "Sending"
    ACCEPTED = 3, "Accepted"
    DELIVERED = 4, "Delivered"
    IN_DOUBT = 5, "In doubt"
    FAILED = 6, "Failed"
    WITHDRAWN = 7, "Withdrawn"


class Via(models.TextChoices):
    """Why this recipient is told."""

    PERSON = "person", "Member of the agency"
    DESK = "desk", "The agency's own address"
    FALLBACK = "fallback", "Administrator, for the agency has nobody"
    NOBODY = "nobody", "Nobody could be found"


class Alert(models.Model):
    """One thing one recipient must be told through one channel.

    `idem_key` is built from the order's public id and the natural key of what fired, so a row that is written
    anew after a fail-over carries the same key. `fence` rises with every lease and every reap: whoever lost
    its lease cannot complete. `possible_duplicate`: sent again although the first sending may have arrived.
    """

    public_id = public_id()
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="alerts")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="alerts")
    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts")
    capacity = models.CharField(max_length=20, blank=True)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts"
    )
    via = models.CharField(max_length=10, choices=Via)
    channel = models.CharField(max_length=10, default="email")
    idem_key = models.CharField(max_length=200, unique=True)
    state = models.SmallIntegerField(choices=AlertState, default=AlertState.READY)
    next_attempt_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)
    worker = models.CharField(max_length=80, blank=True)
    attempts = models.SmallIntegerField(default=0)
    first_sent_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    provider_ref = models.CharField(max_length=200, blank=True)
    last_error = models.CharField(max_length=200, blank=True)
    possible_duplicate = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[1, 2], lease_until__isnull=False)
                | ~Q(state__in=[1, 2]) & Q(lease_until=None),
                name="alert_leased_has_a_lease",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_by=None)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="alert_acknowledged_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(recipient__isnull=False) | Q(via__in=["desk", "nobody"]),
                name="alert_has_a_recipient",
            ),
        ]
        indexes = [
            # The lease takes what is ready, the longest waiting first.
            models.Index(fields=["next_attempt_at", "id"], condition=Q(state=0), name="alert_ready"),
            # The reaper looks for leases that ran out; the set is as small as the sends in flight.
            models.Index(fields=["lease_until"], condition=Q(state__in=[1, 2]), name="alert_leased"),
            models.Index(fields=["id"], condition=Q(state=5), name="alert_in_doubt"),
            # A person's own list of what waits for an answer, the newest first.
            models.Index(
                fields=["recipient", "-id"],
                condition=Q(acknowledged_at=None) & ~Q(state=7),
                name="alert_unanswered",
            ),
            # An agency's alerts as the API lists them, the newest first; all, and those without an answer.
            models.Index(fields=["agency", "-created_at", "-id"], name="alert_of_agency"),
            models.Index(
                fields=["agency", "-created_at", "-id"],
                condition=Q(acknowledged_at=None) & ~Q(state=7),
                name="alert_agency_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"Alert {str(self.public_id)[:8]}"


class Heartbeat(models.Model):
    """When a pulse last looked at the clock. The newest one is what the health page asks for."""

    name = models.CharField(primary_key=True, max_length=120)
    beats = models.BigIntegerField(default=0)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


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
            # A subscription's deliveries as the API lists them, the newest first.
            models.Index(fields=["subscription", "-id"], name="delivery_of_hook"),
        ]

    def __str__(self) -> str:
        return f"Delivery {str(self.public_id)[:8]}"
