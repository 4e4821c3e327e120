"""What the agency that answers for a follow-up does about it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from typing_extensions import override

from accounts.api.body import Given, InstantField
from accounts.api.views import Listing
from accounts.models import User
from orders.api.base import OfOrders, RowAct
from orders.api.follow_ups import FollowUpOut, OneFollowUp
from orders.api.shapes import AsGivenField, OfOrderOut
from orders.models import Attempt, AttemptKind, AttemptResult
from orders.services import follow_ups


class OfFollowUpOut(OfOrderOut):
    """What belongs to one follow-up."""

    follow_up = serializers.UUIDField(source="follow_up.public_id")


class RecoveryAttemptOut(OfFollowUpOut):
    """Somebody tried, and said when to try next."""

    thing = "attempt"
    attempted_at = AsGivenField()
    kind = serializers.ChoiceField(choices=AttemptKind.choices)
    result = serializers.ChoiceField(choices=AttemptResult.choices)
    next_action_at = InstantField()
    by = serializers.CharField(source="by.name")


class RecoveryAttemptIn(Given):
    """Somebody tried. A receipt, not this, meets the deadline."""

    attempted_at = InstantField(source="at")
    kind = serializers.ChoiceField(choices=AttemptKind.choices)
    result = serializers.ChoiceField(
        choices=AttemptResult.choices, help_text="What came of it, or why nothing was recovered."
    )
    next_action_at = InstantField(help_text="When somebody acts next; it must lie ahead.")


class NextActionIn(Given):
    """The task goes on at another time."""

    next_action_at = InstantField()
    reason = serializers.CharField(max_length=500)


class ColleagueField(serializers.SlugRelatedField[User]):
    """Somebody of the agency that answers for the task, by the address with which they sign in."""

    default_error_messages = {"does_not_exist": "Nobody of the agency that answers for it signs in so."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="email", queryset=User.objects.none(), **kwargs)

    @override
    def get_queryset(self) -> QuerySet[User]:
        """Those who could take it."""
        return follow_ups.assignable(self.context["subject"])

    @override
    def to_internal_value(self, data: Any) -> Any:
        """The person. Raises `ValidationError`."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class AssignmentIn(Given):
    """Whose task it is from now on."""

    assigned_to = ColleagueField(
        source="to", allow_null=True, help_text="The email address of a colleague; null gives it back."
    )


class FollowUpRows(OfOrders, Listing):
    """GET: what belongs to one follow-up, the oldest first."""

    order_by = ("id",)
    #: What is shown of each stands in these.
    related: tuple[str, ...] = ()
    rows_of: Any

    @override
    def rows(self, **asked: Any) -> QuerySet[Any]:
        """The rows of the follow-up in the address."""
        follow_up = self.of_order(OneFollowUp.every(), self.kwargs["id"])
        self.permit(follow_up.order, "view")
        rows: QuerySet[Any] = type(self).rows_of.filter(follow_up=follow_up)
        return rows.select_related("order__case", "follow_up", *self.related)


class Attempts(FollowUpRows, RowAct):
    """What was tried; POST records an attempt."""

    thing = "attempt"
    acts = {"GET": "view", "POST": "add"}
    rows_of = Attempt.objects
    related = ("by",)
    of = OneFollowUp
    shows = RecoveryAttemptOut
    body = RecoveryAttemptIn
    service = staticmethod(follow_ups.record_attempt)


class Assignments(RowAct):
    """POST: the task is somebody's of the agency that answers for it, or nobody's again."""

    thing = "follow_up"
    acts = {"POST": "assign"}
    of = OneFollowUp
    shows = FollowUpOut
    body = AssignmentIn
    service = staticmethod(follow_ups.assign)
    route = "follow-up"


class NextActions(RowAct):
    """POST: the task goes on at another time than was planned, and why."""

    thing = "follow_up"
    acts = {"POST": "reschedule"}
    of = OneFollowUp
    shows = FollowUpOut
    body = NextActionIn
    service = staticmethod(follow_ups.reschedule)
    route = "follow-up"
