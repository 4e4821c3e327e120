"""Alerts: outbox and audit record in one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Agency
from notifications.models.answer import AwaitedAnswer
from notifications.models.finding import Finding
from notifications.querysets import AlertQuerySet
from orders.models import Checkpoint, Deadline, HandOver, Order, Release
from orders.models.fields import public_id
from orders.rules.rulebook import Purpose


class AlertState(models.IntegerChoices):
    """Where an alert is on its way."""

    READY = 0, "Created"
    LEASED = 1, "Leased"
    SENDING = 2, "Sending"
    ACCEPTED = 3, "Accepted"
    DELIVERED = 4, "Delivered"
    IN_DOUBT = 5, "In doubt"
    FAILED = 6, "Permanent failure"
    WITHDRAWN = 7, "Withdrawn"
    #: Certainly not delivered, and tried again when its time comes.
    TEMPORARY_FAILURE = 8, "Temporary failure"


#: What the lease takes once its time has come.
SENDABLE = (AlertState.READY, AlertState.TEMPORARY_FAILURE)


class Channel(models.TextChoices):
    """How an alert reaches its recipient."""

    EMAIL = "email", "Email"
    SMS = "sms", "Text message"
    SERVICE = "service", "Another service"
    PRINT = "print", "Printed notice"
    CANARY = "canary", "Outside monitor"


class Via(models.TextChoices):
    """Why this recipient is told."""

    PERSON = "person", "Member of the agency"
    BACKUP = "backup", "Backup at the agency"
    SUPERVISOR = "supervisor", "Supervisor at the agency"
    DESK = "desk", "The agency's own address"
    FALLBACK = "fallback", "Administrator, for the agency has nobody"
    NOBODY = "nobody", "Nobody could be found"
    RELAY = "relay", "Advocate, to tell the protected person"
    PROTECTED = "protected", "Protected person, by the way chosen"
    OPERATOR = "operator", "Administrator, about the system itself"
    CANARY = "canary", "The outside monitor"


class Alert(models.Model):
    """One thing one recipient must be told through one channel.

    `idem_key` is built from the order's public id and the natural key of what fired, so a row that is written
    anew after a fail-over carries the same key. `fence` rises with every lease and every reap: whoever lost
    its lease cannot complete. `possible_duplicate`: sent again although the first sending may have arrived.

    Alerts that fire together for one address leave in one message: they share `message_key`, which the
    provider gets with every try, and `bundled` says how many they were. `provider` is who was tried last.
    """

    public_id = public_id()
    checkpoint = models.ForeignKey(
        Checkpoint, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts"
    )
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts")
    # `alert_of_hand_over` leads from an offer to its alerts.
    hand_over = models.ForeignKey(
        HandOver,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="alerts",
        db_index=False,
        help_text="The offer that it tells the agency asked of; to who offered it, of the refusal.",
    )
    finding = models.ForeignKey(
        Finding, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts"
    )
    release = models.ForeignKey(
        Release, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts", db_index=False
    )
    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts")
    capacity = models.CharField(max_length=20, blank=True)
    awaited = models.ForeignKey(
        AwaitedAnswer,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="alerts",
        help_text="The answer that nobody gave, where a step of the ladder wrote it; none: firing did.",
    )
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts"
    )
    via = models.CharField(max_length=10, choices=Via)
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.EMAIL)
    idem_key = models.CharField(max_length=200, unique=True)
    state = models.SmallIntegerField(choices=AlertState, default=AlertState.READY)
    next_attempt_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)
    worker = models.CharField(max_length=80, blank=True)
    attempts = models.SmallIntegerField(default=0)
    message_key = models.UUIDField(null=True, blank=True)
    bundled = models.PositiveSmallIntegerField(default=0, db_default=0)
    template = models.CharField(
        max_length=40, blank=True, default="", db_default="", help_text="The wording it was sent in."
    )
    provider = models.CharField(max_length=20, blank=True, default="", db_default="")
    first_sent_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    paper_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Where it failed: when it was decided whether a printed notice must take its place.",
    )
    handed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who confirmed that a printed notice was handed over.",
    )
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
                condition=Q(checkpoint__isnull=False, hand_over=None, finding=None, order__isnull=False)
                | Q(checkpoint=None, hand_over__isnull=False, finding=None, order__isnull=False)
                | Q(checkpoint=None, hand_over=None, finding__isnull=False, order=None),
                name="alert_is_about_one_thing",
            ),
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
                condition=Q(recipient__isnull=False) | Q(via__in=["desk", "nobody", "protected", "canary"]),
                name="alert_has_a_recipient",
            ),
        ]
        indexes = [
            # The lease takes what is ready, the longest waiting first.
            models.Index(
                fields=["next_attempt_at", "id"], condition=Q(state__in=[0, 8]), name="alert_sendable"
            ),
            # The reaper looks for leases that ran out; the set is as small as the sends in flight.
            models.Index(fields=["lease_until"], condition=Q(state__in=[1, 2]), name="alert_leased"),
            models.Index(fields=["id"], condition=Q(state=5), name="alert_in_doubt"),
            # What failed and is not decided on, looked at every few seconds; a decision takes a row out for
            # ever, so that the failures of years cost nothing.
            models.Index(fields=["id"], condition=Q(state=6, paper_at=None), name="alert_failed_undecided"),
            # Printed notices that wait for a hand: few, among all that were ever accepted.
            models.Index(
                fields=["agency", "-id"], condition=Q(channel="print", state=3), name="alert_for_a_hand"
            ),
            # What else told of the same offer: few, among all alerts.
            models.Index(
                fields=["hand_over"], condition=Q(hand_over__isnull=False), name="alert_of_hand_over"
            ),
            # A person's own list of what waits for an answer, the newest first.
            models.Index(
                fields=["recipient", "-id"],
                condition=Q(acknowledged_at=None) & ~Q(state=7),
                name="alert_unanswered",
            ),
            # How many messages went to somebody in the last hour.
            models.Index(
                fields=["recipient", "first_sent_at"],
                condition=Q(first_sent_at__isnull=False),
                name="alert_sent_to",
            ),
            # A receipt names the message by our key or by the provider's.
            models.Index(
                fields=["message_key"], condition=Q(message_key__isnull=False), name="alert_message"
            ),
            models.Index(fields=["provider_ref"], condition=~Q(provider_ref=""), name="alert_provider_ref"),
            # What the last day brought, for the metrics, which would else read every alert each few seconds.
            models.Index(fields=["created_at"], name="alert_written"),
            # The audit counts what was sent twice perhaps: few, and it must not look for them among all.
            models.Index(fields=["created_at"], condition=Q(possible_duplicate=True), name="alert_doubled"),
            # When the last canary arrived is one look at the end of this; the purge takes its beginning.
            models.Index(fields=["accepted_at"], condition=Q(via="canary"), name="alert_canary"),
            # The purge blanks what providers called a message long ago, and finds only what is not blank.
            models.Index(fields=["created_at"], condition=~Q(provider_ref=""), name="alert_old_ref"),
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

    @property
    def fired(self) -> Checkpoint:
        """The checkpoint that fired. An alert of an offer or about the system itself has none, and is not
        asked."""
        assert self.checkpoint is not None  # noqa: S101 - narrows
        return self.checkpoint

    @property
    def deadline(self) -> Deadline:
        """What it is about: the deadline of the task that is offered, or of what fired."""
        return self.hand_over.follow_up.deadline if self.hand_over is not None else self.fired.deadline

    @property
    def purpose(self) -> str:
        """Why somebody is told, as the rules say it; an offer weighs as much as the check before it."""
        return Purpose.CHECK.value if self.hand_over is not None else self.fired.purpose

    @property
    def for_history(self) -> dict[str, str]:
        """What the order's history keeps of it once it was answered or handed over. Who may read that depends
        on the capacity."""
        return {
            "alert": str(self.public_id),
            "rule": self.deadline.rule_id,
            "capacity": self.capacity,
        }

    @property
    def of_order(self) -> Order:
        """The order that it is about. An alert about the system itself has none, and is not asked."""
        assert self.order is not None  # noqa: S101 - narrows
        return self.order
