"""Deadlines, their checkpoints, and what courts decide about days and rules."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from typing_extensions import override

from accounts.models import Agency
from orders.models.fields import public_id
from orders.models.orders import Order
from orders.predicates import values_sql
from orders.querysets import OfOrderQuerySet
from orders.rules.facts import DutyProof
from orders.rules.vocabulary import Purpose, Unit


class DeadlineState(models.TextChoices):
    """The state of a deadline as stored. Only FIRE and services change it.

    `ENDS` is the end of something, such as the last day of an order: no one must act, so it is never overdue.
    """

    NOT_STARTED = "not_started", "Not started"
    OPEN = "open", "Open"
    OVERDUE = "overdue", "Overdue"
    ENDS = "ends", "Ends"
    MET = "met", "Met"
    WITHDRAWN = "withdrawn", "Withdrawn"
    CANNOT_COMPUTE = "cannot_compute", "Cannot be computed"
    ANNOUNCED = "announced", "For information"
    ANNOUNCED_NO_MORE = "announced_no_more", "No longer applies"


#: The states that the API gives: a duty that a statement alone meets is `sworn`.
GIVEN_STATES = [*DeadlineState.choices, ("sworn", "Sworn, not verified")]


class ProofStatus(models.TextChoices):
    """What a surrender duty rests on. Overdue is a state of the deadline."""

    PROVEN = DutyProof.PROVEN.value, "Proven"
    FOUND = DutyProof.FOUND.value, "Found by the court"
    SWORN = DutyProof.SWORN.value, "Sworn, not verified"
    CONTRADICTED = DutyProof.CONTRADICTED.value, "Sworn and checked, contradicted"


class EndStatus(models.TextChoices):
    """What ends by itself, when its last day is over."""

    ENDED = "ended", "Ended"


class SetStatus(models.TextChoices):
    """A duty whose event, such as a hearing, is set for a day that has not come: it is not met yet."""

    IN_TIME = "set_in_time", "Set in time"
    LATE = "set_late", "Set, but after it was due"


#: The states of a deadline that people are shown.
ShownState: TypeAlias = DeadlineState | ProofStatus | SetStatus | EndStatus

#: What rests on the respondent's word alone.
STATEMENT_ALONE = (ProofStatus.SWORN, ProofStatus.CONTRADICTED)


#: States in which a deadline still waits for proof.
RUNNING = (DeadlineState.OPEN, DeadlineState.OVERDUE)
#: States of the rows that hold the checkpoints of an announcement. They are no deadlines and never shown.
NOT_DEADLINES = (DeadlineState.ANNOUNCED, DeadlineState.ANNOUNCED_NO_MORE)
#: States in which an alert still applies.
ALERTABLE = (*RUNNING, DeadlineState.ENDS, DeadlineState.ANNOUNCED)


def deadline_is_running_sql(deadline: str) -> str:
    """True for a running deadline; pass the alias of `orders_deadline`."""
    return f"({deadline}.state IN {values_sql(*RUNNING)})"


def deadline_is_alertable_sql(deadline: str) -> str:
    """True if alerts about it still apply; pass the alias of `orders_deadline`."""
    return f"({deadline}.state IN {values_sql(*ALERTABLE)})"


#: The checkpoint that notifies the advocate and the protected person before firearms go back.
NOTICE_OF_RETURN = "before-release"


def notice_still_applies_sql(deadline: str, checkpoint: str) -> str:
    """True if alerts of the checkpoint still apply: while the deadline runs, or for a notice of a return.

    Firearms that went back do not end that notice: the people concerned hear of it all the more.
    """
    met = f"{deadline}.state = '{DeadlineState.MET.value}' AND {checkpoint}.name = '{NOTICE_OF_RETURN}'"
    return f"({deadline_is_alertable_sql(deadline)} OR {met})"


def deadline_is_overdue(now: datetime, *, prefix: str = "") -> Q:
    """Running deadlines whose time has run out at `now`, whether FIRE has marked them or not."""
    return Q((f"{prefix}state__in", RUNNING), (f"{prefix}due_at__lte", now))


_Deadlines = models.Manager.from_queryset(OfOrderQuerySet)


class RealDeadlines(_Deadlines["Deadline"]):
    """Deadlines without the rows of announcements."""

    @override
    def get_queryset(self) -> OfOrderQuerySet[Deadline]:
        """All rows except those of announcements."""
        rows: OfOrderQuerySet[Deadline] = OfOrderQuerySet(self.model, using=self._db)
        return rows.exclude(state__in=NOT_DEADLINES)


class Deadline(models.Model):
    """The result of one rule for the facts of one order, as last planned.

    `due_at` is the last instant in time, or for whole days (`due_on`) the instant at which the day is over.
    `revision` increases when the deadline is armed again after a checkpoint had fired. `value_effective`
    identifies the dated value of the rule that was used.

    A row in a state of `NOT_DEADLINES` holds the checkpoints of an announcement. Only planning and alerts
    use these rows, through `with_announcements`; for everything else they do not exist.
    """

    public_id = public_id()
    # Without an index of its own: `deadline_once` starts with the order.
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
    proof = models.CharField(
        max_length=20,
        choices=ProofStatus,
        blank=True,
        help_text="What a duty about firearms rests on. A denial that does not meet it is sworn too.",
    )
    certainty = models.CharField(max_length=10)
    source_status = models.CharField(max_length=12)
    missing = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    overdue_at = models.DateTimeField(null=True, blank=True, help_text="When it was marked overdue.")

    objects = RealDeadlines()
    with_announcements = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            # One row for one duty. Its past is in the history and in `revision`.
            models.UniqueConstraint(fields=["order", "rule_id", "occurrence"], name="deadline_once"),
            models.CheckConstraint(
                condition=Q(due_at__isnull=False) | ~Q(state__in=[*RUNNING, DeadlineState.MET]),
                name="deadline_running_has_a_due_instant",
            ),
            models.CheckConstraint(
                condition=~Q(state=DeadlineState.MET) | Q(met_at__isnull=False, met_in_time__isnull=False),
                name="deadline_met_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state=DeadlineState.OVERDUE) | Q(overdue_at__isnull=False),
                name="deadline_overdue_says_since_when",
            ),
        ]
        indexes = [
            # Work lists: running deadlines, the earliest first.
            models.Index(
                fields=["due_at", "id"],
                condition=Q(state__in=RUNNING),
                name="deadline_running",
            ),
            # The same for one agency, starting from its orders, if the walk above finds too few.
            models.Index(
                fields=["order", "due_at", "id"],
                condition=Q(state__in=RUNNING),
                name="deadline_running_of_order",
            ),
            # What ends in the span of a calendar link.
            models.Index(
                fields=["due_at", "id"], condition=Q(state=DeadlineState.ENDS), name="deadline_ends"
            ),
            # The list of deadlines that cannot be computed.
            models.Index(
                fields=["order"],
                condition=Q(state=DeadlineState.CANNOT_COMPUTE),
                name="deadline_cannot_compute",
            ),
            # A court's list by what a surrender rests on. Few rows have a proof; the index answers alone.
            models.Index(
                fields=["proof", "order"],
                include=["rule_id", "state"],
                condition=~Q(proof=""),
                name="deadline_proof",
            ),
            # The hourly check walks overdue deadlines by key.
            models.Index(fields=["id"], condition=Q(state=DeadlineState.OVERDUE), name="deadline_overdue"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.get_state_display().lower()}"

    @property
    def is_running(self) -> bool:
        """True while it waits for proof."""
        return self.state in RUNNING

    @property
    def is_alertable(self) -> bool:
        """True while alerts about it still apply."""
        return self.state in ALERTABLE

    def is_overdue(self, now: datetime) -> bool:
        """True if it is running and its time has run out at `now`, whether FIRE has marked it or not."""
        return self.is_running and self.due_at is not None and self.due_at <= now


class CheckpointState(models.IntegerChoices):
    """Pending until fired or withdrawn."""

    PENDING = 0, "Pending"
    FIRED = 1, "Fired"
    WITHDRAWN = 2, "Withdrawn"


class Checkpoint(models.Model):
    """An instant at which a deadline must be checked.

    `expected` is the number of alerts that firing wrote; the audit compares it with the stored alerts.
    """

    deadline = models.ForeignKey(
        Deadline, on_delete=models.PROTECT, related_name="checkpoints", db_index=False
    )
    name = models.CharField(max_length=20)
    revision = models.SmallIntegerField(default=0)
    purpose = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Purpose])
    audience = ArrayField(models.CharField(max_length=20))
    fires_at = models.DateTimeField()
    planned_at = models.DateTimeField(
        db_default=Now(),
        help_text="When it was planned. A checkpoint in the past counts its delay from here.",
    )
    state = models.SmallIntegerField(choices=CheckpointState, default=CheckpointState.PENDING)
    fired_at = models.DateTimeField(null=True, blank=True)
    fired_by = models.CharField(max_length=80, blank=True)
    expected = models.SmallIntegerField(null=True, blank=True)
    needs_answer = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Police must acknowledge it although no time ran out.",
    )

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
            # FIRE claims checkpoints from here, starting at the low-water mark.
            models.Index(
                fields=["fires_at", "id"],
                condition=Q(state=CheckpointState.PENDING),
                name="checkpoint_pending",
            ),
            # The audit compares recently fired checkpoints with their alerts.
            models.Index(
                fields=["fired_at"], condition=Q(state=CheckpointState.FIRED), name="checkpoint_fired"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.deadline_id}"

    @property
    def is_fired(self) -> bool:
        """True after it has fired."""
        return self.state == CheckpointState.FIRED


class CourtClosing(models.Model):
    """A proclaimed holiday or a special closing. The hourly sweep replans orders after a change."""

    jurisdiction = models.CharField(max_length=5, default="us_ct")
    closed_on = models.DateField()
    name = models.CharField(max_length=80, help_text="For example, Good Friday or a snow closing.")

    class Meta:
        ordering = ["closed_on"]
        constraints = [
            models.UniqueConstraint(fields=["jurisdiction", "closed_on"], name="court_closing_once")
        ]

    def __str__(self) -> str:
        return f"{self.closed_on}: {self.name}"


class CourtRule(models.Model):
    """One decision of one court about one rule. The newest is in force; the others are its history.

    `due_amount` and `due_unit` are set if the law leaves the time to the court. `reminders` is a list of
    `[amount, unit]` before the deadline; null keeps the reminders of the rule.
    """

    court = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="court_rules", db_index=False)
    rule_id = models.CharField("rule", max_length=20)
    is_on = models.BooleanField(default=True)
    due_amount = models.PositiveSmallIntegerField(null=True, blank=True)
    due_unit = models.CharField(max_length=20, blank=True, choices=[(one.value, one.value) for one in Unit])
    reminders = models.JSONField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(db_default=Now())
    reason = models.CharField(max_length=500)

    class Meta:
        ordering = ["-id"]
        verbose_name = "court rule setting"
        verbose_name_plural = "court rule settings"
        constraints = [
            models.CheckConstraint(
                condition=Q(due_amount__isnull=True, due_unit="")
                | Q(due_amount__isnull=False) & ~Q(due_unit=""),
                name="court_rule_time_is_whole",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="court_rule_has_a_reason"),
        ]
        indexes = [
            # Planning reads the newest decision of a court about each rule.
            models.Index(fields=["court", "rule_id", "-id"], name="court_rule_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {'on' if self.is_on else 'off'}"
