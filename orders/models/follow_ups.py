"""The task that an unmet deadline opens, and what is done about it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Agency
from orders.models.fields import public_id, utc_offset
from orders.models.orders import Order
from orders.models.planning import Deadline
from orders.predicates import transfer_is_open
from orders.querysets import OfOrderQuerySet


class FollowUp(models.Model):
    """The task that an unmet deadline opens: one owner, one next action.

    `owner` is the responsible agency, `assigned_to` the person there, if any.
    """

    public_id = public_id()
    deadline = models.ForeignKey(Deadline, on_delete=models.PROTECT, related_name="follow_ups")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="follow_ups")
    owner = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="follow_ups")
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="follow_ups"
    )
    opened_at = models.DateTimeField(db_default=Now())
    next_action_at = models.DateTimeField()
    passed_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the owner and its supervisors were alerted that the next action had passed.",
    )
    reminded_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person last had the owner reminded."
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=40, blank=True)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["next_action_at", "id"]
        verbose_name = "follow-up"
        verbose_name_plural = "follow-ups"
        constraints = [
            models.UniqueConstraint(
                fields=["deadline"], condition=Q(closed_at=None), name="follow_up_one_open_per_deadline"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="") | Q(closed_at__isnull=False) & ~Q(outcome=""),
                name="follow_up_closed_has_an_outcome",
            ),
        ]
        indexes = [
            # The queue of an agency: open tasks, the next action first.
            models.Index(
                fields=["owner", "next_action_at"], condition=Q(closed_at=None), name="follow_up_queue"
            ),
            # The open and the closed tasks of all agencies, of which the API lists those its caller sees.
            models.Index(fields=["next_action_at", "id"], condition=Q(closed_at=None), name="follow_up_open"),
            models.Index(
                fields=["next_action_at", "id"],
                condition=Q(closed_at__isnull=False),
                name="follow_up_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"Follow-up {str(self.public_id)[:8]}"


class AttemptKind(models.TextChoices):
    """What was tried."""

    VISIT = "visit", "Visit"
    TELEPHONE = "telephone", "Telephone"
    RECORDS_CHECK = "records_check", "Records check"
    OTHER = "other", "Other"


class AttemptResult(models.TextChoices):
    """The result. All except the first two are reasons why nothing was recovered."""

    RECOVERED = "recovered", "Recovered"
    PROMISED = "promised", "Promised to hand over"
    UNSERVED = "unserved", "Never served"
    DENIED = "denied", "Denies having any"
    MOVED = "moved", "Moved away"
    REFUSED = "refused", "Refused"
    OUT_OF_STATE = "out_of_state", "Out of state"
    IN_CUSTODY = "in_custody", "In custody"
    NOT_FOUND = "not_found", "Not found"


class Attempt(models.Model):
    """An attempt of the agency at recovery, and the time of the next. It meets no deadline: proof does."""

    public_id = public_id()
    follow_up = models.ForeignKey(FollowUp, on_delete=models.PROTECT, related_name="attempts")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="follow_up_attempts")
    attempted_at = models.DateTimeField()
    attempted_offset = utc_offset()
    kind = models.CharField(max_length=20, choices=AttemptKind)
    result = models.CharField(max_length=20, choices=AttemptResult)
    next_action_at = models.DateTimeField(help_text="When to try next.")
    former_next_action_at = models.DateTimeField(
        null=True, blank=True, help_text="When the next action was to be before this attempt."
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # For police alone, like the notes about a firearm.
    place = models.CharField(max_length=200, blank=True, db_default="")
    officers = models.CharField(max_length=200, blank=True, db_default="")
    note = models.CharField(max_length=500, blank=True, db_default="")

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["attempted_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=AttemptKind.values), name="attempt_kind_known"),
            models.CheckConstraint(condition=Q(result__in=AttemptResult.values), name="attempt_result_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_result_display()}"


class Transfer(models.Model):
    """An offer of the task to another police agency. Until it is accepted the owner stays responsible.

    `reason` is why it was offered, `answer` why it was declined.
    """

    public_id = public_id()
    follow_up = models.ForeignKey(FollowUp, on_delete=models.PROTECT, related_name="transfers")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="transfers", db_index=False)
    from_agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    to_agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="offers")
    reason = models.CharField(max_length=500)
    offered_at = models.DateTimeField()
    offered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    accepted = models.BooleanField(null=True, blank=True, help_text="Empty until it is answered.")
    answer = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["offered_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["follow_up"],
                condition=transfer_is_open(),
                name="transfer_one_open",
            ),
            models.CheckConstraint(
                condition=Q(accepted=None, answered_at=None, answered_by=None, answer="")
                | Q(accepted=True, answered_at__isnull=False, answered_by__isnull=False)
                | Q(accepted=False, answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer=""),
                name="transfer_answered_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None) | Q(withdrawn_at=None), name="transfer_ends_once"
            ),
            models.CheckConstraint(condition=~Q(to_agency=F("from_agency")), name="transfer_to_another"),
        ]
        indexes = [
            # Offers waiting for the answer of an agency, the oldest first.
            models.Index(
                fields=["to_agency", "offered_at"],
                condition=transfer_is_open(),
                name="transfer_open",
            ),
            # Whether an agency still sees an order depends on the transfers of the order.
            models.Index(fields=["order", "to_agency"], name="transfer_of_order"),
        ]

    def __str__(self) -> str:
        return f"Transfer {str(self.public_id)[:8]}"

    @property
    def is_open(self) -> bool:
        """True while it waits for an answer; `transfer_is_open` in queries."""
        return self.answered_at is None and self.withdrawn_at is None


class ReferralOutcome(models.TextChoices):
    """The prosecutor's decision."""

    DECLINED = "declined", "Declined"
    WARRANT = "warrant", "Warrant applied for"
    CHARGED = "charged", "Charged"
    CONTEMPT_MOTION = "contempt_motion", "Motion for contempt"
    RESOLVED = "resolved", "Resolved without charge"


class Referral(models.Model):
    """A referral of the task to a prosecutor, and the outcome."""

    public_id = public_id()
    follow_up = models.ForeignKey(FollowUp, on_delete=models.PROTECT, related_name="referrals")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="referrals")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="referrals")
    reason = models.CharField(max_length=500)
    referred_at = models.DateTimeField()
    referred_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_agency = models.BooleanField(
        default=False,
        db_default=False,
        help_text="The office sees the order because of this referral.",
    )
    outcome = models.CharField(max_length=20, choices=ReferralOutcome, blank=True)
    decided_on = models.DateField(null=True, blank=True, help_text="The court day of the outcome.")
    decision_reason = models.CharField(
        max_length=500, blank=True, db_default="", help_text="Why; the police who referred it read this."
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["referred_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["follow_up"], condition=Q(outcome=""), name="referral_one_open"),
            models.CheckConstraint(
                condition=Q(outcome="", decided_on=None, decided_by=None)
                | Q(outcome__in=ReferralOutcome.values, decided_on__isnull=False, decided_by__isnull=False),
                name="referral_decided_says_when",
            ),
        ]
        indexes = [
            # Referrals waiting for a prosecutor, the oldest first.
            models.Index(fields=["agency", "referred_at"], condition=Q(outcome=""), name="referral_open"),
        ]

    def __str__(self) -> str:
        return f"Referral {str(self.public_id)[:8]}"


class OpenCeiling(models.Model):
    """The most follow-ups of surrenders that an agency wants open at once. The latest counts."""

    # `open_ceiling_latest` serves it.
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", db_index=False)
    most_open = models.PositiveIntegerField()
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-set_at", "-id"]
        indexes = [models.Index(fields=["agency", "-set_at"], name="open_ceiling_latest")]

    def __str__(self) -> str:
        return f"At most {self.most_open}"
