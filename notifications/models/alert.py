"""Alerts: the outbox and the record of what was sent, in one table."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Agency
from accounts.narrowing import present
from notifications.models.escalation import PendingAcknowledgment
from notifications.models.finding import Finding
from notifications.models.notes import FollowUpNote
from notifications.models.weekly import WeeklyReport
from notifications.querysets import AlertQuerySet
from orders.models import (
    NOT_DEADLINES,
    Capacity,
    Checkpoint,
    ConfidentialityRelease,
    Deadline,
    FollowUp,
    HistoryEntry,
    Order,
    ReleaseRequest,
    Transfer,
)
from orders.models.fields import public_id
from orders.querysets import ABOUT_SCHOOL
from orders.rules.vocabulary import Purpose


class AlertState(models.IntegerChoices):
    """How far an alert has come."""

    READY = 0, "Created"
    LEASED = 1, "Next to be sent"
    SENDING = 2, "Sending"
    ACCEPTED = 3, "Accepted"
    DELIVERED = 4, "Delivered"
    IN_DOUBT = 5, "In doubt"
    FAILED = 6, "Permanent failure"
    WITHDRAWN = 7, "Withdrawn"
    #: Certainly not delivered; it is tried again at `next_attempt_at`.
    TEMPORARY_FAILURE = 8, "Temporary failure"
    ON_PAGE = 9, "On the page only"


#: States from which an alert is leased at `next_attempt_at`.
SENDABLE = (AlertState.READY, AlertState.TEMPORARY_FAILURE)
_LEASED = (AlertState.LEASED, AlertState.SENDING)


class Priority(models.IntegerChoices):
    """The order in which waiting alerts are sent; alerts of one priority, the oldest first."""

    URGENT = 0, "Urgent"
    NORMAL = 1, "Normal"
    REMINDER = 2, "Reminder"


class Channel(models.TextChoices):
    """How an alert reaches its recipient."""

    EMAIL = "email", "Email"
    SMS = "sms", "Text message"
    SERVICE = "service", "Another service"
    PRINT = "print", "Printed notice"
    CANARY = "canary", "Outside monitor"


class Via(models.TextChoices):
    """Why this recipient is notified."""

    PERSON = "person", "Member of the agency"
    BACKUP = "backup", "Backup at the agency"
    SUPERVISOR = "supervisor", "Supervisor at the agency"
    DESK = "desk", "The agency's own address"
    FALLBACK = "fallback", "Administrator, because the agency has no recipient"
    MISSING = "missing", "No recipient could be found"
    RELAY = "relay", "Advocate, who passes the news on to the protected person"
    PROTECTED = "protected", "Protected person, by the contact chosen"
    OPERATOR = "operator", "Administrator, about the system itself"
    CANARY = "canary", "The outside monitor"


class Alert(models.Model):
    """One notice to one recipient through one channel.

    `idem_key` is made of the order's public id and the natural key of what fired, so a row that is written
    again after a fail-over has the same key. `fence` rises with every lease and every reap: a worker that
    lost its lease cannot complete. `possible_duplicate`: sent again although the first try may have arrived.

    Alerts that fire together for one address leave in one message. They share `message_key`, which the
    provider gets with every try; `bundled` is their number. `provider` is the one that was tried last.
    """

    public_id = public_id()
    checkpoint = models.ForeignKey(
        Checkpoint, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts"
    )
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts")
    transfer = models.ForeignKey(
        Transfer,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="alerts",
        db_index=False,  # The index `alert_of_transfer` serves it.
        help_text="The transfer that was offered to the agency, or that another agency refused.",
    )
    follow_up = models.ForeignKey(
        FollowUp,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="alerts",
        db_index=False,
        help_text="The follow-up that its owner was reminded about.",
    )
    note = models.CharField(max_length=10, choices=FollowUpNote, blank=True, default="", db_default="")
    correction = models.ForeignKey(
        HistoryEntry,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="The correction that took back or changed what the recipient was alerted of before.",
    )
    finding = models.ForeignKey(
        Finding, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts"
    )
    weekly_report = models.ForeignKey(
        WeeklyReport, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts", db_index=False
    )
    release = models.ForeignKey(
        ConfidentialityRelease,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="alerts",
        db_index=False,
    )
    # The index `alert_of_request` serves it; the migration adds the constraint without a lock.
    release_request = models.ForeignKey(
        ReleaseRequest,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="alerts",
        db_index=False,
        db_constraint=False,
        help_text="The client's release that an advocate asked a court to record.",
    )
    # The index `alert_of_agency` serves it.
    agency = models.ForeignKey(
        Agency, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts", db_index=False
    )
    capacity = models.CharField(max_length=20, blank=True)
    pending_acknowledgment = models.ForeignKey(
        PendingAcknowledgment,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="alerts",
        help_text="The acknowledgment that is still missing, if an escalation step wrote the alert.",
    )
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts"
    )
    via = models.CharField(max_length=10, choices=Via)
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.EMAIL)
    idem_key = models.CharField(max_length=200, unique=True)
    state = models.SmallIntegerField(choices=AlertState, default=AlertState.READY)
    priority = models.SmallIntegerField(choices=Priority, default=Priority.NORMAL, db_default=Priority.NORMAL)
    next_attempt_at = models.DateTimeField(db_default=Now())
    held_until = models.DateTimeField(
        null=True, blank=True, help_text="Not sent before, by the recipient's hours or limit."
    )
    waits_for_recipient = models.BooleanField(
        default=False, db_default=False, help_text="The recipient's own server asked to come back later."
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)
    worker = models.CharField(max_length=80, blank=True)
    attempts = models.SmallIntegerField(default=0)
    message_key = models.UUIDField(null=True, blank=True)
    bundled = models.PositiveSmallIntegerField(default=0, db_default=0)
    template = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="The message template it was sent with.",
    )
    provider = models.CharField(max_length=20, blank=True, default="", db_default="")
    first_sent_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    paper_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="For a failed alert: when it was decided whether a printed notice replaces it.",
    )
    court_notified_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="For an alert that fell back: when it was decided whether the court hears of it.",
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
    # No default in Python: a trigger sets it, and saving reads it back.
    is_rehearsal = models.BooleanField(
        db_default=False, editable=False, help_text="Written in a rehearsal: it reaches the list or no one."
    )
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
                condition=Q(follow_up=None, weekly_report=None)
                & (
                    Q(checkpoint__isnull=False, transfer=None, finding=None, order__isnull=False)
                    | Q(checkpoint=None, transfer__isnull=False, finding=None, order__isnull=False)
                    | Q(checkpoint=None, transfer=None, finding__isnull=False, order=None)
                )
                | Q(follow_up__isnull=False, order__isnull=False)
                & Q(checkpoint=None, transfer=None, finding=None, weekly_report=None)
                & Q(note__in=FollowUpNote.about_follow_ups())
                | Q(weekly_report__isnull=False, order=None, follow_up=None)
                & Q(checkpoint=None, transfer=None, finding=None)
                | (Q(release_request__isnull=False) | Q(release__isnull=False, note=FollowUpNote.ENDING))
                & Q(order=None, follow_up=None, weekly_report=None)
                & Q(checkpoint=None, transfer=None, finding=None),
                name="alert_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(correction=None) | Q(checkpoint__isnull=False),
                name="alert_corrects_a_deadline",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_LEASED, lease_until__isnull=False)
                | ~Q(state__in=_LEASED) & Q(lease_until=None),
                name="alert_leased_has_a_lease",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_by=None)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="alert_acknowledged_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(recipient__isnull=False)
                | Q(via__in=[Via.DESK, Via.MISSING, Via.PROTECTED, Via.CANARY]),
                name="alert_has_a_recipient",
            ),
        ]
        indexes = [
            # For the audit: what is ready, in the order of waiting.
            models.Index(
                fields=["next_attempt_at", "id"], condition=Q(state__in=SENDABLE), name="alert_sendable"
            ),
            # For the lease, by priority and age.
            models.Index(
                fields=["priority", "created_at", "id"], condition=Q(state__in=SENDABLE), name="alert_to_send"
            ),
            # For the reaper: expired leases. As small as the number of sends in flight.
            models.Index(fields=["lease_until"], condition=Q(state__in=_LEASED), name="alert_leased"),
            models.Index(fields=["id"], condition=Q(state=AlertState.IN_DOUBT), name="alert_in_doubt"),
            # Failures without a decision about paper, read every few seconds. A decision takes a row out of
            # the index, so that old failures cost nothing.
            models.Index(
                fields=["id"],
                condition=Q(state=AlertState.FAILED, paper_at=None),
                name="alert_failed_undecided",
            ),
            # What fell back and is not decided yet, read by every pulse. A decision takes a row out of it.
            models.Index(
                fields=["id"],
                condition=Q(via__in=[Via.FALLBACK, Via.MISSING], court_notified_at=None),
                name="alert_fell_back",
            ),
            # For the audit: the failures of the last day.
            models.Index(fields=["created_at"], condition=Q(state=AlertState.FAILED), name="alert_failed"),
            # Printed notices that wait to be handed over: few among all accepted alerts.
            models.Index(
                fields=["agency", "-id"],
                condition=Q(channel=Channel.PRINT, state=AlertState.ACCEPTED),
                name="alert_for_a_hand",
            ),
            # Alerts about a request for a release: few among all alerts.
            models.Index(
                fields=["release_request"],
                condition=Q(release_request__isnull=False),
                name="alert_of_request",
            ),
            # Other alerts about the same transfer: few among all alerts.
            models.Index(fields=["transfer"], condition=Q(transfer__isnull=False), name="alert_of_transfer"),
            # Alerts about a follow-up: few among all alerts.
            models.Index(
                fields=["follow_up"], condition=Q(follow_up__isnull=False), name="alert_of_follow_up"
            ),
            # A person's own alerts to acknowledge, newest first.
            models.Index(
                fields=["recipient", "-id"],
                condition=Q(acknowledged_at=None) & ~Q(state=AlertState.WITHDRAWN),
                name="alert_unanswered",
            ),
            # How many messages a person got in the last hour.
            models.Index(
                fields=["recipient", "first_sent_at"],
                condition=Q(first_sent_at__isnull=False),
                name="alert_sent_to",
            ),
            # Messages to a protected person, by release: whether one was answered, read by every pulse.
            models.Index(
                fields=["release", "first_sent_at"],
                condition=Q(via=Via.PROTECTED, first_sent_at__isnull=False),
                name="alert_to_person",
            ),
            # A receipt names the message by our key or by the provider's reference.
            models.Index(
                fields=["message_key"], condition=Q(message_key__isnull=False), name="alert_message"
            ),
            models.Index(fields=["provider_ref"], condition=~Q(provider_ref=""), name="alert_provider_ref"),
            # For the metrics: the alerts of the last day, read every few seconds.
            models.Index(fields=["created_at"], name="alert_written"),
            # For the audit: possible duplicates, which are few.
            models.Index(fields=["created_at"], condition=Q(possible_duplicate=True), name="alert_doubled"),
            # For the age of the last canary (the end of the index) and the purge (its beginning).
            models.Index(fields=["accepted_at"], condition=Q(via=Via.CANARY), name="alert_canary"),
            # For the purge, which blanks old references of providers and finds only those left.
            models.Index(fields=["created_at"], condition=~Q(provider_ref=""), name="alert_old_ref"),
            # An agency's alerts as the API lists them, newest first: all, and those to acknowledge.
            models.Index(fields=["agency", "-created_at", "-id"], name="alert_of_agency"),
            models.Index(
                fields=["agency", "-created_at", "-id"],
                condition=Q(acknowledged_at=None) & ~Q(state=AlertState.WITHDRAWN),
                name="alert_agency_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"Alert {str(self.public_id)[:8]}"

    @property
    def fired(self) -> Checkpoint:
        """The checkpoint that fired. Only for alerts that have one: not about a follow-up or the system."""
        return present(self.checkpoint)

    @property
    def deadline(self) -> Deadline:
        """The deadline of the follow-up that it is about, or of the checkpoint that fired."""
        about = self.follow_up if self.transfer is None else self.transfer.follow_up
        return self.fired.deadline if about is None else about.deadline

    @property
    def deadline_id_shown(self) -> UUID | None:
        """The public id of the deadline; None for an announcement."""
        return None if self.deadline.state in NOT_DEADLINES else self.deadline.public_id

    @property
    def purpose(self) -> str:
        """The purpose of the checkpoint; an alert about a follow-up counts as a check."""
        return Purpose.CHECK.value if self.checkpoint is None else self.fired.purpose

    @property
    def for_history(self) -> dict[str, str]:
        """The data of the history entry about this alert. The capacity decides who may read it."""
        rule = self.deadline.rule_id
        is_of_school = self.note == FollowUpNote.NO_SCHOOL or rule.startswith(ABOUT_SCHOOL)
        return {
            "alert": str(self.public_id),
            "rule": rule,
            "capacity": Capacity.SCHOOL.value if is_of_school else self.capacity,
        }

    @property
    def of_order(self) -> Order:
        """The order. Only for alerts that have one: not about the system itself."""
        return present(self.order)
