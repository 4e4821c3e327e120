"""Deadlines, and the instants at which they must be looked at."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from orders.models.fields import public_id
from orders.models.order import Order
from orders.querysets import OfOrderQuerySet
from orders.rules.rulebook import Purpose


class DeadlineState(models.TextChoices):
    """How a deadline stands in the database. Only FIRE and services change it."""

    NOT_STARTED = "not_started", "Not started"
    OPEN = "open", "Open"
    OVERDUE = "overdue", "Overdue"
    MET = "met", "Met"
    WITHDRAWN = "withdrawn", "Withdrawn"
    CANNOT_COMPUTE = "cannot_compute", "Cannot be computed"


class Deadline(models.Model):
    """What one rule makes of one order's facts, as last planned.

    `due_at` is the last instant in time, or for whole days (`due_on`) the instant at which the day is over.
    `revision` rises when the deadline is armed again after something of it had fired. `value_effective`
    names the dated value of the rule that was used.
    """

    public_id = public_id()
    # `deadline_once` comes from the order.
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="deadlines", db_index=False)
    rule_id = models.CharField("rule", max_length=20)
    occurrence = models.CharField(max_length=64, blank=True)
    revision = models.SmallIntegerField(default=0)
    value_effective = models.DateField()
    state = models.CharField(max_length=20, choices=DeadlineState)
    opens_at = models.DateTimeField(null=True, blank=True)
    opens_on = models.DateField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    alternative_on = models.DateField(null=True, blank=True)
    last_open_day = models.DateField(null=True, blank=True)
    closed_day_moves_to = models.DateField(null=True, blank=True)
    met_at = models.DateTimeField(null=True, blank=True)
    met_in_time = models.BooleanField(null=True, blank=True)
    certainty = models.CharField(max_length=10)
    mark = models.CharField(max_length=12)
    missing = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    overdue_at = models.DateTimeField(null=True, blank=True, help_text="When it was marked overdue.")

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            # One row for one duty, whatever happens to it; its past stands in events and revisions.
            models.UniqueConstraint(fields=["order", "rule_id", "occurrence"], name="deadline_once"),
            models.CheckConstraint(
                condition=Q(due_at__isnull=False) | ~Q(state__in=["open", "overdue", "met"]),
                name="deadline_running_has_a_due_instant",
            ),
            models.CheckConstraint(
                condition=~Q(state="met") | Q(met_at__isnull=False, met_in_time__isnull=False),
                name="deadline_met_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="overdue") | Q(overdue_at__isnull=False),
                name="deadline_overdue_says_since_when",
            ),
        ]
        indexes = [
            # Worklists: what stands open or overdue, the soonest first.
            models.Index(
                fields=["due_at", "id"],
                condition=Q(state__in=["open", "overdue"]),
                name="deadline_standing",
            ),
            # The same of one agency, found from its orders, where others have too much that is due before.
            models.Index(
                fields=["order", "due_at", "id"],
                condition=Q(state__in=["open", "overdue"]),
                name="deadline_standing_of_order",
            ),
            # The clerk's list of what cannot be computed.
            models.Index(
                fields=["order"], condition=Q(state="cannot_compute"), name="deadline_cannot_compute"
            ),
            # The hourly check walks what is overdue by its number, however much has been met.
            models.Index(fields=["id"], condition=Q(state="overdue"), name="deadline_overdue"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.get_state_display().lower()}"

    def is_passed(self, now: datetime) -> bool:
        """True when the time ran out and nothing met it, marked overdue or not."""
        standing = self.state in (DeadlineState.OPEN, DeadlineState.OVERDUE)
        return standing and self.due_at is not None and self.due_at <= now


class CheckpointState(models.IntegerChoices):
    """Pending until fired or withdrawn."""

    PENDING = 0, "Pending"
    FIRED = 1, "Fired"
    WITHDRAWN = 2, "Withdrawn"


class Checkpoint(models.Model):
    """An instant at which a deadline must be looked at: the schedule.

    `expected` is how many alerts firing wrote, for the audit that compares it with how many there are.
    """

    deadline = models.ForeignKey(Deadline, on_delete=models.PROTECT, related_name="checkpoints")
    name = models.CharField(max_length=20)
    revision = models.SmallIntegerField(default=0)
    purpose = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Purpose])
    audience = ArrayField(models.CharField(max_length=20))
    fires_at = models.DateTimeField()
    planned_at = models.DateTimeField(
        db_default=Now(), help_text="Since when it stands so; one that was past when planned waits from here."
    )
    state = models.SmallIntegerField(choices=CheckpointState, default=CheckpointState.PENDING)
    fired_at = models.DateTimeField(null=True, blank=True)
    fired_by = models.CharField(max_length=80, blank=True)
    expected = models.SmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["deadline", "name", "revision"], name="checkpoint_once"),
            models.CheckConstraint(
                condition=Q(state=CheckpointState.FIRED, fired_at__isnull=False, expected__isnull=False)
                | ~Q(state=CheckpointState.FIRED) & Q(fired_at=None),
                name="checkpoint_fired_says_when",
            ),
        ]
        indexes = [
            # FIRE's claim walks this from the low-water mark; nothing that fired is in it.
            models.Index(
                fields=["fires_at", "id"],
                condition=Q(state=CheckpointState.PENDING),
                name="checkpoint_pending",
            ),
            # The audit compares what fired lately with what was written for it.
            models.Index(
                fields=["fired_at"], condition=Q(state=CheckpointState.FIRED), name="checkpoint_fired"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.deadline_id}"

    @property
    def is_fired(self) -> bool:
        """True once it has fired."""
        return self.state == CheckpointState.FIRED
