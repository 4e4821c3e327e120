"""The human task that an unmet deadline opens, and what is done about it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Agency
from orders.models.deadline import Deadline
from orders.models.fields import public_id, utc_offset
from orders.models.order import Order
from orders.querysets import OfOrderQuerySet


class FollowUp(models.Model):
    """The human task that an unmet deadline opens: one owner, one next-action date.

    `owner` is the agency that answers for it, `assigned_to` the person there, if one took it.
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
            # A desk's queue: what is open, the next action first.
            models.Index(
                fields=["owner", "next_action_at"], condition=Q(closed_at=None), name="follow_up_queue"
            ),
            # The queues of all agencies, as the API lists the part of them that its caller sees.
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
    """What somebody tried."""

    VISIT = "visit", "Visit"
    TELEPHONE = "telephone", "Telephone"
    RECORDS_CHECK = "records_check", "Records check"
    OTHER = "other", "Other"


class AttemptResult(models.TextChoices):
    """What came of it; all but the first two are reasons for which nothing was recovered."""

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
    """Somebody of the agency tried, and said when to try next. It meets no deadline: proof does."""

    public_id = public_id()
    follow_up = models.ForeignKey(FollowUp, on_delete=models.PROTECT, related_name="attempts")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="follow_up_attempts")
    attempted_at = models.DateTimeField()
    attempted_offset = utc_offset()
    kind = models.CharField(max_length=20, choices=AttemptKind)
    result = models.CharField(max_length=20, choices=AttemptResult)
    next_action_at = models.DateTimeField(help_text="When it was to be tried next.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["attempted_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=AttemptKind.values), name="attempt_kind_known"),
            models.CheckConstraint(condition=Q(result__in=AttemptResult.values), name="attempt_result_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_result_display()}"


class HandOver(models.Model):
    """An offer that another police agency answer for the task. While it is open the owner still does.

    `reason` is why it was offered, `answer` why it was refused.
    """

    public_id = public_id()
    follow_up = models.ForeignKey(FollowUp, on_delete=models.PROTECT, related_name="hand_overs")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="hand_overs")
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
                condition=Q(answered_at=None, withdrawn_at=None),
                name="hand_over_one_open",
            ),
            models.CheckConstraint(
                condition=Q(accepted=None, answered_at=None, answered_by=None, answer="")
                | Q(accepted=True, answered_at__isnull=False, answered_by__isnull=False)
                | Q(accepted=False, answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer=""),
                name="hand_over_answered_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None) | Q(withdrawn_at=None), name="hand_over_ends_once"
            ),
            models.CheckConstraint(condition=~Q(to_agency=F("from_agency")), name="hand_over_to_another"),
        ]
        indexes = [
            # What waits for an agency's answer, the longest first.
            models.Index(
                fields=["to_agency", "offered_at"],
                condition=Q(answered_at=None, withdrawn_at=None),
                name="hand_over_open",
            ),
            # Whether an agency keeps its sight of an order is asked of the order's hand-overs.
            models.Index(fields=["order", "to_agency"], name="hand_over_of_order"),
        ]

    def __str__(self) -> str:
        return f"Hand-over {str(self.public_id)[:8]}"

    @property
    def is_open(self) -> bool:
        """True while it waits for an answer."""
        return self.answered_at is None and self.withdrawn_at is None


class ReferralOutcome(models.TextChoices):
    """What the prosecutor made of it."""

    DECLINED = "declined", "Declined"
    WARRANT = "warrant", "Warrant applied for"
    CHARGED = "charged", "Charged"
    CONTEMPT_MOTION = "contempt_motion", "Motion for contempt"
    RESOLVED = "resolved", "Resolved without charge"


class Referral(models.Model):
    """The task was laid before a prosecutor, and what came of it."""

    public_id = public_id()
    follow_up = models.ForeignKey(FollowUp, on_delete=models.PROTECT, related_name="referrals")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="referrals")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="referrals")
    reason = models.CharField(max_length=500)
    referred_at = models.DateTimeField()
    referred_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=20, choices=ReferralOutcome, blank=True)
    decided_on = models.DateField(null=True, blank=True, help_text="The court day of the outcome.")
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
            # What waits for a prosecutor, the longest first.
            models.Index(fields=["agency", "referred_at"], condition=Q(outcome=""), name="referral_open"),
        ]

    def __str__(self) -> str:
        return f"Referral {str(self.public_id)[:8]}"
