"""Alerts, outbox and audit record in one, and the heartbeats of those who fire them."""

from __future__ import annotations

from django.conf import settings
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
